/** A wait that can be cut short, also before it begins. */
export class Nudge {
  #nudged = new AbortController();

  nudge(): void {
    this.#nudged.abort();
  }

  /** Sleep until the time is over, someone nudged since the last sleep, or the signal aborts. */
  async sleep(
    sleep: (ms: number, signal: AbortSignal) => Promise<void>,
    ms: number,
    signal: AbortSignal,
  ): Promise<void> {
    const nudged = this.#nudged;
    if (!nudged.signal.aborted) await sleep(ms, AbortSignal.any([signal, nudged.signal]));
    if (nudged.signal.aborted) this.#nudged = new AbortController();
  }
}
