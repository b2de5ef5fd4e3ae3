import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { ledgerClient, WAITED_FOR_MS } from '../lambda/clients.ts';
import { askedOrigin, isFromEdge, REFUSED } from '../lambda/edge.ts';
import { reportFault } from '../lambda/reportFault.ts';
import { publicApp } from './app.ts';
import { readConfig } from './config.ts';
import openapi from './openapi.json' with { type: 'json' };

const config = readConfig(process.env);
/** Where the request at hand was sent to. Lambda gives a copy of a function one request at a time. */
let baseUrl: string;

const answer = handle(
  publicApp({
    ledger: ledgerClient(config, WAITED_FOR_MS),
    clock: () => new Date(),
    reads: 'each',
    openapi,
    get baseUrl() {
      return baseUrl;
    },
    live: config.live,
    report: reportFault,
  }),
);

/** The reading side behind CloudFront. */
export const handler = async (event: LambdaEvent, context?: LambdaContext) => {
  if (!isFromEdge(event, config.originSecret)) return REFUSED;
  baseUrl = config.baseUrl ?? askedOrigin(event);
  return answer(event, context);
};
