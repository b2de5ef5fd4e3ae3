import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { Connector } from '../../../connector/connector.ts';
import { CALLS, connectLnd } from '../../../connector/lnd/client.ts';
import type { InvoiceRequestLimits } from '../../../connector/requests/invoiceRequests.ts';
import { type LnurlOptions, lnurlApp } from '../../../functions/lnurl/app.ts';
import { startDevNode } from '../../../local/node/index.ts';
import type { Payment } from '../../../local/node/payer.ts';
import { openEmbeddedTable } from '../../../local/table/index.ts';
import { WakeQueue } from '../../../shared/concurrency/wakeQueue.ts';
import { addCreator, addOption, type Ledger, TTL, tableDefinition } from '../../../shared/ledger/index.ts';

export const BASE_URL = 'https://tips.example';

/** Ask again until something is there; the time limit of the test ends it. */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    await setTimeout(10);
  }
}

const MANY = { perSecond: 10_000, burst: 10_000 };
const UNLIMITED: InvoiceRequestLimits = { all: MANY, creator: MANY, client: MANY };

const silent = { info() {}, warn() {}, error() {} };

/** What a wallet is answered, of either kind. */
export interface Answer {
  status?: string;
  reason?: string;
  pr: string;
  routes: unknown[];
  disposable: boolean;
  verify: string;
  settled: boolean;
  preimage: string | null;
}

/**
 * A development node, a connector and the LNURL side on one embedded table, with alice, who has an option of 3,000 sat
 * beside the open one. All run on one wall clock, which can be set ahead.
 */
export async function openStage({
  invoiceRequestLimits = UNLIMITED,
}: {
  invoiceRequestLimits?: InvoiceRequestLimits;
} = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-lnurl-'));
  let aheadMs = 0;
  const nowMs = () => Date.now() + aheadMs;
  const clock = () => new Date(nowMs());
  const shared = { network: 'regtest', clock: nowMs, random: randomBytes } as const;
  const node = await startDevNode({ ...shared, dir: join(dir, 'jar'), alias: 'jar' });
  const startPayer = (name: string, clock = nowMs) =>
    startDevNode({ ...shared, clock, dir: join(dir, name), alias: name, peers: [node] });
  const payers = [await startPayer('payer')];
  const macaroon = node.bakeMacaroon(CALLS);
  writeFileSync(join(dir, 'ampjar.macaroon'), macaroon);
  const tables = await openEmbeddedTable({ dir: join(dir, 'table'), clock: nowMs });
  const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  const expiry = { AttributeName: TTL, Enabled: true };
  await ledger.client.send(
    new UpdateTimeToLiveCommand({ TableName: ledger.table, TimeToLiveSpecification: expiry }),
  );
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, clock());
  const coffee = await addOption(
    ledger,
    'alice',
    { label: 'Coffee', amountMsat: 3_000_000n },
    clock(),
    randomBytes,
  );

  const hints = new WakeQueue();
  const lnurl = (more: Partial<LnurlOptions> = {}) =>
    lnurlApp({
      ledger,
      baseUrl: BASE_URL,
      clock,
      steadyMs: () => performance.now(),
      sleep: setTimeout,
      random: randomBytes,
      hint: async (id) => hints.push(id),
      addressOf: (c) => c.req.header('x-test-address') ?? '192.0.2.1',
      clientRate: { perSecond: 1_000, burst: 1_000 },
      report: (error) => {
        throw error;
      },
      ...more,
    });
  const app = lnurl();

  let mints = 0;
  /** Connectors that run now. */
  const running = new Set<{ stop(): Promise<void> }>();
  function startConnector() {
    const connector = new Connector({
      ledger,
      connect: async () => {
        const lnd = connectLnd({ socket: node.socket, cert: readFileSync(node.certPath), macaroon });
        return {
          ...lnd,
          addBolt11Invoice(terms) {
            mints++;
            return lnd.addBolt11Invoice(terms);
          },
        };
      },
      log: silent,
      clock,
      steadyMs: () => performance.now(),
      sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => {}),
      chance: Math.random,
      unique: randomUUID,
      random: randomBytes,
      version: '0.0.0',
      holder: 'stage',
      expirySeconds: 31_536_000,
      routeHints: false,
      wakeMessages: hints,
      invoiceRequestLimits,
    });
    const abort = new AbortController();
    const run = connector.run(abort.signal);
    const started = {
      connector,
      live: () => until(async () => connector.health.state === 'live'),
      async stop() {
        running.delete(started);
        abort.abort();
        await run;
      },
    };
    running.add(started);
    return started;
  }

  const get = async (path: string, headers: Record<string, string> = {}, asked = app): Promise<Answer> =>
    (await (await asked.request(path, { headers })).json()) as Answer;

  return {
    dir,
    node,
    tables,
    ledger,
    coffee,
    /** How many plain invoices the node was asked for. */
    mints: () => mints,
    clock,
    app,
    lnurl,
    startConnector,
    /** Tell the connector what the table has for it. */
    hint: (text: string) => hints.push(text),
    startPayer: async (name: string, clock?: () => number) => {
      const payer = await startPayer(name, clock);
      payers.push(payer);
      return payer;
    },
    /** Set the wall clock ahead, for all but who was given another. */
    setAhead: (ms: number) => {
      aheadMs += ms;
    },
    get,
    /** Ask for an invoice of alice. @param query of the callback */
    callback: (query: string, headers?: Record<string, string>, asked?: typeof app) =>
      get(`/.well-known/lnurlp/alice/callback?${query}`, headers, asked),
    pay: (paymentRequest: string, payer = payers[0]!): Promise<Payment> => payer.pay({ paymentRequest }),
    async close() {
      for (const each of running) await each.stop();
      await Promise.all([...payers.map((payer) => payer.stop()), node.stop()]);
      await tables.close();
      rmSync(dir, { recursive: true });
    },
  };
}

export type Stage = Awaited<ReturnType<typeof openStage>>;
