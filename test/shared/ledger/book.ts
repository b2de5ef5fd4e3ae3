import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  type DynamoDBClient,
  ScanCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { openEmbeddedTable } from '../../../local/table/index.ts';
import type { Item } from '../../../shared/ledger/codec.ts';
import {
  type Ledger,
  type NewInvoice,
  type NewTip,
  openOptionId,
  readNode,
  tableDefinition,
  takeLease,
} from '../../../shared/ledger/index.ts';
import { withoutRevision } from './revision.ts';

export const NOW = new Date('2026-11-24T11:00:31.500Z');
export const LATER = new Date('2027-09-20T11:00:31.500Z');
export const NODE = `02${'ab'.repeat(32)}`;

export const hex = (text: string) => createHash('sha256').update(text).digest('hex');

/** A new table in a folder of its own. */
export async function openBook() {
  const dir = await mkdtemp(join(tmpdir(), 'ampjar-ledger-'));
  const tables = await openEmbeddedTable({ dir, clock: () => NOW.getTime() });
  const ledger: Ledger = { client: demandingRevision(tables.client()), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  const close = async () => {
    await tables.close();
    await rm(dir, { recursive: true });
  };
  return { ledger, tables, close };
}

/** A client that refuses a transaction which writes sums of a creator past the version of their totals. */
function demandingRevision(client: DynamoDBClient): DynamoDBClient {
  const send = client.send.bind(client) as (command: unknown, options?: unknown) => Promise<unknown>;
  client.send = (async (command: { input: { TransactItems?: TransactWriteItem[] } }, options?: unknown) => {
    const past = withoutRevision(command.input.TransactItems ?? []);
    if (past.length > 0) throw new Error(`a transaction writes past the version of ${past}`);
    return send(command, options);
  }) as typeof client.send;
  return client;
}

/** The lease on the node, taken from whoever holds it. */
export async function lead(ledger: Ledger, holder = 'first') {
  const seen = await readNode(ledger, NODE);
  const lease = await takeLease(ledger, { node: NODE, network: 'regtest', holder, seen });
  if (!lease) throw new Error('nobody else is there to take the lease');
  return lease;
}

/** An invoice as a node would tell of it; the ledger does not look into payment requests. */
export const minted = (handle: string, name: string, optionId = openOptionId(handle)): NewInvoice => ({
  handle,
  optionId,
  paymentRequest: `lnbcrt1${hex(`request ${name}`)}`,
  paymentAddr: hex(`address ${name}`),
  payee: NODE,
  createdAt: NOW,
  expiresAt: LATER,
  node: NODE,
  addIndex: 7n,
});

/** A payment to an invoice. */
export const paid = (invoice: NewInvoice, name: string, more: Partial<NewTip> = {}): NewTip => ({
  via: 'amp',
  setId: hex(`set ${name}`),
  paymentAddr: invoice.paymentAddr,
  handle: invoice.handle,
  optionId: invoice.optionId,
  amountMsat: 1_000n,
  settledAt: NOW,
  settleIndex: 1n,
  shards: 1,
  event: JSON.stringify({ name }),
  ...more,
});

/** All that a listing tells. */
export async function gather<T>(listing: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of listing) all.push(each);
  return all;
}

/** Everything that is in the table. */
export async function scan({ client, table }: Ledger): Promise<Item[]> {
  const items: Item[] = [];
  let lastKey: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: table, ...(lastKey && { ExclusiveStartKey: lastKey }) }),
    );
    items.push(...(page.Items ?? []));
    lastKey = page.LastEvaluatedKey;
  } while (lastKey);
  return items;
}

/** A client that runs something around a command of a name, the first or the nth: a rival before it, or a lost answer after. */
export function around(
  { client, table }: Ledger,
  command: string,
  { before, after }: { before?: () => Promise<unknown>; after?: () => void },
  nth = 1,
): Ledger {
  let met = 0;
  const send = async (sent: { constructor: { name: string } }) => {
    const isIt = sent.constructor.name === command && ++met === nth;
    if (isIt) await before?.();
    const answer = await client.send(sent as never);
    if (isIt) after?.();
    return answer;
  };
  return { client: { send } as unknown as DynamoDBClient, table };
}
