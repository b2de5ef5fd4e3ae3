import { randomBytes } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
import { enqueue } from '../../functions/deliveries/enqueue.ts';
import { checkSums } from '../../functions/outbox/checkSums.ts';
import type { OutboxDeps } from '../../functions/outbox/publish.ts';
import { reconcile } from '../../functions/outbox/reconcile.ts';
import { publishRecords, type StreamRecord } from '../../functions/outbox/stream.ts';
import type { Live } from '../../functions/pages/live.ts';
import { publicApp } from '../../functions/public/app.ts';
import { liveMessages } from '../../functions/realtime/message.ts';
import { measure } from '../../functions/watch/measure.ts';
import { deliver } from '../../functions/webhooks/deliver.ts';
import type { Answer } from '../../functions/webhooks/policy.ts';
import { deliverDue } from '../../functions/webhooks/runner.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { tipEvent } from '../../shared/contract/tip.ts';
import {
  batchLength,
  bookTips,
  type DeliveryRef,
  type Ledger,
  type NewInvoice,
  putWebhook,
  type Tip,
} from '../../shared/ledger/index.ts';
import { tipToItem } from '../../shared/ledger/tips.ts';
import { widgetFiles } from '../../widget/build.ts';
import { aTip, type Books } from '../ledger.ts';
import { type Asked, metered } from './meter.ts';

/** What one piece of work takes: what it asks of the table, and how long it computes. */
export interface Work {
  readonly asked: Asked;
  /** Milliseconds on this machine, the embedded table's part included. */
  readonly ms: number;
}

/** A batch of tips, from the connector's commit to what the functions hand on. */
export interface TipBatch {
  readonly tips: number;
  /** The connector's commit. */
  readonly booking: Asked;
  /** Each invocation of the settled function. */
  readonly settling: readonly Work[];
  /** Messages that go to open pages. */
  readonly published: number;
}

const clock = () => new Date();
const report = () => {};

/** Milliseconds of a piece of work. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

const TIMES = 10;

/** The quickest of several: what takes longer is the machine's doing. */
async function quickest(work: () => Promise<unknown>): Promise<number> {
  let ms = Number.POSITIVE_INFINITY;
  for (let time = 0; time < TIMES; time++) ms = Math.min(ms, await timed(work));
  return ms;
}

/** Do a piece of work that may be done again: once to count what it asks, then to see how long it takes by itself. */
async function measured(ledger: Ledger, work: (ledger: Ledger) => Promise<unknown>): Promise<Work> {
  const meter = metered(ledger);
  await work(meter.ledger);
  return { asked: meter.take(), ms: await quickest(() => work(ledger)) };
}

/** A new table's stream has as many shards as the table partitions. @see docs/growth.md */
const SHARDS = 4;

const recordOf = (tip: Tip): StreamRecord => {
  const item = tipToItem(tip);
  return { eventName: 'INSERT', dynamodb: { Keys: { pk: item.pk!, sk: item.sk! }, NewImage: item } };
};

/** Tips by the shard that they come from: by chance, for their keys are hashes. */
function byShard(tips: readonly Tip[]): Tip[][] {
  const shards = Array.from({ length: SHARDS }, () => [] as Tip[]);
  for (const tip of tips) shards[Number.parseInt(tip.setId.slice(0, 8), 16) % SHARDS]!.push(tip);
  return shards.filter(({ length }) => length > 0);
}

const outboxDeps = (ledger: Ledger): OutboxDeps => ({
  ledger,
  clock,
  report,
  enqueue: (events) => enqueue(ledger, events, clock()),
  publish: (events) => liveMessages(ledger, events),
});

/** Payments that wait to be booked at once, as in the bench `booking`. */
const WAITING = 200;

/**
 * The creators of so many tips: the second has half of what the first has, the third a third (Zipf's law). Tips are drawn
 * evenly over the whole, so that a run finds what the one before found.
 */
function drawn(count: number, handles: readonly string[]): string[] {
  let total = 0;
  const upTo = handles.map((_, at) => {
    total += 1 / (at + 1);
    return total;
  });
  return Array.from({ length: count }, (_, at) => {
    const place = ((at * GOLDEN_RATIO) % 1) * total;
    return handles[upTo.findIndex((bound) => place < bound)]!;
  });
}

const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/**
 * Book one batch and hand it on, as many tips as a commit takes of those that wait.
 * @param waiting the creators of the tips that wait
 */
async function measureBatch({ ledger, lease, join }: Books, waiting: readonly string[]): Promise<TipBatch> {
  const invoices = new Map<string, NewInvoice>();
  for (const handle of new Set(waiting)) invoices.set(handle, await join(handle));
  // The first tip of a creator makes what later ones change.
  for (const invoice of invoices.values())
    await bookTips(ledger, lease, { tips: [aTip(invoice)], quarantined: [] });
  const tips = waiting.map((handle) => aTip(invoices.get(handle)!));
  const meter = metered(ledger);
  const batch = tips.slice(0, batchLength(tips));
  const booked = await bookTips(meter.ledger, lease, { tips: batch, quarantined: [] }, { settleIndex: 1n });
  const booking = meter.take();
  const settling: Work[] = [];
  for (const tips of byShard(booked.tips)) {
    const records = tips.map(recordOf);
    settling.push(await measured(ledger, (ledger) => publishRecords(records, outboxDeps(ledger))));
  }
  return { tips: batch.length, booking, settling, published: batch.length };
}

const TAKEN: Answer = { status: 204, durationMs: 1 };

const named = (kind: string, count: number) => Array.from({ length: count }, (_, at) => `${kind}-${at + 1}`);

/** A full batch of tips of so many creators, whose popularity follows Zipf's law. */
export const measureFullBatch = (books: Books, creators: number): Promise<TipBatch> =>
  measureBatch(books, drawn(WAITING, named(`of-${creators}`, creators)));

/** A full batch in which each tip is of another creator. */
export const measureSpreadBatch = (books: Books): Promise<TipBatch> =>
  measureBatch(books, named('spread', WAITING));

/** A tip that is booked alone. */
export const measureAlone = (books: Books): Promise<TipBatch> => measureBatch(books, ['alone']);

/** What a webhook adds to a tip: its delivery's row, the try, what came of it. */
export async function measureWebhook({
  ledger,
  lease,
  join,
}: Books): Promise<{ queueing: Asked; delivery: Work }> {
  const invoice = await join('hooked');
  const url = 'https://hooks.example/';
  await putWebhook(ledger, { handle: 'hooked', url, events: ['tip.settled'] }, clock(), randomBytes);
  const queue = async (ledger: Ledger, tip: Tip) => (await enqueue(ledger, [tipEvent(tip)], clock()))[0]!;
  const attempt = (ledger: Ledger, ref: DeliveryRef) =>
    deliver(
      { ledger, post: async () => TAKEN, clock, random: randomBytes, sleep, report },
      ref,
      new AbortController().signal,
    );
  const { tips } = await bookTips(ledger, lease, { tips: [aTip(invoice), aTip(invoice)], quarantined: [] });
  const meter = metered(ledger);
  const ref = await queue(meter.ledger, tips[0]!);
  const queueing = meter.take();
  await attempt(meter.ledger, ref);
  const asked = meter.take();
  const again = await queue(ledger, tips[1]!);
  return { queueing, delivery: { asked, ms: await timed(() => attempt(ledger, again)) } };
}

/** An answer of the reading side, and what it takes to make it. */
export interface Answered extends Work {
  /** Bytes to a reader whose browser takes Brotli, headers included. */
  readonly bytes: number;
}

/** Headers that CloudFront and the connection add, compressed as HTTP/2 does it. */
const ADDED_HEADER_BYTES = 250;

/** Text is compressed on the way, at a middling level; pictures of pixels are not. */
function bytesOf(body: Uint8Array, headers: Headers): number {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
  const own = [...headers].reduce((total, [name, value]) => total + name.length + value.length, 0);
  return brotliCompressSync(body, quality).length + own + ADDED_HEADER_BYTES;
}

/** Where a deployment's pages hear of tips. */
const LIVE: Live = {
  realtime: 'wss://example1234567890abcdefgh.appsync-realtime-api.us-east-1.amazonaws.com/event/realtime',
  host: 'example1234567890abcdefgh.appsync-api.us-east-1.amazonaws.com',
};

/** What an address of the reading side takes. */
export async function measureAnswer({ ledger }: Books, path: string): Promise<Answered> {
  const openapi = {};
  const ask = async (ledger: Ledger) => {
    const options = { ledger, clock, openapi, live: LIVE, baseUrl: 'https://tips.example' };
    return publicApp({ ...options, reads: 'each' }).request(path);
  };
  const work = await measured(ledger, ask);
  const answer = await ask(ledger);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  const bytes = bytesOf(new Uint8Array(await answer.arrayBuffer()), answer.headers);
  return { ...work, bytes };
}

/** Bytes of each of the widget's files. */
export const measureFiles = async (): Promise<number[]> =>
  [...(await widgetFiles()).values()].map((text) => bytesOf(Buffer.from(text), new Headers()));

/** What the schedules find when there is nothing to do. */
export async function measureSchedules({ ledger }: Books): Promise<Record<'sweep' | 'due' | 'watch', Work>> {
  const post = async () => TAKEN;
  const signal = new AbortController().signal;
  return {
    sweep: await measured(ledger, async (ledger) => {
      await reconcile(outboxDeps(ledger));
      await checkSums(outboxDeps(ledger));
    }),
    due: await measured(ledger, (ledger) =>
      deliverDue({ ledger, post, clock, random: randomBytes, sleep, report, signal }),
    ),
    watch: await measured(ledger, (ledger) => measure(ledger, clock())),
  };
}
