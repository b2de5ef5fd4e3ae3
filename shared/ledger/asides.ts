import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { bytes, type Of, optional, record, small, text } from './codec.ts';
import { keyItem, keys } from './keys.ts';
import { queryAll } from './read.ts';
import type { Ledger } from './table.ts';
import { ABSENT, put } from './transaction.ts';

/** An event that can't be booked, kept whole with the reason. */
export interface AsideEvent {
  readonly reason: string;
  /** The event as JSON. */
  readonly event: string;
}

const asideItem = record({
  reason: text,
  event: bytes,
  /** Bytes that the event had, when it was too large for an item and only its start is kept. */
  cutFrom: optional(small),
});

/** DynamoDB takes 400 kB an item; what does not compress at all stays below, too. */
const MOST_EVENT_BYTES = 350_000;

/** An event that was set aside: `event` is its JSON, gzipped. */
export type Aside = Of<typeof asideItem.fields>;

/**
 * The action that keeps an event. Its key follows from its content: told again, it is the same item. An
 * event that no item can hold is cut, for nothing that a payer sends may stop what comes behind it.
 */
export function asideAction(table: string, node: string, { reason, event }: AsideEvent): TransactWriteItem {
  const digest = createHash('sha256').update(`${reason}\n${event}`).digest('hex');
  const zipped = gzipSync(event);
  const whole = Buffer.from(event);
  const kept =
    zipped.length <= MOST_EVENT_BYTES
      ? { event: zipped }
      : { event: gzipSync(whole.subarray(0, MOST_EVENT_BYTES)), cutFrom: whole.length };
  const item = asideItem.toItem({ reason, ...kept });
  return put(table, { ...keyItem(keys.aside(node, digest)), ...item }, ABSENT);
}

/** All events of a node that are set aside. */
export async function* readAsides(ledger: Ledger, node: string): AsyncGenerator<Aside> {
  const query = {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: keys.aside(node, '').pk } },
  };
  for await (const item of queryAll(ledger, query)) yield asideItem.fromItem(item);
}
