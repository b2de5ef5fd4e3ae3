import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { deliverAccess } from './access.ts';
import { alarm } from './alarms.ts';
import { bundledFunction } from './bundledFunction.ts';
import type { Settings } from './settings.ts';

/** A POST takes ten seconds at most; the rest is for what is found by the schedule, one after another. */
const TIMEOUT = Duration.seconds(60);
/** Six times the function's timeout, as Lambda's documentation asks. */
const VISIBILITY = Duration.seconds(360);
/** A hint that old is of no use: the schedule has found what it tells of. */
const KEPT = Duration.days(1);
const KEPT_DEAD = Duration.days(14);
const TRIES = 5;
const BATCH_SIZE = 10;
/** So many batches of ten POSTs at once, which bounds what a crowd of slow receivers costs. */
const AT_ONCE = 50;
const LOOK_EVERY = Duration.minutes(1);

/**
 * Webhooks: a queue of hints at deliveries, the function that makes them, and a schedule by which it finds what no hint told of
 * (docs/decisions/delivery-queue.md).
 */
export class WebhookDelivery extends Construct {
  /** Takes hints: of who queues deliveries. */
  readonly hints: Queue;

  constructor(scope: Construct, id: string, table: ITable, { deliverConcurrency }: Settings) {
    super(scope, id);
    const dead = new Queue(this, 'DeadHints', { ...SECURED, retentionPeriod: KEPT_DEAD });
    Validations.of(dead).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'It is the dead-letter queue.' });
    this.hints = new Queue(this, 'Hints', {
      ...SECURED,
      retentionPeriod: KEPT,
      visibilityTimeout: VISIBILITY,
      deadLetterQueue: { queue: dead, maxReceiveCount: TRIES },
    });
    const { handler, role } = bundledFunction(this, {
      description: 'Posts webhooks',
      entry: 'functions/webhooks/handler.ts',
      timeout: TIMEOUT,
      concurrency: deliverConcurrency,
      environment: { TABLE_NAME: table.tableName, DELIVERIES_QUEUE_URL: this.hints.queueUrl },
      statements: deliverAccess(table, this.hints),
    });
    const mapping = new EventSourceMapping(this, 'Hearing', {
      target: handler,
      eventSourceArn: this.hints.queueArn,
      batchSize: BATCH_SIZE,
      // The schedule has a copy left; what the queue brings and finds none comes back as if it had failed.
      maxConcurrency: deliverConcurrency === 'account' ? AT_ONCE : Math.min(AT_ONCE, deliverConcurrency - 1),
      reportBatchItemFailures: true,
    });
    // Lambda looks whether it may read the queue when the mapping is made.
    mapping.node.addDependency(role);
    new Rule(this, 'Look', {
      description: 'Looks for webhooks that are due',
      schedule: Schedule.rate(LOOK_EVERY),
      targets: [new LambdaFunction(handler, { retryAttempts: 0, maxEventAge: LOOK_EVERY })],
    });
    alarm(this, 'Dead', {
      says: 'Hints at webhooks could not be worked off',
      page: 'dead-hints',
      metric: dead.metricApproximateNumberOfMessagesVisible(),
      statistic: 'Maximum',
      period: Duration.minutes(5),
      atLeast: 1,
    });
  }
}

const SECURED = {
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.DESTROY,
};
