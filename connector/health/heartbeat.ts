import { type Lease, type Ledger, saveVitalSigns, type VitalSigns } from '../../shared/ledger/index.ts';
import { type Discrepancies, discrepanciesIn } from '../audit/audit.ts';
import type { RecentAlarms } from './recentAlarms.ts';

/** So often at most: whoever watches looks as often. */
export const TELL_EVERY_MS = 60_000;
/** What an audit found wrong is told for so long, for the next one, which finds it mended, may follow at once. */
export const DRIFT_SHOWS_MS = 600_000;

/** What is told of what was heard, and not booked yet. */
export interface Progress {
  readonly length: number;
  /** Whether the checkpoint moves with what is booked. */
  readonly orderKnown: boolean;
  /** ms; 0 when nothing waits. */
  longestWaitMs(): number;
}

interface Parts {
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly version: string;
  readonly alarms: RecentAlarms;
  clock(): Date;
  steadyMs(): number;
}

/** Tells the table how the connector fares, under its lease: the first time at once, then once a minute. */
export class VitalSignsTeller {
  readonly #parts: Parts;
  #toldMs: number | undefined;
  #tookOver = false;
  #worst: { readonly drift: number; readonly foundMs: number } | undefined;
  #lastAudit: Pick<VitalSigns, 'auditedAt' | 'drift' | 'firstExpiry'> = {};

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** An audit ended: it found this. */
  audited(found: Discrepancies, firstExpiry: Date | undefined): void {
    const { clock, steadyMs } = this.#parts;
    const drift = discrepanciesIn(found);
    const foundMs = steadyMs();
    const worst = this.#worst;
    if (!worst || drift >= worst.drift || foundMs - worst.foundMs >= DRIFT_SHOWS_MS)
      this.#worst = { drift, foundMs };
    this.#lastAudit = {
      auditedAt: clock(),
      drift: this.#worst!.drift,
      ...(firstExpiry && { firstExpiry }),
    };
  }

  /** @returns whether it was time to tell. @throws LeaseLostError */
  async tell(progress: Progress): Promise<boolean> {
    const { ledger, lease, version, alarms, clock, steadyMs } = this.#parts;
    if (this.#toldMs !== undefined && steadyMs() - this.#toldMs < TELL_EVERY_MS) return false;
    const now = clock();
    const checkpointAt = new Date(now.getTime() - progress.longestWaitMs());
    const signs = {
      aliveAt: now,
      version,
      waiting: progress.length,
      ...(progress.orderKnown && { checkpointAt }),
      ...this.#lastAudit,
    };
    // A connector that ended, or this one under a lease before, may have told of alarms that nobody has looked at yet.
    const isFirst = !this.#tookOver;
    if (isFirst) {
      const { alarms: told, alarmsAt } = (await saveVitalSigns(ledger, lease, signs)) ?? {};
      if (told && alarmsAt) alarms.takeOver(told, now.getTime() - alarmsAt.getTime());
      this.#tookOver = true;
    }
    const counts = alarms.counts();
    if (!isFirst || Object.keys(counts).length > 0)
      await saveVitalSigns(ledger, lease, { ...signs, alarms: counts, alarmsAt: now });
    this.#toldMs = steadyMs();
    return true;
  }
}
