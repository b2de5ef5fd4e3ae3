import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Connector } from '../../connector/connector.ts';
import { CALLS } from '../../connector/lnd.ts';
import { checkMacaroon } from '../../connector/macaroon.ts';
import { systemConnector } from '../../connector/system.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import {
  addCreator,
  addOption,
  type CurrentInvoice,
  type Ledger,
  readCreatorWithInvoice,
  readFeed,
  readInvoice,
  readTip,
  readTotals,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { addPlainInvoice, ampStates } from './harness/invoices.ts';
import { connectNetwork } from './harness/network.ts';
import { keysend, payAmp, payAmpTo, payPlain } from './harness/pay.ts';

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;
const dir = mkdtempSync(join(tmpdir(), 'ampjar-connector-'));
const tables = await openEmbeddedTable({ dir, clock: Date.now });
const ledger: Ledger = { client: tables.client(), table: 'ampjar' };

let macaroonPath: string;
let running: { connector: Connector; stop: () => Promise<void> } | undefined;

function start() {
  const stop = new AbortController();
  const connector = systemConnector(
    { socket: jar.socket, certPath: jar.certPath, macaroonPath },
    {
      ledger,
      log: pino({ level: process.env.LOG_LEVEL ?? 'silent' }),
      holder: 'regtest',
      expirySeconds: 31_536_000,
      routeHints: false,
    },
    5_000,
  );
  const done = connector.run(stop.signal);
  running = {
    connector,
    stop: async () => {
      stop.abort();
      await done;
      running = undefined;
    },
  };
  return running;
}

/** Ask again until there is an answer; the test's own time limit ends it. */
async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    await setTimeout(50);
  }
}

const currentOf = (handle: string, optionId?: string): Promise<CurrentInvoice> =>
  until(async () => (await readCreatorWithInvoice(ledger, handle, optionId)).invoice);
const tipOf = (setId: string) => until(() => readTip(ledger, setId));

/** Rows, totals, feed and the invoices' sums equal lnd's own books, to the msat. */
async function expectBooksOf(handle: string, invoices: readonly CurrentInvoice[]) {
  const sets = new Map<string, bigint>();
  for (const { paymentAddr } of invoices) {
    let sum = 0n;
    const states = [...(await ampStates(jar, paymentAddr))];
    for (const [setId, { amt_paid_msat }] of states) {
      sets.set(setId, BigInt(amt_paid_msat));
      sum += BigInt(amt_paid_msat);
    }
    await until(async () => (await readInvoice(ledger, paymentAddr))?.count === BigInt(states.length));
    expect(await readInvoice(ledger, paymentAddr)).toMatchObject({ receivedMsat: sum });
  }
  const rows = [];
  let before: bigint | undefined;
  do {
    const page = await readFeed(ledger, handle, { limit: 100, ...(before !== undefined && { before }) });
    rows.push(...page.tips);
    before = page.next;
  } while (before !== undefined);
  expect(new Map(rows.map(({ setId, amountMsat }) => [setId, amountMsat]))).toEqual(sets);
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, at) => BigInt(rows.length - at)));
  const sum = rows.reduce((total, { amountMsat }) => total + amountMsat, 0n);
  expect(await readTotals(ledger, handle)).toMatchObject({ count: BigInt(rows.length), amountMsat: sum });
}

beforeAll(async () => {
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  macaroonPath = await jar.bakeMacaroon([...CALLS]);
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, new Date());
  start();
});

afterAll(async () => {
  await running?.stop();
  await tables.close();
  network.disconnect();
  rmSync(dir, { recursive: true });
});

describe('the connector beside a real lnd', () => {
  it('refuses a macaroon that can spend, and says how to bake the right one', () => {
    expect(() => checkMacaroon(readFileSync(jar.adminMacaroonPath))).toThrow(
      /more than .*lncli bakemacaroon/,
    );
  });

  it('books payments to an open invoice: odd msat, five shards, a message', async () => {
    const invoice = await currentOf('alice');
    const { paymentRequest } = invoice;
    const paid = [
      await payAmp(payer, { paymentRequest, amountMsat: 1_000_000n }),
      await payAmp(payer, { paymentRequest, amountMsat: 12_345_678n }),
      await payAmp(payer, { paymentRequest, amountMsat: 500_000_000n, maxShardMsat: 100_000_000n }),
      await payAmp(payer, {
        paymentRequest,
        amountMsat: 2_100_000n,
        records: new Map([[34349334n, Buffer.from('Great post! ☕')]]),
      }),
    ];
    expect(paid.map(({ status }) => status)).toEqual(Array(4).fill('SUCCEEDED'));
    expect(await tipOf(paid[1]!.setId)).toMatchObject({ amountMsat: 12_345_678n, handle: 'alice' });
    expect((await tipOf(paid[2]!.setId)).shards).toBeGreaterThanOrEqual(5);
    expect(await tipOf(paid[3]!.setId)).toMatchObject({ message: 'Great post! ☕' });
    await expectBooksOf('alice', [invoice]);
  });

  it('books fixed amounts and overpayments, among plain and keysend payments; underpaying is refused', async () => {
    await addCreator(ledger, { handle: 'bob', name: 'Bob' }, new Date());
    const { id } = await addOption(
      ledger,
      'bob',
      { label: 'Coffee', amountMsat: 3_000_000n },
      new Date(),
      randomBytes,
    );
    running!.connector.hint();
    const invoice = await currentOf('bob', id);
    const { paymentRequest, paymentAddr } = invoice;
    const dest = jar.pubkey;
    const exact = await payAmp(payer, { paymentRequest });
    const plain = await addPlainInvoice(jar, { amountMsat: 1_234_000n });
    await payPlain(payer, { paymentRequest: plain.paymentRequest });
    const over = await payAmpTo(payer, { dest, paymentAddr, amountMsat: 4_000_000n });
    await keysend(payer, { dest, amountMsat: 55_000n });
    const under = await payAmpTo(payer, { dest, paymentAddr, amountMsat: 2_999_000n });
    expect([exact.status, over.status, under.status]).toEqual(['SUCCEEDED', 'SUCCEEDED', 'FAILED']);
    await tipOf(over.setId);
    await expectBooksOf('bob', [invoice]);
    expect(await readTotals(ledger, 'bob')).toMatchObject({ count: 2n, amountMsat: 7_000_000n });
  });

  it('finds what was paid while it was away, and what came while lnd was killed and started again', async () => {
    const invoice = await currentOf('alice');
    const { paymentRequest } = invoice;
    await running!.stop();
    const away = await payAmp(payer, { paymentRequest, amountMsat: 7_000n });
    start();
    await tipOf(away.setId);
    await jar.kill('SIGKILL');
    await jar.start();
    await network.awaitChannels();
    const after = await payAmp(payer, { paymentRequest, amountMsat: 8_000n });
    expect(after.status).toBe('SUCCEEDED');
    await tipOf(after.setId);
    await expectBooksOf('alice', [invoice]);
  });

  it('books 200 concurrent payments to five invoices', async () => {
    const handles = ['carol', 'dora', 'erin', 'frank', 'grace'];
    for (const handle of handles) await addCreator(ledger, { handle, name: handle }, new Date());
    running!.connector.hint();
    const invoices = await Promise.all(handles.map((handle) => currentOf(handle)));
    const paid = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        payAmp(payer, { paymentRequest: invoices[at % 5]!.paymentRequest, amountMsat: BigInt(1_000 + at) }),
      ),
    );
    expect(paid.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
    for (const [at, handle] of handles.entries()) await expectBooksOf(handle, [invoices[at]!]);
  });

  it('notices a node that went silent, and goes on when it is back', async () => {
    const invoice = await currentOf('alice');
    await until(async () => running!.connector.health.state === 'live');
    jar.pause();
    await until(async () => running!.connector.health.state === 'connecting');
    jar.resume();
    const paid = await until(async () => {
      const tried = await payAmp(payer, { paymentRequest: invoice.paymentRequest, amountMsat: 9_000n });
      return tried.status === 'SUCCEEDED' && tried;
    });
    await tipOf(paid.setId);
    await expectBooksOf('alice', [invoice]);
  });
});
