import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { lnurlAccess } from './access.ts';
import { openFunction } from './openFunction.ts';
import type { Settings } from './settings.ts';

/** A wallet is told within five seconds that the node is away; the rest is for a cold start. */
const TIMEOUT = Duration.seconds(10);

/** LNURL-pay and Lightning Addresses: one function behind an HTTPS URL (docs/decisions/lnurl-asks.md). */
export class LnurlPay extends Construct {
  /** The HTTPS URL, with a slash at its end. */
  readonly url: string;

  constructor(
    scope: Construct,
    id: string,
    table: Table,
    asks: Queue,
    { lnurlConcurrency, baseUrl }: Settings & { baseUrl: string },
  ) {
    super(scope, id);
    this.url = openFunction(this, {
      description: 'Answers wallets: LNURL-pay and Lightning Addresses',
      entry: 'functions/lnurl/handler.ts',
      timeout: TIMEOUT,
      concurrency: lnurlConcurrency,
      environment: {
        TABLE_NAME: table.tableName,
        BASE_URL: baseUrl,
        ASKS_QUEUE_URL: asks.queueUrl,
      },
      statements: lnurlAccess(table, asks),
    });
  }
}
