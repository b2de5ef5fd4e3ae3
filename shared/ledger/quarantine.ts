import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { QueryCommand, type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { bytes, moment, type Of, oneOf, optional, record, small, text } from './codec.ts';
import { listedAttributes } from './creators.ts';
import { keyItem, keys, listed } from './keys.ts';
import { fence, type Lease, LeaseLostError } from './lease.ts';
import type { PaymentKind } from './paymentKinds.ts';
import { getItem, queryAll, queryPage } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import type { Tip } from './tips.ts';
import { ABSENT, equals, put, transact, update } from './transaction.ts';

/** An event that can't be booked, kept whole with the reason. */
export interface EventToQuarantine {
  readonly reason: string;
  /** Of which kind its payment is, where it could be read: it is read again as one of that kind. */
  readonly via?: PaymentKind;
  /** Of the payment, when it has one of 32 bytes. */
  readonly setId?: string;
  /** What tells this event from another of the same payment and reason; the event itself unless given. */
  readonly facts?: string;
  /** The event as JSON. */
  readonly event: string;
}

const quarantinedItem = record({
  reason: text,
  /** The kind of its payment. Releases before did not keep it, and those to come may know kinds that this one does not. */
  via: optional(text),
  event: bytes,
  /** Bytes that the event had, when it was too large for an item and only its start is kept. */
  cutFrom: optional(small),
  /** An operator looks at an open one, and closes it with a reason. */
  status: oneOf('open', 'booked', 'dismissed'),
  note: optional(text),
  closedAt: optional(moment),
});

/** Whether a text is 32 bytes in hex, as set ids, payment addresses and payment hashes are. */
export const is32Bytes = (text: string) => /^[0-9a-f]{64}$/.test(text);

/**
 * An event of a payment, to be set aside: named by its set id, where that is one. lnd tells of the same payment in other
 * words each time, for its sums over the invoice go on, so it is known again by what stays the same.
 */
export const paymentToQuarantine = (
  { via, setId, paymentAddr, amountMsat }: Pick<Tip, 'via' | 'setId' | 'paymentAddr' | 'amountMsat'>,
  told: { reason: string; event: string },
): EventToQuarantine => ({
  reason: told.reason,
  event: told.event,
  via,
  ...(is32Bytes(setId) && { setId, facts: `${paymentAddr} ${amountMsat}` }),
});

/** DynamoDB takes 400 kB an item; what does not compress at all stays below, too. */
const MOST_EVENT_BYTES = 350_000;

/** An event that was set aside: `event` is its JSON, gzipped. */
export type QuarantinedEvent = Of<typeof quarantinedItem.fields> & { readonly id: string };

/** The name of an event: told again, it is the same. It begins with the set id where there is one, to be found by. */
export function quarantineId({ reason, event, setId, facts }: EventToQuarantine): string {
  const digest = createHash('sha256')
    .update(`${reason}\n${facts ?? event}`)
    .digest('hex');
  return setId === undefined ? digest : `${setId}.${digest.slice(0, 16)}`;
}

/**
 * The action that keeps an event, once. An event that no item can hold is cut, for nothing that a payer sends may stop
 * what comes behind it.
 */
export function quarantineAction(
  table: string,
  node: string,
  quarantined: EventToQuarantine,
): TransactWriteItem {
  const { reason, event, via } = quarantined;
  const zipped = gzipSync(event);
  const whole = Buffer.from(event);
  const kept =
    zipped.length <= MOST_EVENT_BYTES
      ? { event: zipped }
      : { event: gzipSync(whole.subarray(0, MOST_EVENT_BYTES)), cutFrom: whole.length };
  const item = quarantinedItem.toItem({ reason, ...(via && { via }), ...kept, status: 'open' });
  const id = quarantineId(quarantined);
  const listing = listedAttributes(listed.aside(node, id));
  return put(table, { ...keyItem(keys.aside(node, id)), ...item, ...listing }, ABSENT);
}

/** All events of a node that are set aside. */
export async function* readQuarantine(ledger: Ledger, node: string): AsyncGenerator<QuarantinedEvent> {
  const query = {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: keys.aside(node, '').pk } },
  };
  for await (const item of queryAll(ledger, query))
    yield { ...quarantinedItem.fromItem(item), id: item.sk!.S! };
}

/** How many events of a node are set aside and open; where they are so many that they fill 1 MB, those of the first of it. */
export async function countOpenQuarantined({ client, table }: Ledger, node: string): Promise<number> {
  const { Count = 0 } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: LISTED,
      Select: 'COUNT',
      KeyConditionExpression: 'listPk = :open',
      ExpressionAttributeValues: { ':open': { S: listed.aside(node, '').listPk } },
    }),
  );
  return Count;
}

/** Those of some set ids that have an event set aside, whatever became of it. */
export async function quarantinedAmong(
  ledger: Ledger,
  node: string,
  setIds: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const setId of setIds) {
    const { pk, sk } = keys.aside(node, `${setId}.`);
    const { items } = await queryPage(ledger, {
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :set)',
      ExpressionAttributeValues: { ':pk': { S: pk }, ':set': { S: sk } },
      Limit: 1,
    });
    if (items.length > 0) found.add(setId);
  }
  return found;
}

/** An event by the id that {@link readQuarantine} gave it. */
export async function readQuarantinedEvent(
  ledger: Ledger,
  node: string,
  id: string,
): Promise<QuarantinedEvent | undefined> {
  const item = await getItem(ledger, keys.aside(node, id), { consistent: true });
  return item && { ...quarantinedItem.fromItem(item), id };
}

/**
 * Close an open event with what became of it and why. It stays in the table.
 * @returns false when it was closed before. @throws LeaseLostError
 */
export async function closeQuarantined(
  ledger: Ledger,
  lease: Lease,
  { id, status, note, now }: { id: string; status: 'booked' | 'dismissed'; note: string; now: Date },
): Promise<boolean> {
  const refused = await transact(ledger, [
    fence(ledger.table, lease),
    update(ledger.table, keys.aside(lease.node, id), {
      set: { note: { S: note }, closedAt: moment.write(now)!, status: { S: status } },
      remove: ['listPk', 'listSk'],
      condition: equals('status', { S: 'open' }),
    }),
  ]);
  if (refused?.[0]) throw new LeaseLostError(lease);
  return refused === undefined;
}

/**
 * Take a closed event's content away, with what its payer wrote, for good. What became of it stays, and that it was there.
 * @returns false when it is open, or not there. @throws LeaseLostError
 */
export async function forgetQuarantined(ledger: Ledger, lease: Lease, id: string): Promise<boolean> {
  const refused = await transact(ledger, [
    fence(ledger.table, lease),
    update(ledger.table, keys.aside(lease.node, id), {
      set: { event: bytes.write(gzipSync('{}'))! },
      condition: {
        expression: 'attribute_exists(pk) AND #status <> :open',
        names: { '#status': 'status' },
        values: { ':open': { S: 'open' } },
      },
    }),
  ]);
  if (refused?.[0]) throw new LeaseLostError(lease);
  return refused === undefined;
}
