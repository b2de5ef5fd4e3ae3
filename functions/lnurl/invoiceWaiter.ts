import type { EventEmitter } from 'node:events';
import { type InvoiceRequest, type Ledger, readInvoiceRequests } from '../../shared/ledger/index.ts';

/** Who asks alone is answered about as soon as the connector can. */
const FIRST_LOOK_MS = 10;
const LOOK_EVERY_MS = 25;
/** Where answers are told of, looks find but what a word of it missed. */
const TOLD_LOOK_MS = 250;

/** Tells of invoice requests that were just answered. For speed alone: the table is what counts. */
export type ReplyHints = EventEmitter<{ answered: [ids: readonly string[]] }>;

interface Waiting {
  readonly untilMs: number;
  resolve(request: InvoiceRequest | undefined): void;
  reject(error: unknown): void;
}

/**
 * Waits for answers to invoice requests: one look at the table for all who wait in this process, and none while nobody does. An answer that
 * is told of is looked at at once.
 */
export class InvoiceWaiter {
  readonly #ledger: Ledger;
  readonly #steadyMs: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #waiting = new Map<string, Waiting>();
  readonly #firstLookMs: number;
  readonly #lookEveryMs: number;
  #looking = false;

  constructor(
    ledger: Ledger,
    steadyMs: () => number,
    sleep: (ms: number) => Promise<void>,
    hints?: ReplyHints,
  ) {
    this.#ledger = ledger;
    this.#steadyMs = steadyMs;
    this.#sleep = sleep;
    this.#firstLookMs = hints ? TOLD_LOOK_MS : FIRST_LOOK_MS;
    this.#lookEveryMs = hints ? TOLD_LOOK_MS : LOOK_EVERY_MS;
    hints?.on('answered', (told) => {
      const ids = told.filter((id) => this.#waiting.has(id));
      void this.#lookAt(ids).catch((error) => this.#fail(ids, error));
    });
  }

  /**
   * The invoice request once it is answered.
   * @param untilMs by the steady clock
   * @returns undefined when it is not answered until then
   */
  of(id: string, untilMs: number): Promise<InvoiceRequest | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { untilMs, resolve, reject });
      if (!this.#looking) void this.#look();
    });
  }

  async #look() {
    this.#looking = true;
    for (let waitMs = this.#firstLookMs; this.#waiting.size > 0; waitMs = this.#lookEveryMs) {
      try {
        await this.#sleep(waitMs);
        await this.#lookAt([...this.#waiting.keys()]);
      } catch (error) {
        this.#fail([...this.#waiting.keys()], error);
      }
    }
    this.#looking = false;
  }

  async #lookAt(ids: readonly string[]) {
    const requests = await readInvoiceRequests(this.#ledger, ids);
    for (const [at, id] of ids.entries()) this.#tell(id, requests[at]);
  }

  #fail(ids: readonly string[], error: unknown) {
    for (const id of ids) this.#take(id)?.reject(error);
  }

  #tell(id: string, request: InvoiceRequest | undefined) {
    // Another look may have told it.
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    const answered = request !== undefined && request.status !== 'open';
    if (answered || this.#steadyMs() >= waiting.untilMs)
      this.#take(id)!.resolve(answered ? request : undefined);
  }

  /** Who waits for an invoice request, for the last time. */
  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
