import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { lnurlAccess } from './access.ts';
import { openFunction } from './openFunction.ts';
import type { Settings } from './settings.ts';

/** SQS's shortest. Who asked has gone after five seconds, so a hint is of no use for longer. */
const KEPT = Duration.seconds(60);
/** SQS's longest, so that the connector's polls are few and hear of an ask at once. */
const LONG_POLL = Duration.seconds(20);
/** A wallet is told within five seconds that the node is away; the rest is for a cold start. */
const TIMEOUT = Duration.seconds(10);

/**
 * LNURL-pay and Lightning Addresses: one function behind an HTTPS URL, and the queue by which the connector hears of asks
 * (docs/decisions/lnurl-asks.md).
 */
export class LnurlPay extends Construct {
  /** The HTTPS URL, with a slash at its end. */
  readonly url: string;
  readonly asks: Queue;

  constructor(
    scope: Construct,
    id: string,
    table: Table,
    { lnurlConcurrency, baseUrl }: Settings & { baseUrl: string },
  ) {
    super(scope, id);
    this.asks = new Queue(this, 'Asks', {
      retentionPeriod: KEPT,
      receiveMessageWaitTime: LONG_POLL,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.asks).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'A message is a hint at an item of the table, where the connector finds it without.',
    });
    this.url = openFunction(this, {
      description: 'Answers wallets: LNURL-pay and Lightning Addresses',
      entry: 'functions/lnurl/handler.ts',
      timeout: TIMEOUT,
      concurrency: lnurlConcurrency,
      environment: {
        TABLE_NAME: table.tableName,
        BASE_URL: baseUrl,
        ASKS_QUEUE_URL: this.asks.queueUrl,
      },
      statements: lnurlAccess(table, this.asks),
    });
  }
}
