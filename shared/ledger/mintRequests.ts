import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { moment, type Of, optional, record, text } from './codec.ts';
import { keyItem, keys } from './keys.ts';
import { queryAll, queryPage } from './read.ts';
import type { Ledger } from './table.ts';
import { put, remove } from './transaction.ts';

const mintRequestItem = record({
  due: moment,
  optionId: text,
  handle: text,
  /** The node with which it lies; without one, with the node of all creators that have none of their own. */
  node: optional(text),
  /** The payment address of an invoice that is to be replaced, whatever its state. */
  replaces: optional(text),
});

/** An option that is due for a new invoice at a time. The mint requests of a node lie in one partition in order of that time. */
export type MintRequest = Of<typeof mintRequestItem.fields>;

const keyOf = ({ due, optionId, node }: MintRequest) => keys.want(due, optionId, node);

export const mintRequestAction = (table: string, mintRequest: MintRequest): TransactWriteItem =>
  put(table, { ...keyItem(keyOf(mintRequest)), ...mintRequestItem.toItem(mintRequest) });

export const mintDoneAction = (table: string, mintRequest: MintRequest): TransactWriteItem =>
  remove(table, keyOf(mintRequest));

/** The mint requests with a node, or with none, that are due, the longest waiting first. */
export async function* dueMintRequests(
  ledger: Ledger,
  now: Date,
  node?: string,
): AsyncGenerator<MintRequest> {
  const { pk, sk } = keys.want(new Date(now.getTime() + 1), '', node);
  const query = {
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND sk < :until',
    ExpressionAttributeValues: { ':pk': { S: pk }, ':until': { S: sk } },
  };
  for await (const item of queryAll(ledger, query)) yield mintRequestItem.fromItem(item);
}

/** When the first mint request is due of those with a node, or with none; undefined when there is none. */
export async function firstMintRequest(ledger: Ledger, node?: string): Promise<Date | undefined> {
  const { items } = await queryPage(ledger, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: keys.want(new Date(0), '', node).pk } },
    Limit: 1,
  });
  return items[0] && mintRequestItem.fromItem(items[0]).due;
}
