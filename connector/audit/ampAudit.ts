import {
  currentInvoices,
  fingerprint,
  type Invoice,
  readInvoices,
  retiredInvoices,
} from '../../shared/ledger/index.ts';
import type { SetState } from '../lnd/contract.ts';
import {
  type AuditCheckpoints,
  type AuditParts,
  type Discrepancies,
  isMissed,
  type KindAudit,
  NO_DISCREPANCIES,
} from './audit.ts';
import { compareSets, lastOf, type SetSums, sameSums, sumsOf } from './comparison.ts';

/** How long after its retirement an invoice is looked at each time; the older ones come in turn. */
const HOT_MS = 7 * 86_400_000;
/** The same, of one that was never paid: options that are made and taken away again must not make audits longer. */
const HOT_UNPAID_MS = 3_600_000;
/** Old invoices that one audit looks at. */
const SLICE = 100;

/** An invoice's rows are read once in so many turns, though its sums agree: once a day, a part of the invoices each time. */
export const TURNS = 144;
export const TURN_MS = 600_000;
/** How often an invoice that is paid just now is looked at anew, before the next audit has it. */
const MOST_LOOKS = 3;

const isTurnOf = (paymentAddr: string, now: Date) =>
  fingerprint(paymentAddr) % BigInt(TURNS) === BigInt(Math.floor(now.getTime() / TURN_MS) % TURNS);

type Parts = Omit<AuditParts, 'memos' | 'save'>;

/** The audit of payments to static invoices: those of the table, each asked for at lnd. */
export function ampAudit(parts: AuditParts, { auditCursor }: AuditCheckpoints): KindAudit {
  const audit = new AmpAudit(parts);
  let reached = auditCursor;
  return {
    async run(now) {
      const { drift, cursor, firstExpiry } = await audit.run(now, reached);
      if (cursor !== reached) await parts.save({ auditCursor: cursor });
      reached = cursor;
      return { drift, firstExpiry };
    },
    runAll: (progress) => audit.runAll(progress),
  };
}

/**
 * Holds the table against lnd's own books, invoice by invoice: number, sum and fingerprint of the settled sets, without their HTLCs,
 * and where they differ set by set. What is missing is looked up with its HTLCs and handed on; any other difference, in either
 * direction, is told.
 */
export class AmpAudit {
  readonly #parts: Parts;
  /** The sets of invoices that are set aside, so that an invoice with one agrees without a look at each of its sets. */
  readonly #quarantined = new Map<string, ReadonlySet<string>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The invoices that are handed out, those retired within a week, or an hour if never paid, and in turn some of the
   * others, so that all of them are looked at within a bounded time, and not all of them each time.
   * @param cursor where the turn of the old ones is, as the last audit gave it
   * @returns with it when the first of those expires that are handed out
   */
  async run(
    now: Date,
    cursor: string | undefined,
  ): Promise<{ drift: Discrepancies; cursor: string; firstExpiry: Date | undefined }> {
    const { ledger, node } = this.#parts;
    const drift = { ...NO_DISCREPANCIES };
    const hot = new Date(now.getTime() - HOT_MS);
    const hotUnpaid = new Date(now.getTime() - HOT_UNPAID_MS);
    const isHot = ({ count, retiredAt = now }: Invoice) => retiredAt >= (count > 0n ? hot : hotUnpaid);
    let firstExpiry: Date | undefined;
    const check = (invoice: Invoice) => this.#check(invoice, drift, isTurnOf(invoice.paymentAddr, now));
    for await (const invoice of currentInvoices(ledger, node)) {
      if (!firstExpiry || invoice.expiresAt < firstExpiry) firstExpiry = invoice.expiresAt;
      await check(invoice);
    }
    for await (const invoice of retiredInvoices(ledger, node, hot)) if (isHot(invoice)) await check(invoice);
    let looked = 0;
    let last = new Date(cursor ?? 0);
    for await (const invoice of retiredInvoices(ledger, node, last, hotUnpaid)) {
      if (isHot(invoice)) continue;
      const { retiredAt = last } = invoice;
      // The turn ends between two moments, for the next one begins with all of the moment that it is given.
      if (looked++ >= SLICE && retiredAt > last)
        return { drift, cursor: retiredAt.toISOString(), firstExpiry };
      last = retiredAt;
      await check(invoice);
    }
    return { drift, cursor: new Date(0).toISOString(), firstExpiry };
  }

  /** All invoices of the node, however old, each with its rows. `progress` is told after each. */
  async runAll(progress: (drift: Discrepancies) => void): Promise<Discrepancies> {
    const { ledger, node } = this.#parts;
    const drift = { ...NO_DISCREPANCIES };
    for (const invoices of [currentInvoices(ledger, node), retiredInvoices(ledger, node, new Date(0))]) {
      for await (const invoice of invoices) {
        await this.#check(invoice, drift, true);
        progress(drift);
      }
    }
    return drift;
  }

  async #check(invoice: Invoice, drift: Discrepancies, withRows: boolean): Promise<void> {
    const { lnd, alarms, gone, caughtUp } = this.#parts;
    const { paymentAddr } = invoice;
    drift.invoices++;
    const state = await lnd.ampState(paymentAddr);
    if (state === undefined) {
      drift.goneInvoices++;
      alarms.raise('invoice-gone', { paymentAddr, booked: invoice.count.toString() });
      return gone(invoice);
    }
    const { sets, cancelled } = state;
    // Cancelled by hand at the node, or expired unpaid: an option needs another. It is no drift.
    if (cancelled) await gone(invoice);
    const agree = this.#agree(invoice, sets);
    if (agree && !withRows) return;
    if (!agree) await caughtUp(lastOf(sets));
    await this.#compare(paymentAddr, drift, withRows);
  }

  /** Whether the table has number, sum and fingerprint of lnd's sets, but for those that are set aside. */
  #agree(invoice: Invoice, sets: readonly SetState[]): boolean {
    const quarantined = this.#quarantined.get(invoice.paymentAddr);
    return sameSums(
      invoice,
      sumsOf(quarantined ? sets.filter(({ setId }) => !quarantined.has(setId)) : sets),
    );
  }

  /** Look at an invoice as it is now, set by set; again when it was paid meanwhile. */
  async #compare(paymentAddr: string, drift: Discrepancies, withRows: boolean): Promise<void> {
    const { lnd } = this.#parts;
    for (let look = 0; look < MOST_LOOKS; look++) {
      // The table first: what it has lnd must have had by then.
      const before = await this.#invoice(paymentAddr);
      const state = await lnd.ampState(paymentAddr);
      if (!before || !state) return;
      const { sets } = state;
      if (!withRows && this.#agree(before, sets)) return;
      const { booked, differing, quarantined, missing } = await compareSets(this.#parts, sets);
      this.#quarantined.set(paymentAddr, new Set(quarantined.map(({ setId }) => setId)));
      const after = await this.#invoice(paymentAddr);
      const isStill = after !== undefined && sameSums(before, after);
      if (!isStill && missing.length === 0) continue;
      for (const { settleIndex, amountMsat, bookedMsat } of differing)
        this.#differs(drift, {
          ...{ paymentAddr, settleIndex: settleIndex.toString() },
          ...{ bookedMsat: bookedMsat.toString(), atLndMsat: amountMsat.toString() },
        });
      if (isStill) this.#compareSums(before, sumsOf(booked), drift);
      return this.#bookMissing(paymentAddr, missing, drift);
    }
  }

  async #invoice(paymentAddr: string): Promise<Invoice | undefined> {
    const [invoice] = await readInvoices(this.#parts.ledger, [paymentAddr]);
    return invoice;
  }

  /** Hold what an invoice says against what its payments sum up to. */
  #compareSums(invoice: Invoice, ought: SetSums, drift: Discrepancies) {
    if (sameSums(invoice, ought)) return;
    const { paymentAddr, count, receivedMsat, setSum } = invoice;
    const surplus = Number(count - ought.count);
    if (surplus > 0 && setSum !== ought.setSum) {
      drift.surplusSets += surplus;
      const atLnd = Number(ought.count);
      this.#parts.alarms.raise('sets-gone', { paymentAddr, booked: count.toString(), atLnd });
      return;
    }
    this.#differs(drift, {
      ...{ paymentAddr, count: count.toString(), booked: ought.count.toString() },
      ...{ receivedMsat: receivedMsat.toString(), bookedMsat: ought.receivedMsat.toString() },
    });
  }

  #differs(drift: Discrepancies, seen: object) {
    drift.differing++;
    this.#parts.alarms.raise('sums-differ', seen);
  }

  async #bookMissing(paymentAddr: string, missing: readonly SetState[], drift: Discrepancies): Promise<void> {
    const { lnd, alarms, found } = this.#parts;
    for (const { setId, settleIndex, amountMsat } of missing) {
      const payment = await lnd.lookUpSet(setId);
      if (!payment) continue;
      if (isMissed(this.#parts, settleIndex)) {
        drift.missingSets++;
        drift.missingMsat += amountMsat;
        alarms.raise('missed', { paymentAddr, settleIndex: settleIndex.toString() });
      }
      await found('reason' in payment ? { ...payment, setId } : payment);
    }
  }
}
