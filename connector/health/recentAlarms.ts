import { ALARMS_COUNT_MS } from '../../shared/ledger/index.ts';
import type { Alarms } from './alarms.ts';

type Counts = Readonly<Record<string, number>>;

/**
 * How often each alarm was raised in the last ten minutes, to the minute that it is asked in. It lives as long as the process; what the
 * process before had told goes on counting when it is taken over.
 */
export class RecentAlarms {
  readonly #alarms: Pick<Alarms, 'counts'>;
  readonly #steadyMs: () => number;
  /** Of those since the process began, how many are among the raised. */
  #seen: Counts = {};
  #raised: { readonly ms: number; readonly counts: Counts }[] = [];

  constructor(alarms: Pick<Alarms, 'counts'>, steadyMs: () => number) {
    this.#alarms = alarms;
    this.#steadyMs = steadyMs;
  }

  /** By name; an alarm that was not raised is left out. */
  counts(): Counts {
    const now = this.#steadyMs();
    const all = { ...this.#alarms.counts };
    this.#raised.push({ ms: now, counts: beyond(all, this.#seen) });
    this.#seen = all;
    this.#raised = this.#raised.filter(({ ms }) => now - ms < ALARMS_COUNT_MS);
    const sums: Record<string, number> = {};
    for (const { counts } of this.#raised)
      for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
    return sums;
  }

  /** Take over what was told so long ago. Of an alarm that is counted here, too, the greater count holds: it may be the same one. */
  takeOver(told: Counts, agoMs: number): void {
    const counts = beyond(told, this.counts());
    this.#raised.push({ ms: this.#steadyMs() - Math.max(0, agoMs), counts });
  }
}

/** What the first counts are more than the second. */
const beyond = (first: Counts, second: Counts): Counts =>
  Object.fromEntries(
    Object.entries(first)
      .map(([name, count]) => [name, count - (second[name] ?? 0)] as const)
      .filter(([, more]) => more > 0),
  );
