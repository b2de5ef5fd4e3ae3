import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { FunctionUrl } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { publicAccess } from './access.ts';
import { edgeFunction } from './bundledFunction.ts';
import { originEnvironment } from './domain.ts';
import type { OriginAccess } from './edge/originAccess.ts';
import type { Settings } from './settings.ts';

/** The reading side: one function, at a URL for CloudFront alone. */
export class PublicReads extends Construct {
  readonly url: FunctionUrl;

  /**
   * @param live where pages hear of tips, as environment
   * @param access how CloudFront proves itself
   */
  constructor(
    scope: Construct,
    id: string,
    table: ITable,
    { publicConcurrency, domain }: Settings,
    live: Record<string, string>,
    access: OriginAccess,
  ) {
    super(scope, id);
    this.url = edgeFunction(this, access, {
      description: 'Answers who reads: creators, invoices, QR codes, tips',
      entry: 'functions/public/handler.ts',
      timeout: Duration.seconds(5),
      concurrency: publicConcurrency,
      environment: { TABLE_NAME: table.tableName, ...originEnvironment(domain), ...live },
      statements: publicAccess(table),
    });
  }
}
