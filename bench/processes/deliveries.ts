import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BatchWriteItemCommand, CreateTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { enqueue } from '../../functions/deliveries/enqueue.ts';
import { poster } from '../../functions/webhooks/post.ts';
import { runDeliveries } from '../../functions/webhooks/runner.ts';
import { runStream } from '../../local/stream.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { WakeQueue } from '../../shared/concurrency/wakeQueue.ts';
import { eventId, tipEvent } from '../../shared/contract/tip.ts';
import {
  changeWebhook,
  type Ledger,
  putWebhook,
  type QueuedDelivery,
  type Tip,
  tableDefinition,
  type Webhook,
} from '../../shared/ledger/index.ts';
import { tipToItem } from '../../shared/ledger/tips.ts';
import { serveParent } from '../child.ts';
import { TABLE } from '../remote.ts';

export type Deliveries = Awaited<ReturnType<typeof openDeliveries>>;

interface Input {
  readonly dir: string;
  /** Trusted, and asked at 127.0.0.1 under any name. */
  readonly ca: string;
}

/** When a tip's row was about to be written: ms since 1970, with fractions. */
export interface Sent {
  readonly id: string;
  readonly handle: string;
  readonly atMs: number;
}

const BATCH = 25;
/** Between two looks at the heap, each of which collects garbage first. */
const LOOK_MS = 250;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is held once garbage is collected, MB. */
function heapMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

/** The workers of settled events and of webhooks on an embedded table, as `npm start` has them. */
async function openDeliveries({ dir, ca }: Input) {
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  const ledger: Ledger = { client: tables.client(), table: TABLE };
  await ledger.client.send(new CreateTableCommand(tableDefinition(TABLE)));
  const clock = () => new Date();
  const post = poster({ allowLoopback: true, resolve: async () => ['127.0.0.1'], ca });
  const sequences = new Map<string, bigint>();
  const webhooks = new Map<string, Webhook>();
  let stop = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  let mostHeapMb = 0;

  function aTip(handle: string): Tip {
    const sequence = (sequences.get(handle) ?? 0n) + 1n;
    sequences.set(handle, sequence);
    return {
      via: 'amp',
      setId: randomBytes(32).toString('hex'),
      node: `02${'ab'.repeat(32)}`,
      paymentAddr: 'cd'.repeat(32),
      handle,
      optionId: 'coffeeabcd',
      amountMsat: 2_100_000n,
      settledAt: clock(),
      settleIndex: sequence,
      sequence,
      shards: 1,
      message: 'Great post, thank you!',
    };
  }

  /** Write rows of tips, for one creator after another. */
  async function* rows({ handles, count }: { handles: readonly string[]; count: number }) {
    for (let at = 0; at < count; at += BATCH) {
      const tips = Array.from({ length: Math.min(BATCH, count - at) }, (_, next) =>
        aTip(handles[(at + next) % handles.length]!),
      );
      const puts = tips.map((tip) => ({ PutRequest: { Item: tipToItem(tip) } }));
      await ledger.client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: puts } }));
      yield tips;
    }
  }

  const report = () => {};
  const deliveries = (signal: AbortSignal, hints: WakeQueue<QueuedDelivery>) =>
    runDeliveries({ ledger, clock, signal, hints, post, random: randomBytes, sleep, report });

  const calls = {
    async endpoint({ handle, url }: { handle: string; url: string }): Promise<void> {
      const settings = { handle, url, events: ['tip.settled' as const] };
      webhooks.set(url, await putWebhook(ledger, settings, clock(), randomBytes));
    },
    async enable({ url, enabled }: { url: string; enabled: boolean }): Promise<void> {
      const { handle, id } = webhooks.get(url)!;
      await changeWebhook(ledger, handle, id, { status: enabled ? 'enabled' : 'disabled' });
    },
    /** Write rows of tips, which the workers find once they begin. */
    async book(booked: { handles: readonly string[]; count: number }): Promise<void> {
      for await (const _ of rows(booked));
    },
    /** Write rows of tips, and queue their events, so that they wait before a worker begins. */
    async queue(booked: { handles: readonly string[]; count: number }): Promise<void> {
      for await (const tips of rows(booked)) {
        const events = tips.map(tipEvent);
        await enqueue(ledger, events, clock());
      }
    },
    /** Begin with what waits in the queue alone, and watch the heap meanwhile. */
    beginQueued(): void {
      stop = new AbortController();
      const { signal } = stop;
      mostHeapMb = 0;
      const watch = async () => {
        while (!signal.aborted) {
          mostHeapMb = Math.max(mostHeapMb, heapMb());
          await sleep(LOOK_MS, signal);
        }
      };
      running = Promise.all([deliveries(signal, new WakeQueue()), watch()]);
    },
    /** The most that the heap held since then, MB. */
    mostHeapMb: () => mostHeapMb,
    begin(): void {
      stop = new AbortController();
      const { signal } = stop;
      const hints = new WakeQueue<QueuedDelivery>();
      const stream = runStream({
        tables,
        ledger,
        clock,
        report,
        signal,
        chance: Math.random,
        sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
        enqueue: async (events) => hints.pushAll(await enqueue(ledger, events, clock())),
        publish: async () => {},
      });
      running = Promise.all([stream, deliveries(signal, hints)]);
    },
    async end(): Promise<void> {
      stop.abort();
      await running;
    },
    /** Write a tip for one creator after another, so many a second. */
    async pace({
      handles,
      perSecond,
      seconds,
    }: {
      handles: readonly string[];
      perSecond: number;
      seconds: number;
    }) {
      const sent: Sent[] = [];
      const began = performance.now();
      for (let at = 0; at < perSecond * seconds; at++) {
        await setTimeout(Math.max(0, began + (at * 1000) / perSecond - performance.now()));
        const tip = aTip(handles[at % handles.length]!);
        sent.push({
          id: eventId(tip.setId),
          handle: tip.handle,
          atMs: performance.timeOrigin + performance.now(),
        });
        await ledger.client.send(new PutItemCommand({ TableName: TABLE, Item: tipToItem(tip) }));
      }
      return sent;
    },
  };
  return {
    calls,
    async stop() {
      await calls.end();
      await tables.close();
    },
  };
}

serveParent(openDeliveries);
