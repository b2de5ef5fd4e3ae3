import { createHash } from 'node:crypto';
import { bounded } from '../concurrency/bounded.ts';
import { AllowanceError, takeAllowance } from './allowances.ts';
import { updateItem } from './change.ts';
import { type Item, list, moment, type Of, oneOf, optional, record, small, text } from './codec.ts';
import { listedAttributes } from './creators.ts';
import { keyItem, keys, listed } from './keys.ts';
import { getItems, queryAll, queryPage } from './read.ts';
import { type Ledger, LISTED, TTL } from './table.ts';
import { type Tip, tipFromItem, tipKey } from './tips.ts';
import { ABSENT, type Condition, put, transact } from './transaction.ts';
import { type Webhook, webhookFromItem, webhookKey } from './webhooks.ts';
import { write } from './write.ts';

/** What an endpoint is sent: what it asked for, and a test whenever its creator wants one. */
export const DELIVERY_TYPES = ['tip.settled', 'endpoint.disabled', 'endpoint.test'] as const;

/** Pending until it is done, given up as failed, or dropped since the endpoint takes nothing; noted in the log alone. */
export const DELIVERY_STATES = ['pending', 'done', 'failed', 'dropped', 'noted'] as const;

const attemptFields = record({
  at: moment,
  durationMs: small,
  /** The status of the answer, where one came. */
  status: optional(small),
  /** What went wrong, in our own words: nothing that the receiver wrote. */
  error: optional(text),
});

const deliveryItem = record({
  id: text,
  endpointId: text,
  handle: text,
  eventId: text,
  type: oneOf(...DELIVERY_TYPES),
  /** The row that the event is made from when it is sent, so that a text erased meanwhile is not sent. */
  tip: optional(record({ setId: text, node: text }).field),
  /** The event itself where no row holds it, JSON. */
  body: optional(text),
  createdAt: moment,
  state: oneOf(...DELIVERY_STATES),
  /** Why it failed or was dropped. */
  reason: optional(text),
  /** When it is tried next, or since when it has been due at once; while it is being tried, when it is anyone's again. */
  due: optional(moment),
  /** Names the try that is under way. */
  claim: optional(text),
  /** Tries since it was put or replayed. */
  tries: small,
  /** The last of all tries. */
  attempts: list(attemptFields.field),
});

/** What it takes to tell that a delivery is due, whatever else is in it. */
const dueItem = record({ id: text, endpointId: text, handle: text, due: moment });
const DUE_NAMES = Object.keys(dueItem.fields);

/** An event on its way to an endpoint, and how that went. */
export type Delivery = Of<typeof deliveryItem.fields>;
export type Attempt = Of<typeof attemptFields.fields>;
export type DueDelivery = Of<typeof dueItem.fields>;
export type DeliveryRef = Pick<Delivery, 'endpointId' | 'id'>;
/** With the creator whose it is: as it waits for its turn. */
export type QueuedDelivery = Pick<Delivery, 'handle' | 'endpointId' | 'id'>;
/** An event for an endpoint. `at` is when it happened: the order of the log. */
export type NewDelivery = Pick<Delivery, 'endpointId' | 'handle' | 'eventId' | 'type' | 'tip' | 'body'> & {
  readonly at: Date;
};

const KEPT_MS = 30 * 86_400_000;
const MOST_ATTEMPTS = 20;
const PUT_AT_A_TIME = 16;
/** Of those that are due so many are read at a time, of each list. */
const READ_AT_A_TIME = 100;

/** Pending deliveries lie in so many lists; those of an endpoint in one. */
export const DELIVERY_LISTS = 16;
/** The list of an endpoint's. The first character after `we_` is random. */
export const deliveryList = (endpointId: string) => (endpointId.charCodeAt(3) || 0) % DELIVERY_LISTS;

const keyOf = ({ endpointId, id }: DeliveryRef) => keys.delivery(endpointId, id);
/** Where one lies that waits until a time, by the clock of whoever wrote it. */
const listing = ({ endpointId, id }: DeliveryRef, due: Date) =>
  listedAttributes(listed.delivery(deliveryList(endpointId), due, id));
/** Where one lies that waits for nothing: it is due whatever a worker's clock says. */
const listingAtOnce = ({ endpointId, id }: DeliveryRef, now: Date) =>
  listedAttributes(listed.delivery(deliveryList(endpointId), now, id, { isAtOnce: true }));
const vanishing = (now: Date): Item => ({
  [TTL]: { N: String(Math.ceil((now.getTime() + KEPT_MS) / 1000)) },
});

/** The id of an event's delivery: the same whenever it is put, and in the order of the events. It does not lead back to a set id. */
export const deliveryId = (at: Date, eventId: string) =>
  `${String(at.getTime()).padStart(14, '0')}-${createHash('sha256').update(eventId).digest('base64url').slice(0, 16)}`;

/** Whether text has the form of a delivery's id. */
export const isDeliveryId = (text: string) => /^\d{14}-[\w-]{16}$/.test(text);

function newItem({ at, ...given }: NewDelivery, state: 'pending' | 'noted', now: Date) {
  const delivery: Delivery = {
    ...given,
    id: deliveryId(at, given.eventId),
    createdAt: now,
    state,
    ...(state === 'pending' && { due: now }),
    tries: 0,
    attempts: [],
  };
  return {
    delivery,
    item: {
      ...keyItem(keyOf(delivery)),
      ...deliveryItem.toItem(delivery),
      ...(state === 'pending' && listingAtOnce(delivery, now)),
      ...vanishing(now),
    },
  };
}

/**
 * Queue events for endpoints, each once: one that is there already, in whatever state, stays as it is.
 * @returns those that were not there before
 */
export async function enqueueDeliveries(
  ledger: Ledger,
  deliveries: readonly NewDelivery[],
  now: Date,
): Promise<QueuedDelivery[]> {
  const added: QueuedDelivery[] = [];
  await bounded(PUT_AT_A_TIME, deliveries, async (each) => {
    const { delivery, item } = newItem(each, 'pending', now);
    const { handle, endpointId, id } = delivery;
    if ((await write(ledger, put(ledger.table, item, ABSENT))).done) added.push({ handle, endpointId, id });
  });
  return added;
}

/** Write an event into an endpoint's log that it isn't sent. */
export async function noteDelivery(ledger: Ledger, note: NewDelivery, now: Date): Promise<void> {
  await write(ledger, put(ledger.table, newItem(note, 'noted', now).item, ABSENT));
}

/** Queue events once more, whatever became of them before; their log goes on. */
export async function requeueDeliveries(
  ledger: Ledger,
  deliveries: readonly NewDelivery[],
  now: Date,
): Promise<QueuedDelivery[]> {
  const refs: QueuedDelivery[] = [];
  await bounded(PUT_AT_A_TIME, deliveries, async (each) => {
    const { delivery, item } = newItem(each, 'pending', now);
    const { handle, endpointId, id } = delivery;
    refs.push({ handle, endpointId, id });
    if ((await write(ledger, put(ledger.table, item, ABSENT))).done) return;
    const set = {
      state: { S: 'pending' },
      due: moment.write(now)!,
      tries: small.write(0)!,
      ...listingAtOnce(delivery, now),
      ...vanishing(now),
    };
    await updateItem(ledger, keyOf(delivery), { set, remove: ['reason', 'claim'] }, PRESENT_DELIVERY);
  });
  return refs;
}

/**
 * Queue a test event, of which a creator has so many a day. Harmless to repeat.
 * @throws AllowanceError
 */
export async function enqueueTest(ledger: Ledger, test: NewDelivery, now: Date): Promise<QueuedDelivery> {
  const { delivery, item } = newItem(test, 'pending', now);
  const { handle, endpointId, id } = delivery;
  const [there, spent] =
    (await transact(ledger, [
      put(ledger.table, item, ABSENT),
      takeAllowance(ledger.table, 'tests', handle, now),
    ])) ?? [];
  if (spent && !there) throw new AllowanceError('tests', handle, now);
  return { handle, endpointId, id };
}

/** Its time to live may take an item between two writes: then the next replay puts it anew. */
const PRESENT_DELIVERY: Condition = { expression: 'attribute_exists(pk)' };

/**
 * The deliveries of one of the {@link DELIVERY_LISTS} lists that are due: those at once, then the others, each the longest waiting
 * first. The index may be a moment behind; {@link claim} knows better. One that can't be read holds up no other: who claims it will see.
 */
export async function* dueDeliveries(ledger: Ledger, inList: number, now: Date): AsyncGenerator<DueDelivery> {
  const { listPk, listSk } = listed.delivery(inList, new Date(now.getTime() + 1), '');
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :list AND listSk < :until',
    ExpressionAttributeValues: { ':list': { S: listPk }, ':until': { S: listSk } },
    // Not the events: they are read when their turn has come.
    ProjectionExpression: DUE_NAMES.map((name) => `#${name}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(DUE_NAMES.map((name) => [`#${name}`, name])),
    Limit: READ_AT_A_TIME,
  };
  for await (const item of queryAll(ledger, query)) yield dueItem.fromItem(item);
}

/** Since or until when the delivery of a list waits that waits for longest; undefined when none is pending there. */
export async function firstDelivery(ledger: Ledger, inList: number): Promise<Date | undefined> {
  const { listPk, listSk } = listed.delivery(inList, new Date(0), '');
  const first = async (bound: string, values: Item = {}) => {
    const { items } = await queryPage(ledger, {
      IndexName: LISTED,
      KeyConditionExpression: `listPk = :list${bound}`,
      ExpressionAttributeValues: { ':list': { S: listPk }, ...values },
      Limit: 1,
    });
    return items[0] && { item: items[0], ...dueItem.fromItem(items[0]) };
  };
  const next = await first('');
  if (!next || text.read(next.item.listSk, 'listSk') >= listSk) return next?.due;
  // Behind those due at once one may lie that has been due for longer.
  const timed = await first(' AND listSk >= :timed', { ':timed': { S: listSk } });
  return timed && timed.due < next.due ? timed.due : next.due;
}

const PENDING = { names: { '#state': 'state' }, values: { ':pending': { S: 'pending' } } };

/** A hint at a retry may come to a worker whose clock is so much behind that of the one which put it off: it is tried all the same. */
const CLOCKS_APART_MS = 1_000;

/**
 * Take a delivery for a try, so that no other worker tries it until then.
 * @param claimed.as names this try: random
 * @param claimed.until when it is anyone's again, for this worker may die
 * @returns it, or undefined when it isn't pending, not due, or being tried
 */
export async function claim(
  ledger: Ledger,
  ref: DeliveryRef,
  now: Date,
  { as, until }: { as: string; until: Date },
): Promise<Delivery | undefined> {
  const set = { due: moment.write(until)!, claim: { S: as }, ...listing(ref, until) };
  const { listSk } = listing(ref, new Date(now.getTime() + CLOCKS_APART_MS + 1));
  const item = await updateItem(
    ledger,
    keyOf(ref),
    { set },
    {
      // The second half is for a try of the SDK's own after a lost answer.
      expression: '#state = :pending AND (listSk < :until OR #claim = :claim)',
      names: PENDING.names,
      values: { ...PENDING.values, ':until': listSk! },
    },
  );
  return item && deliveryItem.fromItem(item);
}

/** How a try ended, or why there was none. */
export type Ending =
  | { readonly state: 'done' }
  | { readonly state: 'failed' | 'dropped'; readonly reason: string }
  | {
      readonly state: 'pending';
      readonly due: Date;
      /** Nothing was tried, and anyone may try it now. */
      readonly isAtOnce?: true;
    };

/**
 * End the try that a delivery was claimed for.
 * @returns false when it was no longer this try's: another had begun, or it had ended already
 */
export async function finish(
  ledger: Ledger,
  delivery: Delivery,
  { attempt, ending }: { attempt?: Attempt; ending: Ending },
  now: Date,
): Promise<boolean> {
  const { state } = ending;
  const attempts = [...delivery.attempts, ...(attempt ? [attempt] : [])].slice(-MOST_ATTEMPTS);
  const set: Item = {
    state: { S: state },
    tries: small.write(delivery.tries + (attempt ? 1 : 0))!,
    attempts: deliveryItem.fields.attempts.write(attempts)!,
    ...('reason' in ending && { reason: { S: ending.reason } }),
    ...('due' in ending && {
      due: moment.write(ending.due)!,
      ...(ending.isAtOnce ? listingAtOnce : listing)(delivery, ending.due),
    }),
    ...vanishing(now),
  };
  const remove = ['claim', ...(state === 'pending' ? [] : ['due', 'listPk', 'listSk'])];
  const condition = {
    expression: '#state = :pending AND #claim = :mine',
    names: PENDING.names,
    values: { ...PENDING.values, ':mine': { S: delivery.claim! } },
  };
  return (await updateItem(ledger, keyOf(delivery), { set, remove }, condition)) !== undefined;
}

/** Put off a delivery that nobody tries now. @returns false when someone does, or it isn't pending any more */
export async function putOff(ledger: Ledger, delivery: DueDelivery, due: Date): Promise<boolean> {
  const set = { due: moment.write(due)!, ...listing(delivery, due) };
  const condition = {
    expression: '#state = :pending AND #due = :dueWas',
    names: PENDING.names,
    values: { ...PENDING.values, ':dueWas': moment.write(delivery.due)! },
  };
  return (await updateItem(ledger, keyOf(delivery), { set }, condition)) !== undefined;
}

/** Where a delivery goes and what it tells of, as both are now. */
export async function readAddressee(
  ledger: Ledger,
  { handle, endpointId, tip }: Delivery,
): Promise<{ webhook: Webhook | undefined; tip: Tip | undefined }> {
  const wanted = [webhookKey(handle, endpointId), ...(tip ? [tipKey(tip)] : [])];
  const [webhook, row] = await getItems(ledger, wanted, { consistent: true });
  return { webhook: webhookFromItem(webhook), tip: row && tipFromItem(row) };
}

/**
 * A page of an endpoint's log, the newest event first.
 * @param before id of a delivery that all on the page come before; the newest page without it
 * @returns the deliveries, and `next` to pass as `before` when there are more
 */
export async function readDeliveries(
  ledger: Ledger,
  endpointId: string,
  { before, limit }: { before?: string; limit: number },
): Promise<{ deliveries: Delivery[]; next?: string }> {
  const { pk } = keys.delivery(endpointId, '');
  const { items, lastKey } = await queryPage(ledger, {
    ConsistentRead: true,
    KeyConditionExpression: before === undefined ? 'pk = :pk' : 'pk = :pk AND sk < :before',
    ExpressionAttributeValues: {
      ':pk': { S: pk },
      ...(before !== undefined && { ':before': { S: before } }),
    },
    ScanIndexForward: false,
    Limit: limit,
  });
  const deliveries = items.map(deliveryItem.fromItem);
  const last = deliveries.at(-1);
  return { deliveries, ...(lastKey && last && { next: last.id }) };
}
