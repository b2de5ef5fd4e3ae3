import { randomBytes } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { dynamoClient } from '../../shared/dynamo.ts';
import { sleep } from '../../shared/sleep.ts';
import { reportFault } from '../reportFault.ts';
import { readConfig } from './config.ts';
import { sendHints } from './hints.ts';
import { poster } from './post.ts';
import { type HintBatch, type WorkDeps, work } from './work.ts';

const { table, region, queueUrl } = readConfig(process.env);
/** What hangs is given up while there is time for another try. */
const requestHandler = { connectionTimeout: 500, requestTimeout: 3_000, throwOnRequestTimeout: true };
const queue = new SQSClient({ region, requestHandler });

const deps: WorkDeps = {
  ledger: { client: dynamoClient({ region, requestHandler }), table },
  post: poster(),
  clock: () => new Date(),
  random: randomBytes,
  sleep,
  hint: (refs, delaySeconds) => sendHints(queue, queueUrl, refs, delaySeconds),
  report: reportFault,
};

/** What is left of an invocation goes to write down what came of the last POSTs. */
const FOR_THE_END_MS = 15_000;

/** Webhooks: hints at deliveries from SQS, and a schedule for what no hint told of. */
export async function handler(event: Partial<HintBatch>, context: { getRemainingTimeInMillis(): number }) {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - FOR_THE_END_MS));
  return work(deps, event, signal);
}
