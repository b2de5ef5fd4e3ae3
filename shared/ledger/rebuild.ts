import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { whole } from './codec.ts';
import { readTipRows } from './events.ts';
import { goneAction, readGone } from './gone.ts';
import { type Invoice, readInvoices } from './invoices.ts';
import { keys } from './keys.ts';
import { missingFrom, type Range, rangesText, without } from './ranges.ts';
import { getItem, queryAll } from './read.ts';
import type { ScannedRows } from './scanRows.ts';
import { type InvoiceSum, NO_PAYMENT, RowSums, type Sums } from './sums.ts';
import type { Ledger } from './table.ts';
import { tipFromItem } from './tips.ts';
import {
  changeTotals,
  lastSequence,
  NOTHING,
  nextTotals,
  type Sum,
  sumFromItem,
  sumToItem,
  type Totals,
  totalsFromItem,
} from './totals.ts';
import { MOST_ACTIONS, PRESENT, transact, update } from './transaction.ts';

/** A creator's sums as they stand and as the rows say, and which rows were found. */
export interface Comparison {
  readonly handle: string;
  readonly stated: Sums;
  readonly counted: Sums;
  /** Payment addresses that have rows, and whose invoice is not in the table: no sum of theirs can be written. */
  readonly unattributed: ReadonlySet<string>;
  /** The highest number of a row. */
  readonly highest: bigint;
  /** Sequence numbers that were given, and whose rows were not found: they may have one, or are proven to have none. */
  readonly hidden: readonly Range[];
  readonly gone: readonly Range[];
  /** Those that the table says are gone. */
  readonly knownGone: readonly Range[];
  /** Numbers that more than one row has; no sums can mend that. */
  readonly twice: readonly bigint[];
  /** Whether the rows that were counted are proven to be all that there are. */
  readonly isWhole: boolean;
}

/** One sum that differs. */
export interface Difference {
  readonly kind: 'all tips' | 'option' | 'day' | 'invoice';
  /** Option id, day or payment address. */
  readonly key: string;
  readonly stated: AnySum;
  readonly counted: AnySum;
  /** Why the counted sum can't take the stated one's place; it can when undefined. */
  readonly keptBy?: 'rows that may be hidden' | 'an invoice that is not in the table';
}

type AnySum = Sum & Partial<InvoiceSum>;

/** Rows that a request asks for. */
const PAGE_SIZE = 1_000;

/**
 * Sum up a creator's rows and hold them against the sums of the table. The rows come from the index, which may be behind and
 * hide some, but shows none that is not there. They are all when the index shows each number that was given, or when those
 * that it does not show are proven to be gone by a scan.
 * @param invoices payment addresses to compare beside those that the rows name
 * @param scanned what a scan found of the creator's rows; the index is asked for later ones alone
 * @returns undefined when sums were written meanwhile: ask again
 */
export async function compareSums(
  ledger: Ledger,
  handle: string,
  { invoices = [], scanned }: { invoices?: readonly string[]; scanned?: ScannedRows | undefined } = {},
): Promise<Comparison | undefined> {
  const before = await readTotalsNow(ledger, handle);
  const knownGone = await readGone(ledger, handle);
  const rows = scanned?.rows.copy() ?? new RowSums();
  const after = scanned?.through ?? 0n;
  for await (const { item } of readTipRows(ledger, handle, { after, pageSize: PAGE_SIZE }))
    rows.add(tipFromItem(item));
  const statedDays = await readDays(ledger, handle);
  const addrs = [...new Set([...rows.invoices.keys(), ...invoices])];
  const inTable = await readInvoices(ledger, addrs);
  const totals = await readTotalsNow(ledger, handle);
  if (totals.rev !== before.rev || totals.count !== before.count) return undefined;

  const numbers = rows.numbers.toSorted((a, b) => (a < b ? -1 : 1));
  const twice = numbers.filter((number, at) => number === numbers[at - 1]);
  const highest = numbers.at(-1) ?? 0n;
  const last = lastSequence(totals);
  const missing = missingFrom(numbers, highest > last ? highest : last);
  const proven: Range[] = scanned && scanned.through > 0n ? [[1n, scanned.through]] : [];
  const hidden = without(without(missing, knownGone), proven);
  return {
    handle,
    stated: { totals, days: statedDays, invoices: invoiceSums(inTable) },
    counted: rows,
    unattributed: new Set(addrs.filter((_, at) => !inTable[at])),
    highest,
    hidden,
    gone: without(missing, hidden),
    knownGone,
    twice,
    // The index may hide one of two rows of a number.
    isWhole: hidden.length === 0 && (twice.length === 0 || scanned !== undefined),
  };
}

const invoiceSums = (invoices: readonly (Invoice | undefined)[]) =>
  new Map(
    invoices.flatMap((invoice): [string, InvoiceSum][] => {
      if (!invoice) return [];
      const { paymentAddr, count, receivedMsat, setSum } = invoice;
      return [[paymentAddr, { count, amountMsat: receivedMsat, setSum }]];
    }),
  );

/** Numbers whose rows are proven to be gone, and that the table does not say so of. */
export const newlyGone = ({ gone, knownGone }: Comparison): Range[] => without(gone, knownGone);

/** Whether there is nothing to tell: sums and rows agree, and no number lacks its row that was not known to. */
export const isInOrder = (compared: Comparison): boolean =>
  differences(compared).length === 0 &&
  compared.hidden.length === 0 &&
  newlyGone(compared).length === 0 &&
  compared.twice.length === 0 &&
  compared.highest <= lastSequence(compared.stated.totals);

/** Whether {@link replaceSums} has anything to write. */
export const isMendable = (compared: Comparison): boolean =>
  differences(compared).some(({ keptBy }) => keptBy === undefined) ||
  rangesText(compared.gone) !== rangesText(compared.knownGone) ||
  compared.highest > lastSequence(compared.stated.totals);

/** The sums that differ; none when the books agree. */
export function differences(compared: Comparison): Difference[] {
  const { stated, counted, unattributed } = compared;
  const differing = (
    kind: Difference['kind'],
    a: ReadonlyMap<string, AnySum>,
    b: ReadonlyMap<string, AnySum>,
    none: AnySum = NOTHING,
  ) =>
    [...new Set([...a.keys(), ...b.keys()])].sort().flatMap((key): Difference[] => {
      const [is, should] = [a.get(key) ?? none, b.get(key) ?? none];
      if (isSame(is, should)) return [];
      const difference = { kind, key, stated: is, counted: should };
      if (kind === 'invoice' && unattributed.has(key))
        return [{ ...difference, keptBy: 'an invoice that is not in the table' }];
      // What rows show is there: a sum may be raised to it at once, and lowered only when there can be no other row.
      const raises = should.count >= is.count && should.amountMsat >= is.amountMsat;
      return [compared.isWhole || raises ? difference : { ...difference, keptBy: 'rows that may be hidden' }];
    });
  return [
    ...differing('all tips', new Map([['', stated.totals]]), new Map([['', counted.totals]])),
    ...differing('option', stated.totals.options, counted.totals.options),
    ...differing('day', stated.days, counted.days),
    ...differing('invoice', stated.invoices, counted.invoices, NO_PAYMENT),
  ];
}

const isSame = (a: AnySum, b: AnySum) =>
  a.count === b.count && a.amountMsat === b.amountMsat && a.setSum === b.setSum;

/**
 * Write the counted sums in place of the stated ones, as far as they are proven, and remember which numbers' rows are gone. The last
 * sequence number never goes down, so that none is given twice.
 * @returns false when sums were written since they were read: compare again
 */
export async function replaceSums(ledger: Ledger, compared: Comparison): Promise<boolean> {
  const { table } = ledger;
  const { handle, stated, highest, gone, knownGone } = compared;
  const mended = differences(compared).filter(({ keptBy }) => keptBy === undefined);
  const of = (kind: Difference['kind']) => mended.filter((each) => each.kind === kind);
  const options = new Map(stated.totals.options);
  for (const { key, counted } of of('option')) {
    if (counted.count > 0n) options.set(key, counted);
    else options.delete(key);
  }
  const [all] = of('all tips');
  const { count, amountMsat } = all?.counted ?? stated.totals;
  const after: Totals = { count, amountMsat, options, last: highest };
  const rest: TransactWriteItem[] = [
    ...(rangesText(gone) === rangesText(knownGone) ? [] : [goneAction(table, handle, gone)]),
    ...of('day').map(({ key, counted }) => update(table, keys.day(handle, key), { set: sumToItem(counted) })),
    ...of('invoice').map(({ key, counted }) =>
      update(table, keys.invoice(key), {
        set: {
          count: whole.write(counted.count)!,
          receivedMsat: whole.write(counted.amountMsat)!,
          setSum: whole.write(counted.setSum ?? 0n)!,
        },
        condition: PRESENT,
      }),
    ),
  ];
  let before = stated.totals;
  do {
    // The totals guard each part: whoever wrote sums since they were read has raised `rev`.
    const part = rest.splice(0, MOST_ACTIONS - 1);
    if (await transact(ledger, [changeTotals(table, handle, before, after), ...part])) return false;
    before = nextTotals(before, after);
  } while (rest.length > 0);
  return true;
}

const readTotalsNow = async (ledger: Ledger, handle: string): Promise<Totals> =>
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
