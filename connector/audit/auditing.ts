import { Backoff } from '../../shared/concurrency/backoff.ts';
import {
  InvoiceMissingError,
  type Lease,
  LeaseLostError,
  type Ledger,
  moveHints,
} from '../../shared/ledger/index.ts';
import type { Alarms } from '../health/alarms.ts';
import type { Memos } from '../invoices/memo.ts';
import { type Lnd, LndError, type ToldPlain, type Unreadable } from '../lnd/contract.ts';
import type { Log } from '../log.ts';
import { Audit, type AuditParts, type Drift, driftOf } from './audit.ts';
import { auditPlain } from './plainAudit.ts';

export interface AuditingParts {
  readonly ledger: Ledger;
  readonly lnd: Lnd;
  readonly lease: Lease;
  readonly memos: Memos;
  readonly alarms: Alarms;
  readonly log: Log;
  clock(): Date;
  chance(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What becomes of what an audit finds. */
export type Findings = Pick<AuditParts, 'caughtUp' | 'found' | 'gone'> & {
  foundPlain(told: ToldPlain | Unreadable): Promise<void>;
};

/** The audits of a connection, one after another, each going on where the one before came to. */
export class Auditing {
  readonly #parts: AuditingParts;
  readonly #findings: Findings;
  readonly #audit: Audit;
  readonly #backoff: Backoff;
  #auditCursor: string | undefined;
  #plainIndex: bigint;

  constructor(
    parts: AuditingParts,
    findings: Findings,
    from: { auditCursor: string | undefined; plainIndex: bigint },
  ) {
    const { ledger, lnd, alarms, lease, chance, sleep } = parts;
    this.#parts = parts;
    this.#findings = findings;
    this.#audit = new Audit({ ledger, lnd, alarms, node: lease.node, ...findings });
    this.#backoff = new Backoff({ firstMs: 1_000, mostMs: 60_000, chance, sleep });
    this.#auditCursor = from.auditCursor;
    this.#plainIndex = from.plainIndex;
  }

  /** One audit, tried again while the table is away. @throws LndError, LeaseLostError, InvoiceMissingError */
  async run(signal: AbortSignal): Promise<{ drift: Drift; firstExpiry: Date | undefined }> {
    const { log } = this.#parts;
    const audited = await this.#backoff.untilDone(
      () => this.#look(),
      (error) =>
        !(
          error instanceof LndError ||
          error instanceof LeaseLostError ||
          error instanceof InvoiceMissingError
        ),
      (error, waitMs) => log.warn({ error: String(error), waitMs }, 'audit failed, trying again'),
      signal,
    );
    const { drift } = audited;
    const found = { ...drift, missingMsat: drift.missingMsat.toString() };
    if (driftOf(drift) > 0) log.warn(found, 'audit: table and lnd differ');
    else log.info(found, 'audit: table and lnd agree');
    return audited;
  }

  async #look() {
    const { ledger, lnd, memos, alarms, lease, clock } = this.#parts;
    const { caughtUp, foundPlain } = this.#findings;
    const { drift, cursor, firstExpiry } = await this.#audit.run(clock(), this.#auditCursor);
    const plain = { ledger, lnd, memos, alarms, node: lease.node, caughtUp, found: foundPlain };
    const reached = await auditPlain(plain, this.#plainIndex, drift);
    if (cursor !== this.#auditCursor) await moveHints(ledger, lease, { auditCursor: cursor });
    this.#auditCursor = cursor;
    const there = reached === this.#plainIndex ? undefined : await lnd.invoiceFrom(reached);
    if (there?.addIndex === reached) {
      await moveHints(ledger, lease, { plainIndex: reached, plainMark: there.mark });
      this.#plainIndex = reached;
    }
    return { drift, firstExpiry };
  }
}
