import { randomBytes } from 'node:crypto';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { type EmbeddedTables, openEmbeddedTable } from '../local/table/index.ts';
import { readAmpInvoice, signAmpInvoice } from '../shared/bolt11/index.ts';
import {
  addCreator,
  type Creator,
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
  /** Alice's. */
  readonly invoice: NewInvoice;
  /** Add another creator. @returns their invoice */
  join(handle: string, shows?: Creator['shows']): Promise<NewInvoice>;
}

/** Open an embedded table with alice and an invoice of hers. No node is behind it. */
export async function openBooks(dir: string): Promise<Books> {
  const now = new Date();
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  const ledger: Ledger = { client: tables.client(), table: TABLE };
  await ledger.client.send(new CreateTableCommand(tableDefinition(TABLE)));
  const nodeKey = randomBytes(32);
  const node = invoiceOf('alice', nodeKey, now).payee;
  const lease = (await takeLease(ledger, { node, network: 'regtest', holder: 'bench', seen: undefined }))!;
  const join = async (handle: string, shows: Creator['shows'] = 'messages') => {
    await addCreator(ledger, { handle, name: handle, shows }, now);
    const invoice = invoiceOf(handle, nodeKey, now);
    const put = { invoice, previous: undefined, mintRequest: undefined, renewAt: invoice.expiresAt, now };
    await putCurrentInvoice(ledger, lease, put);
    return invoice;
  };
  return { tables, ledger, lease, invoice: await join('alice'), join };
}

/** An invoice of a creator's open option, as a node makes it. */
function invoiceOf(handle: string, nodeKey: Uint8Array, now: Date): NewInvoice {
  const terms = {
    network: 'regtest',
    paymentHash: randomBytes(32),
    paymentAddr: randomBytes(32),
    description: 'ampjar:o_bench',
    createdAt: now,
    expirySeconds: 31_536_000,
  } as const;
  const paymentRequest = signAmpInvoice(terms, nodeKey);
  const { payee, paymentAddr, createdAt, expiresAt } = readAmpInvoice(paymentRequest);
  const optionId = openOptionId(handle);
  return {
    handle,
    optionId,
    paymentRequest,
    paymentAddr,
    payee,
    createdAt,
    expiresAt,
    node: payee,
    addIndex: 1n,
  };
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
