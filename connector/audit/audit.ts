import type { Hints, Invoice } from '../../shared/ledger/index.ts';
import type { Alarms } from '../health/alarms.ts';
import type { Memos } from '../invoices/memo.ts';
import type { Lnd, SettledPayment, Unreadable } from '../lnd/contract.ts';
import type { ComparisonParts } from './comparison.ts';

/** What an audit found. All but `invoices` should be 0. */
export interface Discrepancies {
  invoices: number;
  /** Settled at lnd, and not in the table. */
  missingSets: number;
  missingMsat: bigint;
  /** In the table, and not at lnd. */
  surplusSets: number;
  /** Payments that the table has with another amount than lnd, and invoices whose sums are not those of their payments. */
  differing: number;
  /** Invoices that lnd does not know. */
  goneInvoices: number;
}

export interface AuditParts extends ComparisonParts {
  readonly lnd: Lnd;
  readonly memos: Memos;
  readonly alarms: Alarms;
  /** Remember where an audit came to, for the next one to go on from. */
  save(reached: Hints): Promise<void>;
  /** Take a payment that the table lacks, with its HTLCs. */
  found(payment: SettledPayment | Unreadable): Promise<void>;
  /** An invoice that lnd does not know, or takes no payment to. */
  gone(invoice: Invoice): Promise<void>;
  /** Lnd's first settlement counts as missing like any other: for who asks what the table lacks, not what went wrong. */
  readonly countsFirst?: boolean;
}

export const NO_DISCREPANCIES: Discrepancies = {
  invoices: 0,
  missingSets: 0,
  missingMsat: 0n,
  surplusSets: 0,
  differing: 0,
  goneInvoices: 0,
};

/** In how many sets and invoices table and lnd differ. */
export const discrepanciesIn = ({ missingSets, surplusSets, differing, goneInvoices }: Discrepancies) =>
  missingSets + surplusSets + differing + goneInvoices;

/** lnd's first settlement, which no subscription brings again: what comes while no connector is there is found here, and nothing went wrong. */
const NEVER_REPLAYED = 1n;

/** Whether a payment that the table lacks is one that a subscription should have brought. */
export const isMissed = ({ countsFirst = false }: Pick<AuditParts, 'countsFirst'>, settleIndex: bigint) =>
  countsFirst || settleIndex !== NEVER_REPLAYED;

/** What several audits found. */
export const sumOf = (drifts: readonly Discrepancies[]): Discrepancies =>
  drifts.reduce(
    (sum, each) => ({
      invoices: sum.invoices + each.invoices,
      missingSets: sum.missingSets + each.missingSets,
      missingMsat: sum.missingMsat + each.missingMsat,
      surplusSets: sum.surplusSets + each.surplusSets,
      differing: sum.differing + each.differing,
      goneInvoices: sum.goneInvoices + each.goneInvoices,
    }),
    NO_DISCREPANCIES,
  );

/** Where the audits of all kinds came to. */
export interface AuditCheckpoints {
  /** In the turn of the retired AMP invoices. */
  readonly auditCursor?: string | undefined;
  /** In lnd's list of invoices, for BOLT11 ones: an add index. */
  readonly plainIndex: bigint;
}

/** Holds lnd's books of one kind of payment against the table, and hands on what the table lacks. */
export interface KindAudit {
  /** As much as is due, going on where the one before came to. */
  run(now: Date): Promise<Audited>;
  /** All there is, however old. `progress` is told after each invoice. */
  runAll(progress: (drift: Discrepancies) => void): Promise<Discrepancies>;
}

export interface Audited {
  readonly drift: Discrepancies;
  /** When the first of those invoices expires that are handed out, where some are. */
  readonly firstExpiry?: Date | undefined;
}
