import { randomBytes } from 'node:crypto';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { handle } from 'hono/aws-lambda';
import { dynamoClient } from '../../shared/dynamo.ts';
import { WANT_HINT, writeHint } from '../../shared/ledger/index.ts';
import { sendHints } from '../deliver/hints.ts';
import { reportFault } from '../reportFault.ts';
import { manageApp } from './app.ts';
import { readConfig } from './config.ts';

const { table, region, asksQueueUrl, deliveriesQueueUrl } = readConfig(process.env);
/** What hangs is given up while there is time for another try. */
const requestHandler = { connectionTimeout: 500, requestTimeout: 3_000, throwOnRequestTimeout: true };
const queues = new SQSClient({ region, requestHandler });

/** The creator's API behind an HTTP API. */
export const handler = handle(
  manageApp({
    ledger: { client: dynamoClient({ region, requestHandler }), table },
    clock: () => new Date(),
    steadyMs: () => performance.now(),
    random: randomBytes,
    webhookUrls: { allowLoopback: false },
    wanted: async (node) => {
      const MessageBody = writeHint(WANT_HINT, node);
      if (asksQueueUrl) await queues.send(new SendMessageCommand({ QueueUrl: asksQueueUrl, MessageBody }));
    },
    queued: async (deliveries) => {
      if (deliveriesQueueUrl) await sendHints(queues, deliveriesQueueUrl, deliveries);
    },
    report: reportFault,
  }),
);
