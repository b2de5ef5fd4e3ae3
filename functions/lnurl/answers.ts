import { type Ask, type Ledger, readAsks } from '../../shared/ledger/index.ts';

/** Who asks alone is answered about as soon as the connector can. */
const FIRST_LOOK_MS = 10;
const LOOK_EVERY_MS = 25;

interface Waiting {
  readonly untilMs: number;
  resolve(ask: Ask | undefined): void;
  reject(error: unknown): void;
}

/** Waits for answers to asks: one look at the table for all who wait in this process, and none while nobody does. */
export class Answers {
  readonly #ledger: Ledger;
  readonly #steadyMs: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #waiting = new Map<string, Waiting>();
  #looking = false;

  constructor(ledger: Ledger, steadyMs: () => number, sleep: (ms: number) => Promise<void>) {
    this.#ledger = ledger;
    this.#steadyMs = steadyMs;
    this.#sleep = sleep;
  }

  /**
   * The ask once it is answered.
   * @param untilMs by the steady clock
   * @returns undefined when it is not answered until then
   */
  of(id: string, untilMs: number): Promise<Ask | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { untilMs, resolve, reject });
      if (!this.#looking) void this.#look();
    });
  }

  async #look() {
    this.#looking = true;
    for (let waitMs = FIRST_LOOK_MS; this.#waiting.size > 0; waitMs = LOOK_EVERY_MS) {
      try {
        await this.#sleep(waitMs);
        const ids = [...this.#waiting.keys()];
        const asks = await readAsks(this.#ledger, ids);
        for (const [at, id] of ids.entries()) this.#tell(id, asks[at]);
      } catch (error) {
        for (const { reject } of this.#waiting.values()) reject(error);
        this.#waiting.clear();
      }
    }
    this.#looking = false;
  }

  #tell(id: string, ask: Ask | undefined) {
    const { untilMs, resolve } = this.#waiting.get(id)!;
    const answered = ask !== undefined && ask.status !== 'open';
    if (!answered && this.#steadyMs() < untilMs) return;
    this.#waiting.delete(id);
    resolve(answered ? ask : undefined);
  }
}
