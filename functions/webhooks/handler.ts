import { randomBytes } from 'node:crypto';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { sendHints } from '../deliveries/hints.ts';
import { ledgerClient, queueClient } from '../lambda/clients.ts';
import { reportFault } from '../lambda/reportFault.ts';
import { readConfig } from './config.ts';
import { poster } from './post.ts';
import { type HintBatch, type WorkDeps, work } from './work.ts';

const config = readConfig(process.env);
const queue = queueClient(config);

const deps: WorkDeps = {
  ledger: ledgerClient(config),
  post: poster(),
  clock: () => new Date(),
  random: randomBytes,
  sleep,
  hint: (refs, delaySeconds) => sendHints(queue, config.queueUrl, refs, delaySeconds),
  report: reportFault,
};

/** What is left of an invocation goes to write down what came of the last POSTs. */
const FOR_THE_END_MS = 15_000;

/** Webhooks: hints at deliveries from SQS, and a schedule for what no hint told of. */
export async function handler(event: Partial<HintBatch>, context: { getRemainingTimeInMillis(): number }) {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - FOR_THE_END_MS));
  return work(deps, event, signal);
}
