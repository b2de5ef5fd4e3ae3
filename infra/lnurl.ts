import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { FunctionUrl } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { lnurlAccess } from './access.ts';
import { edgeFunction } from './bundledFunction.ts';
import { originEnvironment } from './domain.ts';
import type { OriginAccess } from './edge/originAccess.ts';
import type { Settings } from './settings.ts';

/** A wallet is told within five seconds that the node is away; the rest is for a cold start. */
const TIMEOUT = Duration.seconds(10);

/** LNURL-pay and Lightning Addresses: one function, at a URL for CloudFront alone (docs/decisions/invoice-requests.md). */
export class LnurlPay extends Construct {
  readonly url: FunctionUrl;

  constructor(
    scope: Construct,
    id: string,
    table: ITable,
    invoiceRequests: Queue,
    { lnurlConcurrency, domain }: Settings,
    access: OriginAccess,
  ) {
    super(scope, id);
    this.url = edgeFunction(this, access, {
      description: 'Answers wallets: LNURL-pay and Lightning Addresses',
      entry: 'functions/lnurl/handler.ts',
      timeout: TIMEOUT,
      concurrency: lnurlConcurrency,
      environment: {
        TABLE_NAME: table.tableName,
        ...originEnvironment(domain),
        INVOICE_REQUESTS_QUEUE_URL: invoiceRequests.queueUrl,
      },
      statements: lnurlAccess(table, invoiceRequests),
    });
  }
}
