import { randomBytes } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { handle } from 'hono/aws-lambda';
import { WANT_HINT, writeHint } from '../../shared/ledger/index.ts';
import { sendHints } from '../deliveries/hints.ts';
import { ledgerClient, queueClient } from '../lambda/clients.ts';
import { reportFault } from '../lambda/reportFault.ts';
import { manageApp } from './app.ts';
import { readConfig } from './config.ts';
import openapi from './openapi.json' with { type: 'json' };

const { invoiceRequestsQueueUrl, deliveriesQueueUrl, ...config } = readConfig(process.env);
const queues = queueClient(config);

/** The creator's API behind an HTTP API. */
export const handler = handle(
  manageApp({
    openapi,
    ledger: ledgerClient(config),
    clock: () => new Date(),
    steadyMs: () => performance.now(),
    random: randomBytes,
    webhookUrls: { allowLoopback: false },
    wanted: async (node) => {
      const MessageBody = writeHint(WANT_HINT, node);
      if (invoiceRequestsQueueUrl)
        await queues.send(new SendMessageCommand({ QueueUrl: invoiceRequestsQueueUrl, MessageBody }));
    },
    queued: async (deliveries) => {
      if (deliveriesQueueUrl) await sendHints(queues, deliveriesQueueUrl, deliveries);
    },
    report: reportFault,
  }),
);
