import { randomBytes } from 'node:crypto';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { type EmbeddedTables, openEmbeddedTable } from '../local/table/index.ts';
import { readAmpInvoice, signAmpInvoice } from '../shared/invoices/index.ts';
import {
  addCreator,
  type Lease,
  type Ledger,
  type NewInvoice,
  type NewTip,
  openOptionId,
  putCurrentInvoice,
  tableDefinition,
  takeLease,
} from '../shared/ledger/index.ts';
import { TABLE } from './remote.ts';

/** A table with one creator who can be paid, and the right to book for them. */
export interface Books {
  readonly tables: EmbeddedTables;
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly invoice: NewInvoice;
}

/** Open an embedded table with alice and an invoice of hers. No node is behind it. */
export async function openBooks(dir: string): Promise<Books> {
  const now = new Date();
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  const ledger: Ledger = { client: tables.client(), table: TABLE };
  await ledger.client.send(new CreateTableCommand(tableDefinition(TABLE)));
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, now);
  const terms = {
    network: 'regtest',
    paymentHash: randomBytes(32),
    paymentAddr: randomBytes(32),
    description: 'ampjar:o_bench',
    createdAt: now,
    expirySeconds: 31_536_000,
  } as const;
  const paymentRequest = signAmpInvoice(terms, randomBytes(32));
  const { payee, paymentAddr, createdAt, expiresAt } = readAmpInvoice(paymentRequest);
  const invoice: NewInvoice = {
    handle: 'alice',
    optionId: openOptionId('alice'),
    paymentRequest,
    paymentAddr,
    payee,
    createdAt,
    expiresAt,
    node: payee,
    addIndex: 1n,
  };
  const holder = { node: payee, network: 'regtest', holder: 'bench', seen: undefined };
  const lease = (await takeLease(ledger, holder))!;
  const put = { invoice, previous: undefined, want: undefined, renewAt: expiresAt, now };
  await putCurrentInvoice(ledger, lease, put);
  return { tables, ledger, lease, invoice };
}

/** A tip as the connector would book it, with a short message. */
export const aTip = ({ paymentAddr, handle, optionId }: NewInvoice, settleIndex = 1n): NewTip => ({
  via: 'amp',
  setId: randomBytes(32).toString('hex'),
  paymentAddr,
  handle,
  optionId,
  amountMsat: 2_100_000n,
  settledAt: new Date(),
  settleIndex,
  shards: 1,
  message: 'Great post, thank you!',
  event: '{}',
});
