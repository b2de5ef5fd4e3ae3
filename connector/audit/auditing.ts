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
import { type Lnd, LndError } from '../lnd/contract.ts';
import type { Log } from '../log.ts';
import { ofEachKind } from '../payments/kinds.ts';
import {
  type AuditCheckpoints,
  type Audited,
  type AuditParts,
  discrepanciesIn,
  type KindAudit,
  sumOf,
} from './audit.ts';

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
export type Findings = Pick<AuditParts, 'caughtUp' | 'found' | 'gone'>;

/** The audits of a connection, one after another, each going on where the one before came to. */
export class Auditing {
  readonly #parts: AuditingParts;
  readonly #audits: readonly KindAudit[];
  readonly #backoff: Backoff;

  constructor(parts: AuditingParts, findings: Findings, from: AuditCheckpoints) {
    const { ledger, lnd, memos, alarms, lease, chance, sleep } = parts;
    const save: AuditParts['save'] = (reached) => moveHints(ledger, lease, reached);
    const of = { ledger, lnd, memos, alarms, node: lease.node, save, ...findings };
    this.#parts = parts;
    this.#audits = Object.values(ofEachKind((handler) => handler.audit(of, from)));
    this.#backoff = new Backoff({ firstMs: 1_000, mostMs: 60_000, chance, sleep });
  }

  /** One audit, tried again while the table is away. @throws LndError, LeaseLostError, InvoiceMissingError */
  async run(signal: AbortSignal): Promise<Audited> {
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
    if (discrepanciesIn(drift) > 0) log.warn(found, 'audit: table and lnd differ');
    else log.info(found, 'audit: table and lnd agree');
    return audited;
  }

  async #look(): Promise<Audited> {
    const found: Audited[] = [];
    for (const audit of this.#audits) found.push(await audit.run(this.#parts.clock()));
    const expiries = found.flatMap(({ firstExpiry }) => firstExpiry ?? []);
    return {
      drift: sumOf(found.map(({ drift }) => drift)),
      firstExpiry: expiries.toSorted((a, b) => a.getTime() - b.getTime())[0],
    };
  }
}
