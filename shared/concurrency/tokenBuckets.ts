/** How often something may happen: `perSecond` in the long run, `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

const MOST_KEYS = 100_000;
/** Room that is made at once, for making it looks at all keys. */
const ROOM = 10_000;

/** Token buckets by key. A key that was not seen for long has a full one, and is forgotten. */
export class TokenBuckets {
  readonly #rate: Rate;
  readonly #steadyMs: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(rate: Rate, steadyMs: () => number) {
    this.#rate = rate;
    this.#steadyMs = steadyMs;
  }

  /** Whether it may happen once more now; if so, it counts. */
  take(key: string): boolean {
    const { perSecond, burst } = this.#rate;
    const now = this.#steadyMs();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (!this.#buckets.has(key)) {
      if (this.#buckets.size >= MOST_KEYS) this.#forget(now);
      this.#buckets.set(key, bucket);
    }
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  /** How many times more it may happen at once now. */
  left(key: string): number {
    const { perSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(key);
    if (!bucket) return burst;
    return Math.floor(Math.min(burst, bucket.tokens + ((this.#steadyMs() - bucket.at) / 1000) * perSecond));
  }

  #forget(now: number) {
    const { perSecond, burst } = this.#rate;
    for (const [key, { tokens, at }] of this.#buckets) {
      if (tokens + ((now - at) / 1000) * perSecond >= burst) this.#buckets.delete(key);
    }
    // A flood of new keys: the oldest go, for memory is bounded before fairness is.
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size <= MOST_KEYS - ROOM) break;
      this.#buckets.delete(key);
    }
  }
}
