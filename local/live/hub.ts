import { type LiveMessage, liveMessages } from '../../functions/realtime/message.ts';
import type { TipEvent } from '../../shared/contract/tip.ts';
import type { Ledger } from '../../shared/ledger/index.ts';

/** Hears of a creator's tips at once, without waiting: what takes time is the listener's own affair. */
export type Listener = (messages: readonly LiveMessage[]) => void;

/**
 * Hands tips to whoever listens in this process. It keeps nothing: a listener that missed something reads the table. Nothing
 * is read for a creator whom nobody listens to.
 */
export class LiveHub {
  readonly #ledger: Ledger;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #report: (error: unknown) => void;

  /** @param report hears of a listener that failed, and was dropped for it */
  constructor(ledger: Ledger, report: (error: unknown) => void = () => {}) {
    this.#ledger = ledger;
    this.#report = report;
  }

  /** Listen to a creator's tips until the returned function is called. */
  subscribe(handle: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(handle) ?? new Set();
    this.#listeners.set(handle, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(handle) === listeners) this.#listeners.delete(handle);
    };
  }

  /**
   * Tell listeners of events, in their order. The same event may come again.
   * @throws what reading the table throws
   */
  async publish(events: readonly TipEvent[]): Promise<void> {
    const heard = events.filter(({ data }) => this.#listeners.has(data.handle));
    if (heard.length === 0) return;
    const messages = await liveMessages(this.#ledger, heard);
    for (const [handle, ofCreator] of messages)
      for (const listener of this.#listeners.get(handle) ?? []) this.#tell(handle, listener, ofCreator);
  }

  #tell(handle: string, listener: Listener, messages: readonly LiveMessage[]) {
    try {
      listener(messages);
    } catch (error) {
      this.#listeners.get(handle)?.delete(listener);
      this.#report(error);
    }
  }
}
