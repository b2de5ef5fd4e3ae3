import { type Item, moment, type Of, oneOf, optional, record, text, whole } from './codec.ts';
import { type Creator, creatorFromItem, listedAttributes } from './creators.ts';
import { openOptionId } from './handles.ts';
import { keyItem, keys, listed, prefix } from './keys.ts';
import { fence, type Lease, LeaseLostError } from './lease.ts';
import { memoAction } from './memos.ts';
import { type MintRequest, mintDoneAction, mintRequestAction } from './mintRequests.ts';
import { getItem, getItems, queryAll } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { ABSENT, equals, put, transact, update } from './transaction.ts';

type NewMintRequest = Omit<MintRequest, 'node'>;

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
  /** Sum of the fingerprints of their set ids. */
  setSum: whole,
  retiredAt: optional(moment),
});

/** The invoice that a tip option hands out now. */
export type CurrentInvoice = Of<typeof currentItem.fields>;
/** An invoice for ever: the attribution of what is paid to its payment address. */
export type Invoice = Of<typeof invoiceItem.fields>;

/** An invoice as minted, before the table knows it. */
export type NewInvoice = Omit<Invoice, 'status' | 'count' | 'receivedMsat' | 'setSum' | 'retiredAt'>;

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

/** What options of a creator hand out now, by option id. */
export async function readCurrentInvoices(
  ledger: Ledger,
  handle: string,
  optionIds: readonly string[],
): Promise<Map<string, CurrentInvoice>> {
  const items = await getItems(
    ledger,
    optionIds.map((id) => keys.current(handle, id)),
  );
  const found = items.flatMap((item) => (item ? [currentItem.fromItem(item)] : []));
  return new Map(found.map((current) => [current.optionId, current]));
}

/** The invoices of a node that are handed out now. The index may be a moment behind. */
export const currentInvoices = (ledger: Ledger, node: string) => {
  const { listPk, listSk } = listed.currentInvoice(node, '');
  return listedInvoices(ledger, listPk, listSk, `${listSk}~`);
};

/** The invoices of a node that were retired between two moments, in that order. Without `until` all since then. */
export const retiredInvoices = (ledger: Ledger, node: string, since: Date, until?: Date) => {
  const { listPk, listSk } = listed.retiredInvoice(node, since, '');
  return listedInvoices(
    ledger,
    listPk,
    listSk,
    until ? listed.retiredInvoice(node, until, '').listSk : 'retired~',
  );
};

/** Whether an invoice's item says anything of payments to it. */
export const statesSum = ({ count, receivedMsat, setSum }: Item) =>
  [count, receivedMsat, setSum].some((sum) => sum?.N !== '0');

/** Payment addresses of the invoices that state a sum, by handle. The index may be a moment behind. */
export async function readPaidInvoices(
  ledger: Ledger,
  nodes: AsyncIterable<string>,
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const node of nodes) {
    const query = {
      IndexName: LISTED,
      KeyConditionExpression: 'listPk = :node',
      ExpressionAttributeValues: { ':node': { S: listed.currentInvoice(node, '').listPk } },
    };
    for await (const item of queryAll(ledger, query)) {
      const handle = text.read(item.handle, 'handle');
      if (statesSum(item)) found.set(handle, [...(found.get(handle) ?? []), paymentAddrOf(item)]);
    }
  }
  return found;
}

/** By its key, which stands whatever else an item holds. */
export const paymentAddrOf = (item: Item) => item.pk!.S!.slice(prefix('invoice').length);

async function* listedInvoices(
  ledger: Ledger,
  listPk: string,
  from: string,
  to: string,
): AsyncGenerator<Invoice> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :node AND listSk BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':node': { S: listPk }, ':from': { S: from }, ':to': { S: to } },
  };
  for await (const item of queryAll(ledger, query)) yield invoiceItem.fromItem(item);
}

/**
 * Put a minted invoice in: its attribution, its memo, the pointer to it, the retirement of the one before and the next mint request,
 * in one transaction, before anyone can be handed it.
 * @param mac of the invoice's memo, which is good for it alone from then on
 * @param previous the current invoice that was seen; when it is another by now, nothing is written
 * @param mintRequest the one that this answers, if any; `renewAt` is when the option wants the next one
 * @param now when the previous one is retired
 * @returns false when another was quicker
 * @throws LeaseLostError
 */
export async function putCurrentInvoice(
  ledger: Ledger,
  lease: Lease,
  {
    invoice,
    mac,
    previous,
    mintRequest,
    renewAt,
    now,
  }: {
    invoice: NewInvoice;
    mac?: string;
    previous: CurrentInvoice | undefined;
    mintRequest: MintRequest | undefined;
    renewAt: Date;
    now: Date;
  },
): Promise<boolean> {
  const { table } = ledger;
  const { handle, optionId } = invoice;
  const refused = await transact(ledger, [
    fence(table, lease),
    attribution(table, invoice),
    ...memoOf(table, invoice, mac),
    put(
      table,
      { ...keyItem(keys.current(handle, optionId)), ...currentItem.toItem(invoice) },
      previous ? equals('paymentAddr', { S: previous.paymentAddr }) : ABSENT,
    ),
    ...(previous ? [retirement(table, previous, now)] : []),
    ...(mintRequest ? [mintDoneAction(table, mintRequest)] : []),
    mintRequestAction(table, lyingWith(lease, { due: renewAt, optionId, handle })),
  ]);
  if (refused?.[0]) throw new LeaseLostError(lease);
  return refused === undefined;
}

/**
 * Put an invoice in that was found at the node and is not to be handed out: what is paid to it is its creator's.
 * @param mac of its memo; none when an operator's word stands for it
 * @returns false when the table knows it already, or its memo as another's. @throws LeaseLostError
 */
export async function putRetiredInvoice(
  ledger: Ledger,
  lease: Lease,
  invoice: NewInvoice,
  now: Date,
  mac?: string,
): Promise<boolean> {
  const { table } = ledger;
  const refused = await transact(ledger, [
    fence(table, lease),
    attribution(table, invoice, now),
    ...memoOf(table, invoice, mac),
  ]);
  if (refused?.[0]) throw new LeaseLostError(lease);
  return refused === undefined;
}

const memoOf = (table: string, { paymentAddr }: NewInvoice, mac: string | undefined) =>
  mac === undefined ? [] : [memoAction(table, { mac, paymentAddr })];

const attribution = (table: string, invoice: NewInvoice, retiredAt?: Date) => {
  const { node, paymentAddr } = invoice;
  const status = retiredAt ? ('retired' as const) : ('current' as const);
  return put(
    table,
    {
      ...keyItem(keys.invoice(paymentAddr)),
      ...invoiceItem.toItem({
        ...invoice,
        status,
        count: 0n,
        receivedMsat: 0n,
        setSum: 0n,
        ...(retiredAt && { retiredAt }),
      }),
      ...listedAttributes(
        retiredAt
          ? listed.retiredInvoice(node, retiredAt, paymentAddr)
          : listed.currentInvoice(node, paymentAddr),
      ),
    },
    ABSENT,
  );
};

/** It stays with the node that it is of, whoever retires it: an invoice's payee is its node. */
const retirement = (
  table: string,
  { paymentAddr, payee }: CurrentInvoice,
  now: Date,
  condition = equals('paymentAddr', { S: paymentAddr }),
) =>
  update(table, keys.invoice(paymentAddr), {
    set: {
      status: { S: 'retired' },
      retiredAt: moment.write(now)!,
      ...listedAttributes(listed.retiredInvoice(payee, now, paymentAddr)),
    },
    condition,
  });

/**
 * Retire the invoice of an option that is no more: nobody is handed it from now on, and what is still paid to it is booked.
 * @param mintRequest the one that this answers
 * @returns false when it was retired before
 * @throws LeaseLostError
 */
export async function retireInvoice(
  ledger: Ledger,
  lease: Lease,
  { invoice, mintRequest, now }: { invoice: CurrentInvoice; mintRequest: MintRequest; now: Date },
): Promise<boolean> {
  const { table } = ledger;
  const refused = await transact(ledger, [
    fence(table, lease),
    retirement(table, invoice, now, equals('status', { S: 'current' })),
    mintDoneAction(table, mintRequest),
  ]);
  if (refused?.[0]) throw new LeaseLostError(lease);
  return refused === undefined;
}

/** A mint request where the connector that leads will find it. */
const lyingWith = ({ home, node }: Lease, mintRequest: NewMintRequest): MintRequest =>
  home ? mintRequest : { ...mintRequest, node };

/**
 * Want a new invoice for an option: the connector that leads looks then whether it needs one, or passes the mint request on to that of
 * the creator's node.
 * @throws LeaseLostError
 */
export async function putMintRequest(
  ledger: Ledger,
  lease: Lease,
  mintRequest: NewMintRequest,
): Promise<void> {
  const action = mintRequestAction(ledger.table, lyingWith(lease, mintRequest));
  const refused = await transact(ledger, [fence(ledger.table, lease), action]);
  if (refused?.[0]) throw new LeaseLostError(lease);
}

/** Drop a mint request that no longer holds, and put another in its place, if one is given. @throws LeaseLostError */
export async function dropMintRequest(
  ledger: Ledger,
  lease: Lease,
  mintRequest: MintRequest,
  next?: MintRequest,
): Promise<void> {
  const { table } = ledger;
  if (next && next.due.getTime() === mintRequest.due.getTime() && next.node === mintRequest.node) return;
  const refused = await transact(ledger, [
    fence(table, lease),
    mintDoneAction(table, mintRequest),
    ...(next ? [mintRequestAction(table, next)] : []),
  ]);
  if (refused?.[0]) throw new LeaseLostError(lease);
}
