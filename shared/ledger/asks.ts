import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Item, moment, type Of, oneOf, optional, record, text, whole } from './codec.ts';
import { listedAttributes } from './creators.ts';
import { keyItem, keys, listed } from './keys.ts';
import { getItem, getItems, queryAll } from './read.ts';
import { type Ledger, LISTED, TTL } from './table.ts';
import { ABSENT, type Condition, equals } from './transaction.ts';

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
export async function putAsk(ledger: Ledger, ask: NewAsk): Promise<void> {
  const open = listedAttributes(listed.ask(listOf(ask.id), ask.createdAt, ask.id));
  const item = { ...toItem({ ...ask, status: 'open' }, ask.createdAt.getTime() + OPEN_FOR_MS), ...open };
  await putItem(ledger, item, ABSENT);
}

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
export async function answerAsk(ledger: Ledger, ask: Ask, answer: Answer): Promise<boolean> {
  const until = answer.status === 'minted' ? answer.expiresAt : ask.createdAt;
  const item = toItem({ ...ask, ...answer }, until.getTime() + TOLD_FOR_MS);
  return putItem(ledger, item, equals('status', { S: 'open' }));
}

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

async function putItem({ client, table }: Ledger, item: Item, condition: Condition): Promise<boolean> {
  const { expression, names, values } = condition;
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: item,
        ConditionExpression: expression,
        ...(names && { ExpressionAttributeNames: names }),
        ...(values && { ExpressionAttributeValues: values }),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
