import { type Item, moment, type Of, oneOf, optional, record, text, whole } from './codec.ts';
import { type Creator, creatorFromItem, listedAttributes } from './creators.ts';
import { openOptionId } from './handles.ts';
import { keyItem, keys, listed } from './keys.ts';
import { fence, type Lease, LeaseLostError } from './lease.ts';
import { getItem, getItems, queryAll } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { ABSENT, equals, put, transact, update } from './transaction.ts';
import { unwantAction, type Want, wantAction } from './wants.ts';

const currentFields = {
  handle: text,
  optionId: text,
  paymentRequest: text,
  paymentAddr: text,
  payee: text,
  amountMsat: optional(whole),
  createdAt: moment,
  expiresAt: moment,
};
const currentItem = record(currentFields);
const invoiceItem = record({
  ...currentFields,
  node: text,
  status: oneOf('current', 'retired'),
  /** lnd's index of the invoice. */
  addIndex: whole,
  /** Payments booked on it, and their sum: what the audit holds against lnd's own. */
  count: whole,
  receivedMsat: whole,
});

/** The invoice that a tip option hands out now. */
export type CurrentInvoice = Of<typeof currentItem.fields>;
/** An invoice for ever: the attribution of what is paid to its payment address. */
export type Invoice = Of<typeof invoiceItem.fields>;

/** An invoice as minted, before the table knows it. */
export type NewInvoice = Omit<Invoice, 'status' | 'count' | 'receivedMsat'>;

const fromItem = (item: Item | undefined) => item && invoiceItem.fromItem(item);

/** An invoice by its payment address (hex). */
export async function readInvoice(ledger: Ledger, paymentAddr: string): Promise<Invoice | undefined> {
  return fromItem(await getItem(ledger, keys.invoice(paymentAddr)));
}

/** Invoices by payment address as they are now, in that order. */
export async function readInvoices(
  ledger: Ledger,
  addrs: readonly string[],
): Promise<(Invoice | undefined)[]> {
  return (await getItems(ledger, addrs.map(keys.invoice), { consistent: true })).map(fromItem);
}

/** A creator and the current invoice of one of their options, the open one if none is named: one request. */
export async function readCreatorWithInvoice(
  ledger: Ledger,
  handle: string,
  optionId = openOptionId(handle),
  options: { consistent?: boolean } = {},
): Promise<{ creator: Creator | undefined; invoice: CurrentInvoice | undefined }> {
  const [creator, current] = await getItems(
    ledger,
    [keys.creator(handle), keys.current(handle, optionId)],
    options,
  );
  return { creator: creatorFromItem(creator), invoice: current && currentItem.fromItem(current) };
}

/** All invoices that the table knows of a node, for the audit. */
export async function* invoicesOfNode(ledger: Ledger, node: string): AsyncGenerator<Invoice> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :node',
    ExpressionAttributeValues: { ':node': { S: listed.invoice(node, '').listPk } },
  };
  for await (const item of queryAll(ledger, query)) yield invoiceItem.fromItem(item);
}

/**
 * Put a minted invoice in: its attribution, the pointer to it, the retirement of the one before and the next want, in
 * one transaction, before anyone can be handed it.
 * @param previous the current invoice that was seen; when it is another by now, nothing is written
 * @param want the want that this answers, if any; `renewAt` is when the option wants the next one
 * @returns false when another was quicker
 * @throws LeaseLostError
 */
export async function putCurrentInvoice(
  ledger: Ledger,
  lease: Lease,
  {
    invoice,
    previous,
    want,
    renewAt,
  }: {
    invoice: NewInvoice;
    previous: CurrentInvoice | undefined;
    want: Want | undefined;
    renewAt: Date;
  },
): Promise<boolean> {
  const { table } = ledger;
  const { handle, optionId } = invoice;
  const refused = await transact(ledger, [
    fence(table, lease, { addIndex: invoice.addIndex }),
    attribution(table, invoice, 'current'),
    put(
      table,
      { ...keyItem(keys.current(handle, optionId)), ...currentItem.toItem(invoice) },
      previous ? equals('paymentAddr', { S: previous.paymentAddr }) : ABSENT,
    ),
    ...(previous ? [retirement(table, previous)] : []),
    ...(want ? [unwantAction(table, want)] : []),
    wantAction(table, { due: renewAt, optionId, handle }),
  ]);
  if (refused?.[0]) throw new LeaseLostError(lease);
  return refused === undefined;
}

/**
 * Put an invoice in that was found at the node and is not to be handed out: what is paid to it is its creator's.
 * @returns false when the table knows it already. @throws LeaseLostError
 */
export async function putRetiredInvoice(ledger: Ledger, lease: Lease, invoice: NewInvoice): Promise<boolean> {
  const refused = await transact(ledger, [
    fence(ledger.table, lease),
    attribution(ledger.table, invoice, 'retired'),
  ]);
  if (refused?.[0]) throw new LeaseLostError(lease);
  return refused === undefined;
}

const attribution = (table: string, invoice: NewInvoice, status: Invoice['status']) =>
  put(
    table,
    {
      ...keyItem(keys.invoice(invoice.paymentAddr)),
      ...invoiceItem.toItem({ ...invoice, status, count: 0n, receivedMsat: 0n }),
      ...listedAttributes(listed.invoice(invoice.node, invoice.paymentAddr)),
    },
    ABSENT,
  );

const retirement = (table: string, { paymentAddr }: CurrentInvoice) =>
  update(table, keys.invoice(paymentAddr), {
    set: { status: { S: 'retired' } },
    condition: equals('paymentAddr', { S: paymentAddr }),
  });

/** Drop a want that no longer holds, for its creator is closed. @throws LeaseLostError */
export async function dropWant(ledger: Ledger, lease: Lease, want: Want): Promise<void> {
  const refused = await transact(ledger, [fence(ledger.table, lease), unwantAction(ledger.table, want)]);
  if (refused?.[0]) throw new LeaseLostError(lease);
}
