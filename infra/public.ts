import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { publicAccess } from './access.ts';
import { openFunction } from './openFunction.ts';
import type { Settings } from './settings.ts';

/** The reading side: one function behind an HTTPS URL (docs/decisions/public-url.md). */
export class PublicReads extends Construct {
  /** The HTTPS URL, with a slash at its end. */
  readonly url: string;

  /** @param live where pages hear of tips, as environment */
  constructor(
    scope: Construct,
    id: string,
    table: Table,
    { publicConcurrency, baseUrl }: Settings,
    live: Record<string, string>,
  ) {
    super(scope, id);
    this.url = openFunction(this, {
      description: 'Answers who reads: creators, invoices, QR codes, tips',
      entry: 'functions/public/handler.ts',
      timeout: Duration.seconds(5),
      concurrency: publicConcurrency,
      environment: { TABLE_NAME: table.tableName, ...(baseUrl && { BASE_URL: baseUrl }), ...live },
      statements: publicAccess(table),
    });
  }
}
