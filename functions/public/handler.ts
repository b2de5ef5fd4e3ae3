import { handle } from 'hono/aws-lambda';
import { dynamoClient } from '../../shared/dynamo.ts';
import { reportFault } from '../reportFault.ts';
import { publicApp } from './app.ts';
import { readConfig } from './config.ts';
import openapi from './openapi.json' with { type: 'json' };

const config = readConfig(process.env);

const app = publicApp({
  ledger: { client: dynamoClient({ region: config.region }), table: config.table },
  clock: () => new Date(),
  reads: 'each',
  openapi,
  baseUrl: config.baseUrl,
  live: config.live,
  report: reportFault,
});

/** The reading side behind a Lambda function URL. */
export const handler = handle(app);
