export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Evenly from 0 to 1. */
  chance(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Waits that double up to a bound, each cut by chance, so that many who failed together don't come back together. */
export class Backoff {
  #failures = 0;
  readonly #options: BackoffOptions;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  reset() {
    this.#failures = 0;
  }

  /** How long to wait after one more failure, in ms: half of the doubled time for certain, half by chance. */
  next(): number {
    const { firstMs, mostMs, chance } = this.#options;
    const whole = Math.min(mostMs, firstMs * 2 ** this.#failures++);
    return Math.round(whole / 2 + (whole / 2) * chance());
  }

  sleep(ms: number, signal: AbortSignal) {
    return this.#options.sleep(ms, signal);
  }

  /** Try until it works, `again` says no, or the signal aborts. */
  async untilDone<T>(
    attempt: () => Promise<T>,
    again: (error: unknown) => boolean,
    failed: (error: unknown, waitMs: number) => void,
    signal: AbortSignal,
  ): Promise<T> {
    for (;;) {
      try {
        const done = await attempt();
        this.reset();
        return done;
      } catch (error) {
        if (signal.aborted || !again(error)) throw error;
        const waitMs = this.next();
        failed(error, waitMs);
        await this.sleep(waitMs, signal);
      }
    }
  }
}
