import {
  bookedSets,
  currentInvoices,
  fingerprint,
  type Invoice,
  type Ledger,
  retiredInvoices,
  setsAside,
} from '../shared/ledger/index.ts';
import type { Alarms } from './alarms.ts';
import type { Lnd, SetState, Told, Unreadable } from './lnd.ts';

/** What an audit found. All but `invoices` should be 0. */
export interface Drift {
  invoices: number;
  /** Settled at lnd, and not in the table. */
  missingSets: number;
  missingMsat: bigint;
  /** In the table, and not at lnd. */
  surplusSets: number;
  /** Invoices that lnd does not know. */
  goneInvoices: number;
}

export interface AuditParts {
  readonly ledger: Ledger;
  readonly lnd: Lnd;
  readonly alarms: Alarms;
  readonly node: string;
  /** Wait until what the subscription is about to bring, up to a settle index, is booked. */
  caughtUp(settleIndex: bigint): Promise<void>;
  /** Take a payment that the table lacks, with its HTLCs. */
  found(told: Told | Unreadable): Promise<void>;
  /** An invoice that lnd does not know, or takes no payment to. */
  gone(invoice: Invoice): Promise<void>;
}

export const NO_DRIFT: Drift = {
  invoices: 0,
  missingSets: 0,
  missingMsat: 0n,
  surplusSets: 0,
  goneInvoices: 0,
};

export const isDrift = ({ missingSets, surplusSets, goneInvoices }: Drift) =>
  missingSets + surplusSets + goneInvoices > 0;

/** How long after its retirement an invoice is looked at each time; the older ones come in turn. */
const HOT_MS = 7 * 86_400_000;
/** Old invoices that one audit looks at. */
const SLICE = 100;

const printOf = (sets: readonly SetState[]) => sets.reduce((sum, { setId }) => sum + fingerprint(setId), 0n);
const sumOf = (sets: readonly SetState[]) => sets.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);

const lastOf = (sets: readonly SetState[]) =>
  sets.map(({ settleIndex }) => settleIndex).sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n;

/**
 * Those of some sets that are neither booked nor set aside, also once the subscription has come as far; in lnd's order, so
 * that sequence numbers come out as they would have.
 */
export async function stillMissing(
  { ledger, node, caughtUp }: Pick<AuditParts, 'ledger' | 'node' | 'caughtUp'>,
  sets: readonly SetState[],
): Promise<SetState[]> {
  const idsOf = (some: readonly SetState[]) => some.map(({ setId }) => setId);
  const lacking = async (some: readonly SetState[]) => {
    const booked = await bookedSets(ledger, node, idsOf(some));
    return some.filter(({ setId }) => !booked.has(setId));
  };
  let missing = await lacking(sets);
  if (missing.length === 0) return missing;
  await caughtUp(lastOf(missing));
  missing = await lacking(missing);
  const aside = await setsAside(ledger, node, idsOf(missing));
  return missing
    .filter(({ setId }) => !aside.has(setId))
    .sort((a, b) => (a.settleIndex < b.settleIndex ? -1 : 1));
}

/**
 * Holds the table against lnd's own books, invoice by invoice: number and sum of the settled sets, without their HTLCs,
 * and where they differ set by set. What is missing is looked up with its HTLCs and handed on.
 */
export class Audit {
  readonly #parts: AuditParts;
  /** Of invoices that differed: the sets up to a settle index are known to be booked, and this is their fingerprint. */
  readonly #booked = new Map<string, { upTo: bigint; print: bigint }>();

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  /**
   * The invoices that are handed out, those retired within a week, and in turn some of the older ones, so that all of
   * them are looked at within a bounded time, and not all of them each time.
   * @param cursor where the turn of the old ones is, as the last audit gave it
   * @returns with it when the first of those expires that are handed out
   */
  async run(
    now: Date,
    cursor: string | undefined,
  ): Promise<{ drift: Drift; cursor: string; firstExpiry: Date | undefined }> {
    const { ledger, node } = this.#parts;
    const drift = { ...NO_DRIFT };
    const hot = new Date(now.getTime() - HOT_MS);
    let firstExpiry: Date | undefined;
    for await (const invoice of currentInvoices(ledger, node)) {
      if (!firstExpiry || invoice.expiresAt < firstExpiry) firstExpiry = invoice.expiresAt;
      await this.#check(invoice, drift);
    }
    for await (const invoice of retiredInvoices(ledger, node, hot)) await this.#check(invoice, drift);
    let looked = 0;
    let last = new Date(cursor ?? 0);
    for await (const invoice of retiredInvoices(ledger, node, last, hot)) {
      const { retiredAt = last } = invoice;
      // The turn ends between two moments, for the next one begins with all of the moment that it is given.
      if (looked++ >= SLICE && retiredAt > last)
        return { drift, cursor: retiredAt.toISOString(), firstExpiry };
      last = retiredAt;
      await this.#check(invoice, drift);
    }
    return { drift, cursor: new Date(0).toISOString(), firstExpiry };
  }

  /** All invoices of the node, however old. `progress` is told after each. */
  async runAll(progress: (drift: Drift) => void): Promise<Drift> {
    const { ledger, node } = this.#parts;
    const drift = { ...NO_DRIFT };
    for (const invoices of [currentInvoices(ledger, node), retiredInvoices(ledger, node, new Date(0))]) {
      for await (const invoice of invoices) {
        await this.#check(invoice, drift);
        progress(drift);
      }
    }
    return drift;
  }

  async #check(invoice: Invoice, drift: Drift): Promise<void> {
    const { lnd, alarms, gone } = this.#parts;
    const { paymentAddr, count, receivedMsat, setSum } = invoice;
    drift.invoices++;
    const state = await lnd.ampState(paymentAddr);
    if (state === undefined) {
      drift.goneInvoices++;
      alarms.raise('invoice-gone', { paymentAddr, booked: count.toString() });
      return gone(invoice);
    }
    const { sets, cancelled } = state;
    // Cancelled by hand at the node, or expired unpaid: an option needs another. It is no drift.
    if (cancelled) await gone(invoice);
    const paid = sumOf(sets);
    // The table was read first, so what it has lnd must have had by then.
    if (count > BigInt(sets.length) || receivedMsat > paid) {
      drift.surplusSets += Math.max(Number(count) - sets.length, 1);
      alarms.raise('sets-gone', { paymentAddr, booked: count.toString(), atLnd: sets.length });
    }
    if (count === BigInt(sets.length) && receivedMsat === paid && setSum === printOf(sets)) return;
    await this.#bookMissing(paymentAddr, sets, drift);
  }

  async #bookMissing(paymentAddr: string, sets: readonly SetState[], drift: Drift): Promise<void> {
    const { lnd, alarms, found } = this.#parts;
    const missing = await stillMissing(this.#parts, this.#unchecked(paymentAddr, sets));
    for (const { setId, settleIndex, amountMsat } of missing) {
      const told = await lnd.lookUpSet(setId);
      if (!told) continue;
      drift.missingSets++;
      drift.missingMsat += amountMsat;
      alarms.raise('missed', { paymentAddr, settleIndex: settleIndex.toString() });
      await found('reason' in told ? { ...told, setId } : told);
    }
    if (missing.length === 0) this.#booked.set(paymentAddr, { upTo: lastOf(sets), print: printOf(sets) });
  }

  /** The sets beyond those that an earlier look found booked, or all when lnd tells of other ones by now. */
  #unchecked(paymentAddr: string, sets: readonly SetState[]): readonly SetState[] {
    const before = this.#booked.get(paymentAddr);
    if (!before) return sets;
    const old = sets.filter(({ settleIndex }) => settleIndex <= before.upTo);
    const same = printOf(old) === before.print;
    return same ? sets.filter(({ settleIndex }) => settleIndex > before.upTo) : sets;
  }
}
