import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { writeHint } from '../../shared/ledger/index.ts';
import { ledgerClient, queueClient, WAITED_FOR_MS } from '../lambda/clients.ts';
import { askedOrigin, askersAddress, isFromEdge, REFUSED } from '../lambda/edge.ts';
import { reportFault } from '../lambda/reportFault.ts';
import { lnurlApp } from './app.ts';
import { readConfig } from './config.ts';

const config = readConfig(process.env);
const queue = queueClient(config, WAITED_FOR_MS);

/** Where the request at hand was sent to. Lambda gives a copy of a function one request at a time. */
let baseUrl: string;

const answer = handle(
  lnurlApp({
    ledger: ledgerClient(config, WAITED_FOR_MS),
    get baseUrl() {
      return baseUrl;
    },
    clock: () => new Date(),
    steadyMs: () => performance.now(),
    sleep: setTimeout,
    random: randomBytes,
    hint: async (id, node) => {
      await queue.send(
        new SendMessageCommand({ QueueUrl: config.queueUrl, MessageBody: writeHint(id, node) }),
      );
    },
    addressOf: (c) => askersAddress(c.env.event),
    report: reportFault,
  }),
);

/** LNURL-pay and Lightning Addresses. */
export const handler = async (event: LambdaEvent, context?: LambdaContext) => {
  if (!isFromEdge(event, config.originSecret)) return REFUSED;
  baseUrl = config.baseUrl ?? askedOrigin(event);
  return answer(event, context);
};
