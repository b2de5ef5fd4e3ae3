import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { dynamoClient } from '../../shared/dynamo.ts';
import { writeHint } from '../../shared/ledger/index.ts';
import { reportFault } from '../reportFault.ts';
import { lnurlApp } from './app.ts';
import { readConfig } from './config.ts';

const { table, region, baseUrl, queueUrl } = readConfig(process.env);
/** A wallet is answered within five seconds: what hangs is given up while there is time for another try. */
const requestHandler = { connectionTimeout: 500, requestTimeout: 1_500, throwOnRequestTimeout: true };
const queue = new SQSClient({ region, requestHandler });

/** Of a function URL and of an HTTP API alike: the address of who connected. */
const addressOf = (event: LambdaEvent) =>
  ('http' in event.requestContext ? event.requestContext.http.sourceIp : undefined) ?? '';

/** LNURL-pay and Lightning Addresses. */
export const handler = handle(
  lnurlApp({
    ledger: { client: dynamoClient({ region, requestHandler }), table },
    baseUrl,
    clock: () => new Date(),
    steadyMs: () => performance.now(),
    sleep: setTimeout,
    random: randomBytes,
    hint: async (id, node) => {
      await queue.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: writeHint(id, node) }));
    },
    addressOf: (c) => addressOf(c.env.event),
    report: reportFault,
  }),
);
