import { type Item, mapOf, type Of, optional, record, whole } from './codec.ts';
import { type Creator, creatorFromItem } from './creators.ts';
import { keys } from './keys.ts';
import { getItem, getItems } from './read.ts';
import type { Ledger } from './table.ts';
import { type Condition, update } from './transaction.ts';

const sum = record({ count: whole, amountMsat: whole });
const totalsItem = record({
  ...sum.fields,
  options: mapOf(sum.field),
  /** Raised by each write of the item; not there before the first write of a release that knows it. */
  rev: optional(whole),
  /** The last sequence number that was given; not there as long as `rev` is not. It never goes down, which `count` may. */
  last: optional(whole),
});

/** A number of tips and their sum in msat. */
export type Sum = Of<typeof sum.fields>;
/** The sums of a creator, in all and by option id, and how far their sequence numbers went: see {@link lastSequence}. */
export type Totals = Of<typeof totalsItem.fields>;

export const NOTHING: Sum = { count: 0n, amountMsat: 0n };
export const NO_TOTALS: Totals = { ...NOTHING, options: new Map() };

export const plus = (a: Sum, b: Sum): Sum => ({
  count: a.count + b.count,
  amountMsat: a.amountMsat + b.amountMsat,
});

export const totalsFromItem = (item: Item | undefined): Totals =>
  item ? totalsItem.fromItem(item) : NO_TOTALS;

/** The last sequence number that was given to a tip of the creator; 0 before the first. */
export const lastSequence = ({ count, last = 0n }: Totals): bigint => (last > count ? last : count);

/**
 * The one way to write a creator's totals. It demands that they are still those that were read, whoever wrote them since, and
 * raises `rev`, so that no two writers overwrite one another. It demands `count`, too: a release that does not know `rev` puts the
 * item without it, and a rival of that release is noticed by the count that it raised. Attributes that this release does not
 * know stay as they are.
 */
export const changeTotals = (table: string, handle: string, before: Totals, after: Totals) =>
  update(table, keys.totals(handle), {
    set: totalsItem.toItem(nextTotals(before, after)),
    condition: stillAre(before),
  });

/** Totals as {@link changeTotals} leaves them. */
export const nextTotals = (before: Totals, after: Totals): Totals => ({
  ...after,
  rev: (before.rev ?? 0n) + 1n,
  last: lastSequence({ ...after, count: lastSequence(before), last: lastSequence(after) }),
});

/** That totals are those that were read; totals of none may be there or not. */
function stillAre({ count, rev }: Totals): Condition {
  const names = { '#rev': 'rev', '#count': 'count' };
  const values = { ':countWas': whole.write(count)! };
  if (rev !== undefined)
    return {
      expression: '#rev = :revWas AND #count = :countWas',
      names,
      values: { ...values, ':revWas': whole.write(rev)! },
    };
  const sameCount =
    count === 0n ? '(attribute_not_exists(#count) OR #count = :countWas)' : '#count = :countWas';
  return { expression: `attribute_not_exists(#rev) AND ${sameCount}`, names, values };
}

export const sumField = sum.field;
export const sumFromItem = sum.fromItem;
export const sumToItem = sum.toItem;

/** The UTC day of a moment, as in 2026-11-24. */
export const dayOf = (moment: Date) => moment.toISOString().slice(0, 10);

/** A creator's sums. */
export async function readTotals(ledger: Ledger, handle: string): Promise<Totals> {
  return totalsFromItem(await getItem(ledger, keys.totals(handle)));
}

/** A creator's sums of one UTC day (2026-11-24). */
export async function readDay(ledger: Ledger, handle: string, day: string): Promise<Sum> {
  const item = await getItem(ledger, keys.day(handle, day));
  return item ? sum.fromItem(item) : NOTHING;
}

/** A creator and their sums: one request. */
export async function readCreatorWithTotals(
  ledger: Ledger,
  handle: string,
): Promise<{ creator: Creator | undefined; totals: Totals }> {
  const [creator, totals] = await getItems(ledger, [keys.creator(handle), keys.totals(handle)]);
  return { creator: creatorFromItem(creator), totals: totalsFromItem(totals) };
}
