import { type Item, mapOf, type Of, record, whole } from './codec.ts';
import { type Creator, creatorFromItem } from './creators.ts';
import { keyItem, keys } from './keys.ts';
import { getItem, getItems } from './read.ts';
import type { Ledger } from './table.ts';

const sum = record({ count: whole, amountMsat: whole });
const totalsItem = record({ ...sum.fields, options: mapOf(sum.field) });

/** A number of tips and their sum in msat. */
export type Sum = Of<typeof sum.fields>;
/** The sums of a creator, in all and by option id. `count` is the sequence number of the last tip, too. */
export type Totals = Of<typeof totalsItem.fields>;

export const NOTHING: Sum = { count: 0n, amountMsat: 0n };
export const NO_TOTALS: Totals = { ...NOTHING, options: new Map() };

export const plus = (a: Sum, b: Sum): Sum => ({
  count: a.count + b.count,
  amountMsat: a.amountMsat + b.amountMsat,
});

export const totalsFromItem = (item: Item | undefined): Totals =>
  item ? totalsItem.fromItem(item) : NO_TOTALS;
export const totalsToItem = (handle: string, totals: Totals): Item => ({
  ...keyItem(keys.totals(handle)),
  ...totalsItem.toItem(totals),
});

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
