import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { openEmbeddedTable } from '../../../local/table/index.ts';
import { readAmpInvoice, signAmpInvoice } from '../../../shared/bolt11/index.ts';
import type { AmountLimits } from '../../../shared/contract/money.ts';
import { changeCreator } from '../../../shared/ledger/creators.ts';
import {
  addCreator,
  addOption,
  bookTips,
  type CurrentInvoice,
  closeCreator,
  type Ledger,
  openOptionId,
  putCurrentInvoice,
  type TipOption,
  tableDefinition,
  takeLease,
} from '../../../shared/ledger/index.ts';

/** The time at which all tests of the reading side read. */
export const NOW = new Date('2026-11-24T11:00:31.500Z');

/** What a payer who means no good writes. */
export const HOSTILE = '</script></textarea><b onmouseover="alert(1)">\u202e<img src=x onerror=alert(1)>';

const NODE_KEY = createHash('sha256').update('node of the tests').digest();
const EXPIRY_SECONDS = 300 * 86_400;

const hash = (text: string) => createHash('sha256').update(text).digest();

/** A ledger that counts what it asks of the table. */
export function countingReads({ client, table }: Ledger) {
  let asked = 0;
  const counting = new Proxy(client, {
    get: (target, name) => {
      if (name === 'send') asked++;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { ledger: { client: counting, table }, count: () => asked };
}

/** The invoice of an option, as a node would have made it. */
function mint(handle: string, option: TipOption): CurrentInvoice {
  const paymentRequest = signAmpInvoice(
    {
      network: 'regtest',
      paymentHash: hash(`hash ${option.id}`),
      paymentAddr: hash(`address ${option.id}`),
      ...(option.amountMsat === undefined ? {} : { amountMsat: option.amountMsat }),
      description: `tip ${option.id}`,
      createdAt: NOW,
      expirySeconds: EXPIRY_SECONDS,
    },
    NODE_KEY,
  );
  const { paymentAddr, payee, amountMsat, createdAt, expiresAt } = readAmpInvoice(paymentRequest);
  const terms = { handle, optionId: option.id, paymentRequest, paymentAddr, payee, createdAt, expiresAt };
  return amountMsat === undefined ? terms : { ...terms, amountMsat };
}

/** Give a creator a name as it was taken before there was a rule for them. */
export const nameAsBefore = (ledger: Ledger, handle: string, name: string) =>
  changeCreator(ledger, handle, (creator) => ({ ...creator, name }));

/** Limits as they were taken when any were. */
export const limitsAsBefore = (ledger: Ledger, handle: string, limits: AmountLimits) =>
  changeCreator(ledger, handle, (creator) => ({ ...creator, ...limits }));

/** Alice shows messages, Bob amounts, Carol nothing; Dora has closed, and Erin has no invoice yet. */
export async function openJar() {
  const dir = await mkdtemp(join(tmpdir(), 'ampjar-public-'));
  const tables = await openEmbeddedTable({ dir, clock: () => NOW.getTime() });
  const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));

  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, NOW);
  await nameAsBefore(ledger, 'alice', `Alice ${HOSTILE}`.slice(0, 60));
  await addCreator(ledger, { handle: 'bob', name: 'Bob', shows: 'amounts' }, NOW);
  await addCreator(ledger, { handle: 'carol', name: 'Carol', shows: 'nothing' }, NOW);
  await addCreator(ledger, { handle: 'dora', name: 'Dora', shows: 'amounts' }, NOW);
  await addCreator(ledger, { handle: 'erin', name: 'Erin', shows: 'amounts' }, NOW);
  await closeCreator(ledger, 'dora');
  const fixed = { label: 'Coffee', amountMsat: 3_000_000n };
  const coffeeOption = await addOption(ledger, 'alice', fixed, NOW, (length) => randomBytes(length));

  const openOption = (handle: string): TipOption => ({ id: openOptionId(handle), label: '' });
  const open = mint('alice', openOption('alice'));
  const coffee = mint('alice', coffeeOption);
  const invoices = [open, coffee, mint('bob', openOption('bob')), mint('carol', openOption('carol'))];
  const node = open.payee;
  const lease = await takeLease(ledger, { node, network: 'regtest', holder: 'test', seen: undefined });
  if (lease === undefined) throw new Error('the lease of a new table is free');
  for (const [at, invoice] of invoices.entries()) {
    await putCurrentInvoice(ledger, lease, {
      invoice: { ...invoice, node, addIndex: BigInt(at + 1) },
      previous: undefined,
      mintRequest: undefined,
      renewAt: invoice.expiresAt,
      now: NOW,
    });
  }

  let settled = 0;
  const settle = ({ handle, optionId, paymentAddr }: CurrentInvoice, amountMsat: bigint) => {
    const settleIndex = BigInt(++settled);
    return {
      setId: hash(`set ${settled}`).toString('hex'),
      paymentAddr,
      handle,
      optionId,
      amountMsat,
      settledAt: new Date(NOW.getTime() - 1_000_500 + settled * 1000),
      settleIndex,
      via: 'amp' as const,
      shards: 1,
      message: HOSTILE,
      sender: 'Mallory <i>',
      event: '{}',
    };
  };
  // One amount is no exact JavaScript number.
  const tips = Array.from({ length: 25 }, (_, at) =>
    settle(open, at === 7 ? 2n ** 53n + 1n : BigInt(1000 + at)),
  );
  const others = invoices.slice(2).flatMap((invoice) => [settle(invoice, 5n), settle(invoice, 7n)]);
  await bookTips(ledger, lease, { tips: [...tips, ...others], quarantined: [] });

  return {
    ledger,
    open,
    coffee,
    /** Alice's, from the first to the newest. */
    tips,
    /** A path with the names of what is there: `COFFEE` the fixed option, `ADDR` an invoice, `SET` Alice's newest tip. */
    fill: (path: string) =>
      path
        .replace('COFFEE', coffee.optionId)
        .replace('ADDR', open.paymentAddr)
        .replace('SET', tips.at(-1)!.setId),
    /** Serve the table by HTTP. @returns where */
    listen: async () => `http://127.0.0.1:${(await tables.listen(0)).port}`,
    close: async () => {
      await tables.close();
      await rm(dir, { recursive: true });
    },
  };
}

export type Jar = Awaited<ReturnType<typeof openJar>>;
