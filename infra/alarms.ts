import { Aspects, type Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct, type IConstruct } from 'constructs';

/** What an alarm looks at, and what it says. */
export interface AlarmParts {
  /** What is wrong, in a sentence for whoever is woken by it. */
  readonly says: string;
  /** Its page: `docs/incidents/<page>.md`. */
  readonly page: string;
  readonly metric: Metric;
  /** How the metric's values of a period become one, and how long a period is. */
  readonly statistic: 'Sum' | 'Maximum' | 'Minimum';
  readonly period: Duration;
  /** It alarms at this value and above. */
  readonly atLeast?: number;
  /** Or at this value and below. */
  readonly atMost?: number;
  /** How many periods are looked at, one unless told, and how many of them must be bad, all unless told. */
  readonly periods?: number;
  readonly bad?: number;
  /** Whether it alarms, too, when nothing is measured at all. */
  readonly alsoSilence?: boolean;
}

/** An alarm. Whom it tells is for the {@link AlarmTopic} of its stack. */
export function alarm(scope: Construct, id: string, parts: AlarmParts): Alarm {
  const { says, page, metric, statistic, period, atLeast, atMost, periods = 1, bad, alsoSilence } = parts;
  const threshold = atLeast ?? atMost;
  if (threshold === undefined || (atLeast !== undefined && atMost !== undefined))
    throw new Error(`alarm ${id}: give either atLeast or atMost`);
  return new Alarm(scope, id, {
    alarmDescription: `${says}: see docs/incidents/${page}.md`,
    metric: metric.with({ statistic, period }),
    threshold,
    comparisonOperator:
      atLeast === undefined
        ? ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: periods,
    datapointsToAlarm: bad,
    treatMissingData: alsoSilence ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
  });
}

/**
 * Where all alarms of a stack tell that they began and that they are over. It is encrypted with a key of its own, for CloudWatch may
 * not use the one that AWS manages for SNS.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
 */
export class AlarmTopic extends Construct {
  readonly topic: Topic;

  /** @param emails who is told by mail, after confirming a first one */
  constructor(stack: Stack, id: string, emails: readonly string[]) {
    super(stack, id);
    const key = new Key(this, 'Key', {
      description: 'Ampjar: what alarms say',
      enableKeyRotation: true,
      // It protects nothing that is kept: what alarms said is in the letters.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.topic = new Topic(this, 'Topic', {
      displayName: `${stack.stackName} alarms`,
      masterKey: key,
      enforceSSL: true,
    });
    // Of any alarm of the account, for this key protects nothing else.
    const ofHere = {
      StringEquals: { 'aws:SourceAccount': stack.account },
      ArnLike: {
        'aws:SourceArn': stack.formatArn({ service: 'cloudwatch', resource: 'alarm:*' }),
      },
    };
    const alarms = new ServicePrincipal('cloudwatch.amazonaws.com');
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'EncryptAlarms',
        principals: [alarms],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: ofHere,
      }),
    );
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'PublishAlarms',
        principals: [alarms],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: ofHere,
      }),
    );
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));
    const action = new SnsAction(this.topic);
    Aspects.of(stack).add({
      visit(node: IConstruct) {
        if (!(node instanceof Alarm)) return;
        node.addAlarmAction(action);
        node.addOkAction(action);
      },
    });
  }
}
