import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Item, whole } from './codec.ts';
import { keyItem, keys } from './keys.ts';
import { getItem, getItems, queryAll } from './read.ts';
import type { Ledger } from './table.ts';
import { readAllTips } from './tips.ts';
import {
  dayOf,
  NOTHING,
  plus,
  type Sum,
  sumFromItem,
  sumToItem,
  type Totals,
  totalsFromItem,
  totalsToItem,
} from './totals.ts';
import { ABSENT, equals, MOST_ACTIONS, put, remove, transact, update } from './transaction.ts';

/** What is written about a creator's tips beside their rows. */
export interface Sums {
  readonly totals: Totals;
  /** By UTC day. */
  readonly days: ReadonlyMap<string, Sum>;
  /** By payment address; `amountMsat` is what was received. */
  readonly invoices: ReadonlyMap<string, Sum>;
}

/** A creator's sums as they stand and as the rows say. */
export interface Comparison {
  readonly handle: string;
  readonly stated: Sums;
  readonly counted: Sums;
  /** What is wrong with the sequence numbers of the rows; no sums can mend that. */
  readonly sequenceFault?: string;
}

/** One sum that differs. */
export interface Difference {
  readonly of: string;
  readonly stated: Sum;
  readonly counted: Sum;
}

/**
 * Sum up a creator's rows and hold them against the sums of the table.
 * @returns undefined when tips were booked meanwhile: ask again
 */
export async function compareSums(ledger: Ledger, handle: string): Promise<Comparison | undefined> {
  const totalsBefore = await readConsistently(ledger, handle);
  const byOption = new Map<string, Sum>();
  const days = new Map<string, Sum>();
  const invoices = new Map<string, Sum>();
  const sequences: bigint[] = [];
  let all = NOTHING;
  const add = (sums: Map<string, Sum>, key: string, one: Sum) =>
    sums.set(key, plus(sums.get(key) ?? NOTHING, one));
  for await (const { via, amountMsat, optionId, settledAt, paymentAddr, sequence } of readAllTips(
    ledger,
    handle,
  )) {
    const one = { count: 1n, amountMsat };
    all = plus(all, one);
    add(byOption, optionId, one);
    add(days, dayOf(settledAt), one);
    if (via === 'amp') add(invoices, paymentAddr, one);
    sequences.push(sequence);
  }
  const statedDays = await readDays(ledger, handle);
  const statedInvoices = await readInvoiceSums(ledger, [...invoices.keys()]);
  const totals = await readConsistently(ledger, handle);
  if (totals.count !== totalsBefore.count) return undefined;
  const sequenceFault = faultOf(sequences);
  return {
    handle,
    stated: { totals, days: statedDays, invoices: statedInvoices },
    counted: { totals: { ...all, options: byOption }, days, invoices },
    ...(sequenceFault !== undefined && { sequenceFault }),
  };
}

/** The sums that differ; none when the books agree. */
export function differences({ stated, counted }: Comparison): Difference[] {
  const differing = (of: string, a: ReadonlyMap<string, Sum>, b: ReadonlyMap<string, Sum>) =>
    [...new Set([...a.keys(), ...b.keys()])].sort().flatMap((key) => {
      const [is, should] = [a.get(key) ?? NOTHING, b.get(key) ?? NOTHING];
      const same = is.count === should.count && is.amountMsat === should.amountMsat;
      return same ? [] : [{ of: key === '' ? of : `${of} ${key}`, stated: is, counted: should }];
    });
  return [
    ...differing('all tips', new Map([['', stated.totals]]), new Map([['', counted.totals]])),
    ...differing('option', stated.totals.options, counted.totals.options),
    ...differing('day', stated.days, counted.days),
    ...differing('invoice', stated.invoices, counted.invoices),
  ];
}

/**
 * Write the counted sums in place of the stated ones, if no tip was booked since they were read.
 * @returns false when one was: compare again
 */
export async function replaceSums(ledger: Ledger, { handle, stated, counted }: Comparison): Promise<boolean> {
  const { table } = ledger;
  const days = [...new Set([...stated.days.keys(), ...counted.days.keys()])].map((day) =>
    put(table, { ...keyItem(keys.day(handle, day)), ...sumToItem(counted.days.get(day) ?? NOTHING) }),
  );
  const invoices = [...counted.invoices].map(([paymentAddr, { count, amountMsat }]) =>
    update(table, keys.invoice(paymentAddr), {
      set: { count: whole.write(count)!, receivedMsat: whole.write(amountMsat)! },
      condition: { expression: 'attribute_exists(pk)' },
    }),
  );
  const totals = (before: Totals) => {
    const unchanged = before.count === 0n ? ABSENT : equals('count', whole.write(before.count)!);
    // Booking takes totals that are not there for none, and not totals of 0.
    return counted.totals.count === 0n
      ? remove(table, keys.totals(handle), unchanged)
      : put(table, totalsToItem(handle, counted.totals), unchanged);
  };
  const rest: TransactWriteItem[] = [...days, ...invoices];
  let before = stated.totals;
  do {
    const part = rest.splice(0, MOST_ACTIONS - 1);
    // The totals guard each part: a tip that is booked between two of them would have raised their count.
    if (await transact(ledger, [totals(before), ...part])) return false;
    before = counted.totals;
  } while (rest.length > 0);
  return true;
}

const readConsistently = async (ledger: Ledger, handle: string): Promise<Totals> =>
  totalsFromItem(await getItem(ledger, keys.totals(handle), { consistent: true }));

async function readDays(ledger: Ledger, handle: string): Promise<Map<string, Sum>> {
  const { pk, sk } = keys.day(handle, '');
  const query = {
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :day)',
    ExpressionAttributeValues: { ':pk': { S: pk }, ':day': { S: sk } },
  };
  const days = new Map<string, Sum>();
  for await (const item of queryAll(ledger, query)) days.set(item.sk!.S!.slice(sk.length), sumFromItem(item));
  return days;
}

async function readInvoiceSums(ledger: Ledger, addrs: readonly string[]): Promise<Map<string, Sum>> {
  const items = await getItems(ledger, addrs.map(keys.invoice), { consistent: true });
  const sumOf = (item: Item | undefined): Sum =>
    item
      ? { count: whole.read(item.count, 'count'), amountMsat: whole.read(item.receivedMsat, 'receivedMsat') }
      : NOTHING;
  return new Map(addrs.map((addr, at) => [addr, sumOf(items[at])]));
}

function faultOf(sequences: bigint[]): string | undefined {
  sequences.sort((a, b) => (a < b ? -1 : 1));
  const at = sequences.findIndex((sequence, index) => sequence !== BigInt(index + 1));
  return at < 0 ? undefined : `row ${at + 1} by sequence has number ${sequences[at]}`;
}
