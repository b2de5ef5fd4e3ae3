import { createHash } from 'node:crypto';
import { flag, type Item, moment, type Of, oneOf, optional, record, small, text, whole } from './codec.ts';
import { listedAttributes } from './creators.ts';
import { type Key, keyItem, keys, listed } from './keys.ts';
import { ofKind, PAYMENT_KIND_NAMES } from './paymentKinds.ts';
import { getItems, queryAll, queryPage } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { write } from './write.ts';

const tipItem = record({
  /** How it came. */
  via: oneOf(...PAYMENT_KIND_NAMES),
  /** hex: the payment's id, which is what its kind says. */
  setId: text,
  node: text,
  paymentAddr: text,
  handle: text,
  optionId: text,
  amountMsat: whole,
  settledAt: moment,
  settleIndex: whole,
  /** Of the creator's tips, in the order of booking, from 1 and without a hole. */
  sequence: whole,
  shards: small,
  message: optional(text),
  sender: optional(text),
  /** Below the minimum that its creator had set: not in the feed. */
  dust: flag,
  /** hex, of a BOLT11 payment: the payer's proof, shown to nobody but them. */
  preimage: optional(text),
  /** Why an operator booked it, though it could not be verified. */
  override: optional(text),
});

/** A payment, booked. */
export type Tip = Of<typeof tipItem.fields>;

export const tipKey = (tip: Pick<Tip, 'setId' | 'node'>): Key => keys.tip(tip.setId, tip.node);
export const tipFromItem = (item: Item): Tip => tipItem.fromItem(item);
export const tipToItem = (tip: Tip): Item => ({
  ...keyItem(tipKey(tip)),
  ...tipItem.toItem(tip),
  ...listedAttributes((tip.dust ? listed.dust : listed.tip)(tip.handle, tip.sequence)),
});

/**
 * The name of a tip in the public feed: follows from what payer and receiver alone know, and does not lead back to it.
 * That is its id where that is a secret; else the payment address with it, which the nodes between don't see.
 */
export const publicTipId = ({ via, setId, paymentAddr }: Pick<Tip, 'via' | 'setId' | 'paymentAddr'>) =>
  createHash('sha256')
    .update(`ampjar public tip id of ${ofKind(via).idIsSecret ? setId : `${setId} ${paymentAddr}`}`)
    .digest('base64url')
    .slice(0, 22);

/**
 * A number that stands for a set id in a sum over many: sums of the same sets are equal in whatever order, and a set that
 * stands in for another shows. 64 bits, so that hundreds of millions of them fit the digits that a table adds exactly: 38
 * at DynamoDB, 28 at emulators.
 */
export const fingerprint = (setId: string): bigint =>
  BigInt(`0x${createHash('sha256').update(setId).digest('hex').slice(0, 16)}`);

/** The payment of a set id (hex), which is known to payer and receiver alone. */
export async function readTip(ledger: Ledger, setId: string): Promise<Tip | undefined> {
  const { items } = await queryPage(ledger, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: keys.tip(setId, '').pk } },
    Limit: 1,
  });
  return items[0] && tipItem.fromItem(items[0]);
}

/**
 * A page of a creator's tips, newest first; reads `limit` items at most, however many there are.
 * @param before sequence number that all on the page are below; the newest page without it
 * @returns the tips, and `next` to pass as `before` when there are more
 */
export async function readFeed(
  ledger: Ledger,
  handle: string,
  { before, limit }: { before?: bigint; limit: number },
): Promise<{ tips: Tip[]; next?: bigint }> {
  const last = (before ?? 10n ** 16n) - 1n;
  if (last < 1n) return { tips: [] };
  const { listPk, listSk } = listed.tip(handle, last);
  const { items, lastKey } = await queryPage(ledger, {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :tips AND listSk <= :last',
    ExpressionAttributeValues: { ':tips': { S: listPk }, ':last': { S: listSk } },
    ScanIndexForward: false,
    Limit: limit,
  });
  const tips = items.map(tipItem.fromItem);
  const oldest = tips.at(-1)?.sequence;
  return { tips, ...(lastKey && oldest !== undefined && oldest > 1n && { next: oldest }) };
}

/**
 * A creator's tips of the feed from a place on, oldest first; reads `limit` items at most.
 * @param after sequence number that all of them are above; 0 begins with the first
 * @returns the tips, and whether there may be more
 */
export async function readFeedAfter(
  ledger: Ledger,
  handle: string,
  { after, limit }: { after: bigint; limit: number },
): Promise<{ tips: Tip[]; more: boolean }> {
  const { listPk, listSk } = listed.tip(handle, after);
  const { items, lastKey } = await queryPage(ledger, {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :tips AND listSk > :after',
    ExpressionAttributeValues: { ':tips': { S: listPk }, ':after': { S: listSk } },
    Limit: limit,
  });
  return { tips: items.map(tipItem.fromItem), more: lastKey !== undefined };
}

/** Tips by their names, as they stand in the table now, in the order of the names; undefined where there is none. */
export async function readTips(
  ledger: Ledger,
  names: readonly Pick<Tip, 'setId' | 'node'>[],
): Promise<(Tip | undefined)[]> {
  const items = await getItems(ledger, names.map(tipKey), { consistent: true });
  return items.map((item) => item && tipItem.fromItem(item));
}

/**
 * A page of all of a creator's tips, dust too, newest first, as {@link readFeed} gives those of the feed.
 */
export async function readNewest(
  ledger: Ledger,
  handle: string,
  { before, limit }: { before?: bigint | undefined; limit: number },
): Promise<{ tips: Tip[]; next?: bigint }> {
  const last = (before ?? 10n ** 16n) - 1n;
  if (last < 1n) return { tips: [] };
  const pages = await Promise.all(
    [listed.tip, listed.dust].map((list) => {
      const { listPk, listSk } = list(handle, last);
      return queryPage(ledger, {
        IndexName: LISTED,
        KeyConditionExpression: 'listPk = :tips AND listSk <= :last',
        ExpressionAttributeValues: { ':tips': { S: listPk }, ':last': { S: listSk } },
        ScanIndexForward: false,
        Limit: limit,
      });
    }),
  );
  const found = pages.flatMap(({ items }) => items.map(tipItem.fromItem));
  found.sort((a, b) => Number(b.sequence - a.sequence));
  const tips = found.slice(0, limit);
  const more = found.length > limit || pages.some(({ lastKey }) => lastKey !== undefined);
  const oldest = tips.at(-1)?.sequence;
  return { tips, ...(more && oldest !== undefined && oldest > 1n && { next: oldest }) };
}

/**
 * Erase what a payer wrote, message and name, from a tip. Nothing else of it is touched, and again is harmless.
 * @param setId hex
 * @returns the tip without it, or undefined when this creator has no such tip
 */
export async function eraseText(ledger: Ledger, handle: string, setId: string): Promise<Tip | undefined> {
  const tip = await readTip(ledger, setId);
  if (tip?.handle !== handle) return undefined;
  const { message: _, sender: __, ...erased } = tip;
  await write(ledger, {
    Update: {
      TableName: ledger.table,
      Key: keyItem(tipKey(tip)),
      UpdateExpression: 'REMOVE message, sender',
      ConditionExpression: 'handle = :handle',
      ExpressionAttributeValues: { ':handle': { S: handle } },
    },
  });
  return erased;
}

/** All tips of a creator, dust too, in no promised order. */
export async function* readAllTips(ledger: Ledger, handle: string): AsyncGenerator<Tip> {
  for (const list of [listed.tip, listed.dust]) {
    const query = {
      IndexName: LISTED,
      KeyConditionExpression: 'listPk = :tips',
      ExpressionAttributeValues: { ':tips': { S: list(handle, 0n).listPk } },
    };
    for await (const item of queryAll(ledger, query)) yield tipItem.fromItem(item);
  }
}

/** Those of a node's set ids (hex) that are booked, each with its amount in msat. */
export async function bookedSets(
  ledger: Ledger,
  node: string,
  setIds: readonly string[],
): Promise<Map<string, bigint>> {
  const items = await getItems(
    ledger,
    setIds.map((setId) => keys.tip(setId, node)),
    { consistent: true, only: ['amountMsat'] },
  );
  return new Map(
    setIds.flatMap((setId, at) => {
      const item = items[at];
      return item ? [[setId, tipItem.fields.amountMsat.read(item.amountMsat, 'amountMsat')] as const] : [];
    }),
  );
}
