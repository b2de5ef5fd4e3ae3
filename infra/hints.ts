import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** SQS's shortest. Who asked has gone after five seconds, so a hint is of no use for longer. */
const KEPT = Duration.seconds(60);
/** SQS's longest, so that the connector's polls are few and hear of a hint at once. */
const LONG_POLL = Duration.seconds(20);

/** The queue by which the connector hears of invoice requests and mint requests (docs/decisions/invoice-requests.md). */
export function hintQueue(scope: Construct, id: string): Queue {
  const queue = new Queue(scope, id, {
    retentionPeriod: KEPT,
    receiveMessageWaitTime: LONG_POLL,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'A message is a hint at an item of the table, where the connector finds it without.',
  });
  return queue;
}
