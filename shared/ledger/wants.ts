import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { moment, type Of, optional, record, text } from './codec.ts';
import { keyItem, keys } from './keys.ts';
import { queryAll } from './read.ts';
import type { Ledger } from './table.ts';
import { put, remove } from './transaction.ts';

const wantItem = record({
  due: moment,
  optionId: text,
  handle: text,
  /** The payment address of an invoice that is to be replaced, whatever its state. */
  replaces: optional(text),
});

/** The hint that there is a want, where hints come as texts: no ask has such an id. */
export const WANT_HINT = 'want';

/** An option that is due for a new invoice at a time. The wants lie in one partition in order of that time. */
export type Want = Of<typeof wantItem.fields>;

export const wantAction = (table: string, want: Want): TransactWriteItem =>
  put(table, { ...keyItem(keys.want(want.due, want.optionId)), ...wantItem.toItem(want) });

export const unwantAction = (table: string, want: Want): TransactWriteItem =>
  remove(table, keys.want(want.due, want.optionId));

/** The wants that are due, the longest waiting first. */
export async function* dueWants(ledger: Ledger, now: Date): AsyncGenerator<Want> {
  const { pk, sk } = keys.want(new Date(now.getTime() + 1), '');
  const query = {
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND sk < :until',
    ExpressionAttributeValues: { ':pk': { S: pk }, ':until': { S: sk } },
  };
  for await (const item of queryAll(ledger, query)) yield wantItem.fromItem(item);
}
