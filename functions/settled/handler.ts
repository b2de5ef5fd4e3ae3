import { setTimeout } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { dynamoClient } from '../../shared/dynamo.ts';
import { enqueue } from '../deliver/enqueue.ts';
import { sendHints } from '../deliver/hints.ts';
import { appSyncPublisher } from '../live/appsync.ts';
import { ALARMS, type Report } from './alarms.ts';
import { type Checked, checkSums } from './checkSums.ts';
import { readConfig } from './config.ts';
import type { SettleDeps } from './handOn.ts';
import { type BatchAnswer, type StreamRecord, settle } from './settle.ts';
import { type Swept, sweep } from './sweep.ts';

const { table, region, queueUrl, publishUrl } = readConfig(process.env);
/** What hangs is given up while there is time for another try. */
const requestHandler = { connectionTimeout: 500, requestTimeout: 3_000, throwOnRequestTimeout: true };
const client = dynamoClient({ region, requestHandler });
const queue = new SQSClient({ region, requestHandler });
const ledger = { client, table };
const clock = () => new Date();

/** Lambda logs an object as JSON: the metric looks for `alarm`. */
const report: Report = (alarm, seen) =>
  console.error({ level: 'error', alarm, message: ALARMS[alarm], ...seen });

const deps: SettleDeps = {
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
        credentials: client.config.credentials,
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
): Promise<BatchAnswer | { swept: Swept; checked: Checked }> {
  if (event.Records) return settle(event.Records, deps);
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - FOR_THE_END_MS));
  const scheduled = { ...deps, signal };
  return { swept: await sweep(scheduled), checked: await checkSums(scheduled) };
}
