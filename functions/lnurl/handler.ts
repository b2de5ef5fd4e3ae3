import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { dynamoClient } from '../../shared/dynamo.ts';
import { writeHint } from '../../shared/ledger/index.ts';
import { askedOrigin, askersAddress, isFromEdge, REFUSED } from '../edge.ts';
import { reportFault } from '../reportFault.ts';
import { lnurlApp } from './app.ts';
import { readConfig } from './config.ts';

const config = readConfig(process.env);
const { table, region, queueUrl } = config;
/** A wallet is answered within five seconds: what hangs is given up while there is time for another try. */
const requestHandler = { connectionTimeout: 500, requestTimeout: 1_500, throwOnRequestTimeout: true };
const queue = new SQSClient({ region, requestHandler });

/** Where the request at hand was sent to. Lambda gives a copy of a function one request at a time. */
let baseUrl: string;

const answer = handle(
  lnurlApp({
    ledger: { client: dynamoClient({ region, requestHandler }), table },
    get baseUrl() {
      return baseUrl;
    },
    clock: () => new Date(),
    steadyMs: () => performance.now(),
    sleep: setTimeout,
    random: randomBytes,
    hint: async (id, node) => {
      await queue.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: writeHint(id, node) }));
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
