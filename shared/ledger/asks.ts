import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Item, moment, type Of, oneOf, optional, record, text, whole } from './codec.ts';
import { listedAttributes } from './creators.ts';
import { keyItem, keys, listed } from './keys.ts';
import { getItem, getItems, queryAll } from './read.ts';
import { type Ledger, LISTED, TTL } from './table.ts';
import { ABSENT, equals, put, transact } from './transaction.ts';
import { write } from './write.ts';

const askItem = record({
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
export type Ask = Of<typeof askItem.fields>;
export type NewAsk = Omit<Ask, 'status' | 'reason' | 'paymentRequest' | 'paymentHash' | 'expiresAt'>;
export type Answer =
  | { status: 'minted'; paymentRequest: string; paymentHash: string; expiresAt: Date }
  | { status: 'refused'; reason: string };

/** An ask that nobody answered is of no use to anyone after this. */
const OPEN_FOR_MS = 600_000;
/** After its invoice expired, an ask still tells for a day whether it was paid. */
const TOLD_FOR_MS = 86_400_000;

/** The open asks lie in so many lists, for one partition of the index would bound how many can be asked a second. */
export const ASK_LISTS = 8;
const listOf = (id: string) => id.charCodeAt(0) % ASK_LISTS;

/** Ask for an invoice. The id must be new and random. */
export const putAsk = (ledger: Ledger, ask: NewAsk) => putAsks(ledger, [ask]);

/** Ask for invoices, at most 100. @returns of each whether its id was new, as one that is tried again is not */
export const putAsks = (ledger: Ledger, asks: readonly NewAsk[]): Promise<boolean[]> =>
  writeAll(
    ledger,
    asks.map((ask) => {
      const open = listedAttributes(listed.ask(listOf(ask.id), ask.createdAt, ask.id));
      const item = toItem({ ...ask, status: 'open' }, ask.createdAt.getTime() + OPEN_FOR_MS);
      return put(ledger.table, { ...item, ...open }, ABSENT);
    }),
  );

/** An ask as it is now. */
export async function readAsk(ledger: Ledger, id: string): Promise<Ask | undefined> {
  const item = await getItem(ledger, keys.ask(id), { consistent: true });
  return item && askItem.fromItem(item);
}

/** Asks as they are now, in the order of their ids, undefined where there is none. */
export async function readAsks(ledger: Ledger, ids: readonly string[]): Promise<(Ask | undefined)[]> {
  const items = await getItems(ledger, ids.map(keys.ask), { consistent: true });
  return items.map((item) => item && askItem.fromItem(item));
}

/**
 * Answer an open ask.
 * @returns false when it was answered before, or is gone
 */
export const answerAsk = async (ledger: Ledger, ask: Ask, answer: Answer): Promise<boolean> =>
  (await answerAsks(ledger, [{ ask, answer }]))[0]!;

/** Answer open asks, at most 100. @returns of each whether it was open still */
export const answerAsks = (
  ledger: Ledger,
  answers: readonly { ask: Ask; answer: Answer }[],
): Promise<boolean[]> =>
  writeAll(
    ledger,
    answers.map(({ ask, answer }) => {
      const until = answer.status === 'minted' ? answer.expiresAt : ask.createdAt;
      const item = toItem({ ...ask, ...answer }, until.getTime() + TOLD_FOR_MS);
      return put(ledger.table, item, equals('status', { S: 'open' }));
    }),
  );

/** The open asks of one of the {@link ASK_LISTS} lists, the longest waiting first. The index may be a moment behind. */
export async function* openAsks(ledger: Ledger, list: number): AsyncGenerator<Ask> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :asks',
    ExpressionAttributeValues: { ':asks': { S: listed.ask(list, new Date(0), '').listPk } },
  };
  for await (const item of queryAll(ledger, query)) yield askItem.fromItem(item);
}

const toItem = (ask: Ask, vanishesMs: number): Item => ({
  ...keyItem(keys.ask(ask.id)),
  ...askItem.toItem(ask),
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
