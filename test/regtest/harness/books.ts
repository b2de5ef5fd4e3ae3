import { expect } from 'vitest';
import {
  type CurrentInvoice,
  type Ledger,
  readCreatorWithInvoice,
  readDay,
  readFeed,
  readInvoice,
  readTip,
  readTotals,
  type Tip,
} from '../../../shared/ledger/index.ts';
import { ampStates } from './invoices.ts';
import type { LndNode } from './lnd.ts';
import { until } from './until.ts';

const WITHIN_SECONDS = 60;

/** The invoice that an option hands out, once it is another than `not`. */
export const currentOf = (
  ledger: Ledger,
  handle: string,
  { optionId, not }: { optionId?: string; not?: CurrentInvoice } = {},
): Promise<CurrentInvoice> =>
  until(`${handle} has an invoice`, WITHIN_SECONDS, async () => {
    const { invoice } = await readCreatorWithInvoice(ledger, handle, optionId);
    return invoice?.paymentAddr === not?.paymentAddr ? undefined : invoice;
  });

/** The row of a payment, once it is booked. */
export const tipOf = (ledger: Ledger, setId: string): Promise<Tip> =>
  until(`${setId} is booked`, WITHIN_SECONDS, () => readTip(ledger, setId));

async function rowsOf(ledger: Ledger, handle: string): Promise<Tip[]> {
  const rows: Tip[] = [];
  let before: bigint | undefined;
  do {
    const page = await readFeed(ledger, handle, { limit: 100, ...(before !== undefined && { before }) });
    rows.push(...page.tips);
    before = page.next;
  } while (before !== undefined);
  return rows;
}

const sumOf = (rows: readonly Tip[]) => ({
  count: BigInt(rows.length),
  amountMsat: rows.reduce((sum, { amountMsat }) => sum + amountMsat, 0n),
});

/** Group rows by a name. */
function grouped(rows: readonly Tip[], nameOf: (tip: Tip) => string): Map<string, Tip[]> {
  const groups = new Map<string, Tip[]>();
  for (const row of rows) groups.set(nameOf(row), [...(groups.get(nameOf(row)) ?? []), row]);
  return groups;
}

/**
 * Rows, feed, totals in all, by option and by day, and the sums of the invoices equal lnd's own books (`amp_invoice_state`),
 * to the msat.
 * @param invoices all that the creator ever had
 */
export async function expectBooks(
  ledger: Ledger,
  jar: LndNode,
  handle: string,
  invoices: readonly { paymentAddr: string }[],
): Promise<void> {
  const sets = new Map<string, bigint>();
  for (const { paymentAddr } of invoices) {
    const states = [...(await ampStates(jar, paymentAddr))];
    for (const [setId, { amt_paid_msat }] of states) sets.set(setId, BigInt(amt_paid_msat));
    const receivedMsat = states.reduce((sum, [, { amt_paid_msat }]) => sum + BigInt(amt_paid_msat), 0n);
    await until(`${states.length} payments of ${paymentAddr} are booked`, WITHIN_SECONDS, async () => {
      const invoice = await readInvoice(ledger, paymentAddr);
      return invoice && invoice.count >= BigInt(states.length);
    });
    const count = BigInt(states.length);
    expect(await readInvoice(ledger, paymentAddr)).toMatchObject({ handle, count, receivedMsat });
  }
  const rows = await rowsOf(ledger, handle);
  expect(new Map(rows.map(({ setId, amountMsat }) => [setId, amountMsat]))).toEqual(sets);
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, at) => BigInt(rows.length - at)));
  for (const { setId } of rows) expect(await readTip(ledger, setId)).toMatchObject({ handle });
  const options = new Map(
    [...grouped(rows, ({ optionId }) => optionId)].map(([optionId, of]) => [optionId, sumOf(of)]),
  );
  const last = BigInt(rows.length);
  const written = rows.length > 0 && { rev: expect.any(BigInt), last };
  expect(await readTotals(ledger, handle)).toEqual({ ...sumOf(rows), options, ...written });
  for (const [day, of] of grouped(rows, ({ settledAt }) => settledAt.toISOString().slice(0, 10)))
    expect(await readDay(ledger, handle, day)).toEqual(sumOf(of));
}
