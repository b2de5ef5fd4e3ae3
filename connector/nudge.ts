import { withLinkedController } from '../shared/concurrency/untilAborted.ts';

/** A wait that can be cut short, also before it begins. */
export class Nudge {
  #isNudged = false;
  #wake = () => {};

  nudge(): void {
    this.#isNudged = true;
    this.#wake();
  }

  /** Sleep until the time is over, someone nudged since the last sleep, or the signal aborts. */
  async sleep(
    sleep: (ms: number, signal: AbortSignal) => Promise<void>,
    ms: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.#isNudged)
      await withLinkedController(signal, (own) => {
        this.#wake = () => own.abort();
        return sleep(ms, own.signal);
      });
    this.#wake = () => {};
    this.#isNudged = false;
  }
}
