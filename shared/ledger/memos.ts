import { bytes, moment, record, text } from './codec.ts';
import { keyItem, keys } from './keys.ts';
import { fence, type Lease, LeaseLostError } from './lease.ts';
import { getItem } from './read.ts';
import type { Ledger } from './table.ts';
import { ABSENT, type Condition, equals, put, transact } from './transaction.ts';

const secretItem = record({ secret: bytes, madeAt: moment });
const memoItem = record({
  /** Of the one invoice that the memo is good for (hex). */
  paymentAddr: text,
});

/** The secret that memos of the table's connectors are proven by (32 bytes), or undefined before the first of them led. */
export async function readMemoSecret(ledger: Ledger): Promise<Uint8Array | undefined> {
  const item = await getItem(ledger, keys.memoSecret(), { consistent: true });
  return item && secretItem.fromItem(item).secret;
}

/**
 * The secret of the table, under a lease: what is there, or `fresh` when there is none yet.
 * @throws LeaseLostError
 */
export async function ensureMemoSecret(
  ledger: Ledger,
  lease: Lease,
  fresh: { secret: Uint8Array; madeAt: Date },
): Promise<Uint8Array> {
  const known = await readMemoSecret(ledger);
  if (known) return known;
  const refused = await transact(ledger, [fence(ledger.table, lease), secretAction(ledger, fresh, ABSENT)]);
  if (refused?.[0]) throw new LeaseLostError(lease);
  // The connector of another node may have been quicker.
  return refused ? (await readMemoSecret(ledger))! : fresh.secret;
}

/**
 * Put another secret in place, for one that leaked. No connector may go on with the one before, so the leases of all nodes are held.
 * @throws LeaseLostError
 */
export async function replaceMemoSecret(
  ledger: Ledger,
  leases: readonly Lease[],
  fresh: { secret: Uint8Array; madeAt: Date },
): Promise<void> {
  const fences = leases.map((lease) => fence(ledger.table, lease));
  const refused = await transact(ledger, [...fences, secretAction(ledger, fresh)]);
  const lost = leases.find((_, at) => refused?.[at]);
  if (lost) throw new LeaseLostError(lost);
}

const secretAction = (
  { table }: Ledger,
  fresh: { secret: Uint8Array; madeAt: Date },
  condition?: Condition,
) => put(table, { ...keyItem(keys.memoSecret()), ...secretItem.toItem(fresh) }, condition);

/** The payment address (hex) of the invoice that a memo is good for, or undefined when it was not met yet. */
export async function memoHolder(ledger: Ledger, mac: string): Promise<string | undefined> {
  const item = await getItem(ledger, keys.memo(mac), { consistent: true });
  return item && memoItem.fromItem(item).paymentAddr;
}

/** What an invoice comes into the table with: its memo is good for it from then on, and for no other. */
export const memoAction = (table: string, { mac, paymentAddr }: { mac: string; paymentAddr: string }) => {
  const own = equals('paymentAddr', text.write(paymentAddr)!);
  return put(
    table,
    { ...keyItem(keys.memo(mac)), ...memoItem.toItem({ paymentAddr }) },
    { ...own, expression: `${ABSENT.expression} OR ${own.expression}` },
  );
};

/**
 * Keep a memo for an invoice that can't come into the table yet, for no creator has its option.
 * @returns false when it is another's. @throws LeaseLostError
 */
export async function keepMemo(
  ledger: Ledger,
  lease: Lease,
  memo: { mac: string; paymentAddr: string },
): Promise<boolean> {
  const refused = await transact(ledger, [fence(ledger.table, lease), memoAction(ledger.table, memo)]);
  if (refused?.[0]) throw new LeaseLostError(lease);
  return refused === undefined;
}
