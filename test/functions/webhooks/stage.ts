import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { enqueue } from '../../../functions/deliveries/enqueue.ts';
import { type DeliverDeps, deliver } from '../../../functions/webhooks/deliver.ts';
import { type Post, poster } from '../../../functions/webhooks/post.ts';
import { runDeliveries } from '../../../functions/webhooks/runner.ts';
import { openEmbeddedTable } from '../../../local/table/index.ts';
import { sleep } from '../../../shared/concurrency/sleep.ts';
import { WakeQueue } from '../../../shared/concurrency/wakeQueue.ts';
import { type TipEvent, tipEvent } from '../../../shared/contract/tip.ts';
import {
  changeWebhook,
  type Ledger,
  putWebhook,
  type QueuedDelivery,
  readDeliveries,
  readWebhook,
  type Tip,
  tableDefinition,
  type Webhook,
} from '../../../shared/ledger/index.ts';
import { tipToItem } from '../../../shared/ledger/tips.ts';
import type { Authority } from './receiver.ts';

export const START = new Date('2026-03-01T12:00:00Z');

/** A tip of a creator, number so and so. */
export const tipOf = (sequence: number, more: Partial<Tip> = {}): Tip => ({
  via: 'amp',
  setId: sequence.toString(16).padStart(64, '0'),
  node: `02${'ab'.repeat(32)}`,
  paymentAddr: 'cd'.repeat(32),
  handle: 'alice',
  optionId: 'coffeeabcd',
  amountMsat: BigInt(sequence) * 1_000n,
  settledAt: new Date(START.getTime() + sequence),
  settleIndex: BigInt(sequence),
  sequence: BigInt(sequence),
  shards: 1,
  message: `tip ${sequence}`,
  ...more,
});

export const eventOf = (tip: Tip): TipEvent => tipEvent(tip);

/** A table with deliveries, a clock that is set by hand, and workers that post to this machine. */
export async function openStage(authority: Authority) {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-deliver-'));
  let nowMs = START.getTime();
  const clock = () => new Date(nowMs);
  const tables = await openEmbeddedTable({ dir, clock: () => nowMs });
  const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  const reports: unknown[] = [];
  /** Seen by every worker before its POST. */
  let beforePost: () => Promise<void> = async () => {};
  const patient = (deadlineMs: number) =>
    poster({ allowLoopback: true, resolve: async () => ['127.0.0.1'], ca: authority.ca, deadlineMs });
  // So far away that no machine is too busy to meet it.
  let real = patient(50_000);
  const post: Post = async (message, signal) => {
    await beforePost();
    return real(message, signal);
  };
  const deps: DeliverDeps = {
    ledger,
    post,
    clock,
    random: randomBytes,
    sleep,
    report: (error) => void reports.push(error),
  };
  return {
    ledger,
    deps,
    clock,
    reports,
    going: new AbortController().signal,
    pass(ms: number) {
      nowMs += ms;
    },
    /** How long a POST may take from now on; else so long that no machine is too busy. */
    set deadlineMs(ms: number) {
      real = patient(ms);
    },
    set beforePost(next: () => Promise<void>) {
      beforePost = next;
    },
    endpoint: (url: string, more: Partial<Webhook> = {}) =>
      putWebhook(ledger, { handle: 'alice', url, events: ['tip.settled'], ...more }, clock(), randomBytes),
    again: (webhook: Webhook) => readWebhook(ledger, webhook.handle, webhook.id),
    edit: (webhook: Webhook, change: Parameters<typeof changeWebhook>[3]) =>
      changeWebhook(ledger, webhook.handle, webhook.id, change),
    /** Book tips, and queue their events. */
    async tip(...tips: Tip[]): Promise<QueuedDelivery[]> {
      for (const tip of tips) {
        await ledger.client.send(new PutItemCommand({ TableName: ledger.table, Item: tipToItem(tip) }));
      }
      return enqueue(ledger, tips.map(eventOf), clock());
    },
    try: (ref: QueuedDelivery) => deliver(deps, ref, new AbortController().signal),
    log: async ({ id }: Pick<Webhook, 'id'>) => (await readDeliveries(ledger, id, { limit: 100 })).deliveries,
    /** A worker as `npm start` runs it. */
    run(more: Partial<Parameters<typeof runDeliveries>[0]> = {}) {
      const stop = new AbortController();
      const hints = new WakeQueue<QueuedDelivery>();
      const running = runDeliveries({ ...deps, signal: stop.signal, hints, ...more });
      return {
        hints,
        stop: async () => {
          stop.abort();
          await running;
        },
      };
    },
    async close() {
      await tables.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export type Stage = Awaited<ReturnType<typeof openStage>>;
