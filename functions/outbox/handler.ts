import { setTimeout } from 'node:timers/promises';
import { enqueue } from '../deliveries/enqueue.ts';
import { sendHints } from '../deliveries/hints.ts';
import { ledgerClient, queueClient } from '../lambda/clients.ts';
import { appSyncPublisher } from '../realtime/appsync.ts';
import { ALARMS, type Report } from './alarms.ts';
import { type Checked, checkSums } from './checkSums.ts';
import { readConfig } from './config.ts';
import type { OutboxDeps } from './publish.ts';
import { type Reconciled, reconcile } from './reconcile.ts';
import { type BatchAnswer, publishRecords, type StreamRecord } from './stream.ts';

const config = readConfig(process.env);
const { region, queueUrl, publishUrl } = config;
const queue = queueClient(config);
const ledger = ledgerClient(config);
const clock = () => new Date();

/** Lambda logs an object as JSON: the metric looks for `alarm`. */
const report: Report = (alarm, seen) =>
  console.error({ level: 'error', alarm, message: ALARMS[alarm], ...seen });

const deps: OutboxDeps = {
  ledger,
  clock,
  report,
  enqueue: async (events) => {
    const queued = await enqueue(ledger, events, clock());
    // The table is the truth; without the hint a delivery is found in it a little later.
    await sendHints(queue, queueUrl, queued).catch((error) => report('unhinted', { error: String(error) }));
  },
  publish: publishUrl
    ? appSyncPublisher({
        ledger,
        url: publishUrl,
        region,
        credentials: ledger.client.config.credentials,
        clock,
        sleep: (ms) => setTimeout(ms),
        random: Math.random,
      })
    : async () => {},
};

/** What is left of an invocation goes to the block that a sweep is at. */
const FOR_THE_END_MS = 60_000;

/**
 * Hands tips on: records of the table's stream, and on a schedule what the stream did not bring. The schedule holds sums against
 * rows, too.
 */
export async function handler(
  event: { Records?: readonly StreamRecord[] },
  context: { getRemainingTimeInMillis(): number },
): Promise<BatchAnswer | { swept: Reconciled; checked: Checked }> {
  if (event.Records) return publishRecords(event.Records, deps);
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - FOR_THE_END_MS));
  const scheduled = { ...deps, signal };
  return { swept: await reconcile(scheduled), checked: await checkSums(scheduled) };
}
