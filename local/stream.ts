import { checkSums } from '../functions/outbox/checkSums.ts';
import { type ReconcileDeps, reconcile } from '../functions/outbox/reconcile.ts';
import {
  type BatchAnswer,
  isNewTip,
  type StreamRecord as LambdaRecord,
  publishRecords,
} from '../functions/outbox/stream.ts';
import { Backoff } from '../shared/concurrency/backoff.ts';
import type { StreamReader, StreamRecord } from './table/index.ts';

/** Records of one call to the worker, at most. */
export const BATCH_SIZE = 100;
/** Records that are looked through at once. */
const READ_SIZE = 1_000;
/** A record that makes the worker itself fail is given up after so many calls with it alone. */
export const MOST_ATTEMPTS = 10;
const FIRST_WAIT_MS = 100;
const MOST_WAIT_MS = 10_000;
const SWEEP_EVERY_MS = 5 * 60_000;

/** What is read by chance or by the clock. */
interface Pace {
  readonly signal: AbortSignal;
  /** Evenly from 0 to 1. */
  chance(): number;
  /** Ends early when the signal aborts, with or without an error. */
  sleep(ms: number, signal: AbortSignal): Promise<unknown>;
}

export interface EventSource extends Pace {
  readonly reader: StreamReader;
  /** Which records the worker is given. */
  wants(record: StreamRecord): boolean;
  worker(records: StreamRecord[]): Promise<BatchAnswer>;
  /** Told of what is given up. */
  discarded(records: StreamRecord[]): void;
  /** Told that records were gone before they were read. */
  trimmed(): void;
}

/** The place in a batch to go on from, as Lambda reads an answer; `blunt` when the answer does not say. */
function checkpoint(batch: StreamRecord[], answer: BatchAnswer | undefined): { at: number; blunt: boolean } {
  if (!answer) return { at: 0, blunt: true };
  const places = (answer.batchItemFailures ?? []).map(({ itemIdentifier }) =>
    batch.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === itemIdentifier),
  );
  if (places.includes(-1)) return { at: 0, blunt: true };
  return { at: Math.min(batch.length, ...places), blunt: false };
}

/**
 * Reads a stream as Lambda's event source mapping does, until the signal aborts: batches in order, the lowest sequence
 * number that failed is where it goes on, an answer that names none of the batch or an error fails all of it. Then the
 * batch is halved, so that a record that breaks the worker ends up alone, and is given up.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export async function runEventSource(source: EventSource): Promise<void> {
  const { reader, signal, chance, sleep } = source;
  const backoff = new Backoff({
    firstMs: FIRST_WAIT_MS,
    mostMs: MOST_WAIT_MS,
    chance,
    sleep: async (ms) => void (await sleep(ms, signal).catch(() => undefined)),
  });
  let size = BATCH_SIZE;
  let attempts = 0;
  const pause = () => backoff.sleep(backoff.next(), signal);

  async function next(): Promise<void> {
    const { records, trimmed } = reader.read(READ_SIZE);
    if (trimmed) source.trimmed();
    const last = records.at(-1);
    if (!last) return reader.woken(signal);
    const wanted = records.filter((record) => source.wants(record));
    const batch = wanted.slice(0, size);
    if (batch.length === 0) return reader.skipTo(last);
    const answer = await source.worker(batch).catch(() => undefined);
    let { at, blunt } = checkpoint(batch, answer);
    attempts = blunt && batch.length === 1 ? attempts + 1 : 0;
    if (attempts >= MOST_ATTEMPTS) {
      source.discarded(batch);
      [at, attempts] = [1, 0];
    }
    const done = at === wanted.length ? last : batch[at - 1];
    if (done) await reader.moveTo(done);
    if (at < batch.length) {
      if (blunt) size = Math.max(1, Math.floor(batch.length / 2));
      return pause();
    }
    size = BATCH_SIZE;
    backoff.reset();
  }

  // A position that could not be written costs no more than doing a batch again.
  while (!signal.aborted) await next().catch(pause);
}

// In the embedded table's records bytes are base64, as in JSON to Lambda.
const asToLambda = (record: StreamRecord) => record as unknown as LambdaRecord;

/** Where the stream comes from, and what it is handed to. */
export interface StreamRun extends ReconcileDeps, Pace {
  readonly signal: AbortSignal;
  readonly tables: { streamReader(table: string, name: string): StreamReader };
  readonly sweepEveryMs?: number;
}

/**
 * Hands on the tips of the embedded table until the signal aborts: at once after each commit, and by a sweep at the start
 * and every five minutes, which holds sums against rows, too.
 */
export async function runStream(run: StreamRun): Promise<void> {
  const { tables, ledger, signal, sleep, report, sweepEveryMs = SWEEP_EVERY_MS } = run;
  const stream = runEventSource({
    ...run,
    reader: tables.streamReader(ledger.table, 'settled'),
    wants: (record) => isNewTip(asToLambda(record)),
    worker: (records) => publishRecords(records.map(asToLambda), run),
    discarded: (records) =>
      report('discarded', { records: records.map(({ dynamodb }) => dynamodb.SequenceNumber) }),
    trimmed: () => report('trimmed', {}),
  });
  const sweeps = async () => {
    while (!signal.aborted) {
      await reconcile(run).catch((error) => report('sweep-failed', { error: String(error) }));
      await checkSums(run).catch((error) => report('check-failed', { error: String(error) }));
      await sleep(sweepEveryMs, signal).catch(() => undefined);
    }
  };
  await Promise.all([stream, sweeps()]);
}
