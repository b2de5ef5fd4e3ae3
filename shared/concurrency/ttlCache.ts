/** So long what was read may be taken for what is. */
const KEPT_MS = 1_000;
/** Keys are others' to choose. */
const MOST_KEYS = 1_000;

/** Readings by key that are used again for a second, so that a flood of asks for the same costs one. */
export class TtlCache<T> {
  readonly #read: (key: string) => Promise<T>;
  readonly #steadyMs: () => number;
  readonly #kept = new Map<string, { readonly atMs: number; readonly reading: Promise<T> }>();

  constructor(read: (key: string) => Promise<T>, steadyMs: () => number) {
    this.#read = read;
    this.#steadyMs = steadyMs;
  }

  /** What is at this key, or was at most a second ago. A reading that fails is not kept. */
  of(key: string): Promise<T> {
    const now = this.#steadyMs();
    const kept = this.#kept.get(key);
    if (kept && now - kept.atMs < KEPT_MS) return kept.reading;
    if (this.#kept.size >= MOST_KEYS) this.#kept.clear();
    const reading = this.#read(key);
    this.#kept.set(key, { atMs: now, reading });
    reading.catch(() => {
      if (this.#kept.get(key)?.reading === reading) this.#kept.delete(key);
    });
    return reading;
  }
}
