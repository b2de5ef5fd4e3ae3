/** More than are worked off while they are still of use. */
export const MOST_WAITING = 10_000;

/** Hints within a process: who waits for some hears of them at once. */
export class WakeQueue<T = string> {
  #hints: T[] = [];
  #wake: () => void = () => {};

  push(hint: T): void {
    this.pushAll([hint]);
  }

  /** Those that nobody takes are dropped beyond a bound, the oldest first: each is for speed alone, what it tells of is in the table. */
  pushAll(hints: readonly T[]): void {
    for (const hint of hints.slice(-MOST_WAITING)) this.#hints.push(hint);
    if (this.#hints.length > MOST_WAITING) this.#hints.splice(0, this.#hints.length - MOST_WAITING);
    this.#wake();
  }

  /** All that came, as soon as there are some; none when the signal aborts. */
  async next(signal: AbortSignal): Promise<readonly T[]> {
    if (this.#hints.length === 0 && !signal.aborted) {
      const woken = new AbortController();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true, signal: woken.signal });
      });
      woken.abort();
    }
    return this.#hints.splice(0);
  }
}
