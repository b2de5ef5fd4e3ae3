import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Policy, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { prefix } from '../shared/ledger/keys.ts';
import { settledAccess, streamAccess } from './access.ts';
import { alarm } from './alarms.ts';
import { bundledFunction } from './bundledFunction.ts';
import type { Settings } from './settings.ts';

/** A batch takes some hundred ms, longer while something is down; the sweep after an outage takes what it gets. */
const TIMEOUT = Duration.minutes(5);
const SWEEP_EVERY = Duration.minutes(15);
/** Tips of one call; as many events are queued and published by it. */
const BATCH_SIZE = 100;
/** A record that can't be handled is parked by the function itself; these bound what makes the function fail. */
const RETRIES = 30;
const OLDEST = Duration.hours(6);
/** How long what is looked at for an alarm takes together. */
const LOOK = Duration.minutes(5);
/** What was given up stays in the table, too, where the sweep finds it: the bucket is for looking at. */
const KEPT = Duration.days(30);

/** Where events go from here. */
export interface SettledTargets {
  /** The queue of hints at deliveries. */
  readonly deliveries: Queue;
  /** The live side, where there is one. */
  readonly live?: {
    readonly publishEnvironment: Record<string, string>;
    readonly publishStatement: PolicyStatement;
  };
}

/**
 * Settled events: a function that the table's stream wakes for each new tip, and a schedule for the sweep of what the
 * stream did not bring (docs/events.md).
 */
export class SettledEvents extends Construct {
  constructor(
    scope: Construct,
    id: string,
    table: ITable,
    { deliveries, live }: SettledTargets,
    { settledConcurrency }: Settings,
  ) {
    super(scope, id);
    const { handler, role, logGroup } = bundledFunction(this, {
      description: 'Hands settled tips on to webhooks and open pages',
      entry: 'functions/outbox/handler.ts',
      timeout: TIMEOUT,
      concurrency: settledConcurrency,
      environment: {
        TABLE_NAME: table.tableName,
        DELIVERIES_QUEUE_URL: deliveries.queueUrl,
        ...live?.publishEnvironment,
      },
      statements: [...settledAccess(table, deliveries), ...(live ? [live.publishStatement] : [])],
    });

    const givenUp = this.#givenUp();
    const mapping = new EventSourceMapping(this, 'Stream', {
      target: handler,
      eventSourceArn: table.tableStreamArn!,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: RETRIES,
      maxRecordAge: OLDEST,
      onFailure: { bind: () => ({ destination: givenUp.bucketArn }) },
      // Most changes of the table are no new tip: the function is not woken for them.
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.isEqual('INSERT'),
          dynamodb: { Keys: { pk: { S: FilterRule.beginsWith(prefix('tip')) } } },
        }),
      ],
    });
    const reading = new Policy(this, 'Reading', {
      roles: [role],
      statements: streamAccess(table, givenUp),
    });
    // Lambda looks whether it may read the stream when the mapping is made.
    mapping.node.addDependency(reading);
    Validations.of(reading).acknowledge(
      { id: 'AwsSolutions-IAM5[Resource::*]', reason: 'dynamodb:ListStreams knows no narrower resource.' },
      {
        id: `AwsSolutions-IAM5[Resource::<${Stack.of(this).getLogicalId(givenUp.node.defaultChild as CfnBucket)}.Arn>/aws/lambda/*]`,
        reason: 'Lambda names the objects that it writes.',
      },
    );
    new Rule(this, 'Sweep', {
      description: 'Looks for tips that were not handed on',
      schedule: Schedule.rate(SWEEP_EVERY),
      targets: [new LambdaFunction(handler, { retryAttempts: 0, maxEventAge: SWEEP_EVERY })],
    });

    const reports = logGroup.addMetricFilter('Alarms', {
      filterPattern: FilterPattern.exists('$.message.alarm'),
      // Of this stack alone: another stage of the account has others.
      metricNamespace: Stack.of(this).stackName,
      metricName: 'SettledAlarms',
    });
    alarm(this, 'Alarmed', {
      says: 'The settled function told of something to look at in its log',
      page: 'settled-report',
      metric: reports.metric(),
      statistic: 'Sum',
      period: LOOK,
      atLeast: 1,
    });
    alarm(this, 'Late', {
      says: 'Settled tips have waited for ten minutes',
      page: 'stream-late',
      metric: handler.metric('IteratorAge'),
      statistic: 'Maximum',
      period: LOOK,
      atLeast: Duration.minutes(10).toMilliseconds(),
    });
    alarm(this, 'GaveUp', {
      says: 'Lambda gave up records of the table’s stream',
      page: 'stream-given-up',
      metric: objectsIn(givenUp),
      statistic: 'Maximum',
      period: Duration.days(1),
      atLeast: 1,
      // S3 counts once a day, and tells of it some hours later.
      periods: 3,
      bad: 1,
    });
  }

  /** The records that Lambda gave up, whole. */
  #givenUp(): Bucket {
    const bucket = new Bucket(this, 'GivenUp', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: KEPT }],
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'Lambda alone writes, and only when something is wrong; a log of who reads would outgrow it.',
    });
    return bucket;
  }
}

const objectsIn = ({ bucketName }: Bucket) =>
  new Metric({
    namespace: 'AWS/S3',
    metricName: 'NumberOfObjects',
    dimensionsMap: { BucketName: bucketName, StorageType: 'AllStorageTypes' },
  });
