import type { Tip } from '../../shared/ledger/index.ts';
import type { Alarms } from '../health/alarms.ts';

const WINDOW_MS = 60_000;
/** Tips a minute to one creator that are worth no more than they cost to keep. */
const MOST_A_WINDOW = 100;
const ONE_SAT_MSAT = 1_000n;

/** Watches the rate of tips of one satoshi, or below their creator's minimum, and raises an alarm once a minute. */
export class DustWatch {
  #since: number | undefined;
  readonly #counts = new Map<string, number>();
  readonly #alarms: Alarms;
  readonly #steadyMs: () => number;

  constructor(alarms: Alarms, steadyMs: () => number) {
    this.#alarms = alarms;
    this.#steadyMs = steadyMs;
  }

  booked(tips: readonly Pick<Tip, 'handle' | 'amountMsat' | 'dust'>[]): void {
    const now = this.#steadyMs();
    if (this.#since === undefined || now - this.#since >= WINDOW_MS) {
      this.#since = now;
      this.#counts.clear();
    }
    for (const { handle, amountMsat, dust } of tips) {
      if (!dust && amountMsat > ONE_SAT_MSAT) continue;
      const count = (this.#counts.get(handle) ?? 0) + 1;
      this.#counts.set(handle, count);
      if (count === MOST_A_WINDOW)
        this.#alarms.raise('dust', { handle, within: `${WINDOW_MS / 1000} s`, tips: count });
    }
  }
}
