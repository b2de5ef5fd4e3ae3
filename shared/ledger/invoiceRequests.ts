import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Item, moment, type Of, oneOf, optional, record, text, whole } from './codec.ts';
import { listedAttributes } from './creators.ts';
import { keyItem, keys, listed } from './keys.ts';
import { getItem, getItems, queryAll } from './read.ts';
import { type Ledger, LISTED, TTL } from './table.ts';
import { ABSENT, equals, put, transact } from './transaction.ts';
import { write } from './write.ts';

const requestItem = record({
  /** 22 characters of base64url: what the asker polls and proves by, so nobody else may learn it. */
  id: text,
  handle: text,
  optionId: text,
  amountMsat: whole,
  /** What the payer wrote. */
  comment: optional(text),
  /** SHA-256 of the LNURL metadata, hex: what the invoice commits to (LUD-06). */
  descriptionHash: text,
  /** Stands for the asker's address, to bound how often one asks; it can't be turned back. */
  client: text,
  createdAt: moment,
  status: oneOf('open', 'minted', 'refused'),
  /** Why it was refused. */
  reason: optional(text),
  paymentRequest: optional(text),
  /** hex */
  paymentHash: optional(text),
  expiresAt: optional(moment),
});

/** Someone asks for a BOLT11 invoice of their own: a question to the connector, and its answer. */
export type InvoiceRequest = Of<typeof requestItem.fields>;
export type NewInvoiceRequest = Omit<
  InvoiceRequest,
  'status' | 'reason' | 'paymentRequest' | 'paymentHash' | 'expiresAt'
>;
export type InvoiceReply =
  | { status: 'minted'; paymentRequest: string; paymentHash: string; expiresAt: Date }
  | { status: 'refused'; reason: string };

/** An invoice request that nobody answered is of no use to anyone after this. */
const OPEN_FOR_MS = 600_000;
/** After its invoice expired, an invoice request still tells for a day whether it was paid. */
const TOLD_FOR_MS = 86_400_000;

/** The open asks lie in so many lists, for one partition of the index would bound how many can be asked a second. */
export const INVOICE_REQUEST_LISTS = 8;
const listOf = (id: string) => id.charCodeAt(0) % INVOICE_REQUEST_LISTS;

/** Ask for an invoice. The id must be new and random. */
export const putInvoiceRequest = (ledger: Ledger, request: NewInvoiceRequest) =>
  putInvoiceRequests(ledger, [request]);

/** Ask for invoices, at most 100. @returns of each whether its id was new, as one that is tried again is not */
export const putInvoiceRequests = (
  ledger: Ledger,
  requests: readonly NewInvoiceRequest[],
): Promise<boolean[]> =>
  writeAll(
    ledger,
    requests.map((request) => {
      const open = listedAttributes(listed.invoiceRequest(listOf(request.id), request.createdAt, request.id));
      const item = toItem({ ...request, status: 'open' }, request.createdAt.getTime() + OPEN_FOR_MS);
      return put(ledger.table, { ...item, ...open }, ABSENT);
    }),
  );

/** An invoice request as it is now. */
export async function readInvoiceRequest(ledger: Ledger, id: string): Promise<InvoiceRequest | undefined> {
  const item = await getItem(ledger, keys.invoiceRequest(id), { consistent: true });
  return item && requestItem.fromItem(item);
}

/** Asks as they are now, in the order of their ids, undefined where there is none. */
export async function readInvoiceRequests(
  ledger: Ledger,
  ids: readonly string[],
): Promise<(InvoiceRequest | undefined)[]> {
  const items = await getItems(ledger, ids.map(keys.invoiceRequest), { consistent: true });
  return items.map((item) => item && requestItem.fromItem(item));
}

/**
 * Answer an open ask.
 * @returns false when it was answered before, or is gone
 */
export const replyToInvoiceRequest = async (
  ledger: Ledger,
  request: InvoiceRequest,
  answer: InvoiceReply,
): Promise<boolean> => (await replyToInvoiceRequests(ledger, [{ request, answer }]))[0]!;

/** Answer open asks, at most 100. @returns of each whether it was open still */
export const replyToInvoiceRequests = (
  ledger: Ledger,
  answers: readonly { request: InvoiceRequest; answer: InvoiceReply }[],
): Promise<boolean[]> =>
  writeAll(
    ledger,
    answers.map(({ request, answer }) => {
      const until = answer.status === 'minted' ? answer.expiresAt : request.createdAt;
      const item = toItem({ ...request, ...answer }, until.getTime() + TOLD_FOR_MS);
      return put(ledger.table, item, equals('status', { S: 'open' }));
    }),
  );

/** The open asks of one of the {@link INVOICE_REQUEST_LISTS} lists, the longest waiting first. The index may be a moment behind. */
export async function* pendingInvoiceRequests(ledger: Ledger, list: number): AsyncGenerator<InvoiceRequest> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :asks',
    ExpressionAttributeValues: { ':asks': { S: listed.invoiceRequest(list, new Date(0), '').listPk } },
  };
  for await (const item of queryAll(ledger, query)) yield requestItem.fromItem(item);
}

const toItem = (request: InvoiceRequest, vanishesMs: number): Item => ({
  ...keyItem(keys.invoiceRequest(request.id)),
  ...requestItem.toItem(request),
  [TTL]: { N: String(Math.ceil(vanishesMs / 1000)) },
});

/**
 * Make each write on its condition. One alone costs half of what it does in a transaction; several in one cost a fraction
 * of the time, and when one of them is refused each is made by itself.
 * @returns of each whether it was made
 */
async function writeAll(ledger: Ledger, actions: readonly TransactWriteItem[]): Promise<boolean[]> {
  if (actions.length > 1 && !(await transact(ledger, [...actions]))) return actions.map(() => true);
  return Promise.all(actions.map(async (action) => (await write(ledger, action)).done));
}
