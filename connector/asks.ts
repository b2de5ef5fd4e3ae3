import {
  type Answer,
  ASK_LISTS,
  type Ask,
  answerAsk,
  openAsks,
  readAsk,
  readCreator,
} from '../shared/ledger/index.ts';
import { Buckets, type Rate } from '../shared/rate.ts';
import { LndError } from './lnd.ts';
import { askMemoFor } from './memo.ts';
import { isRefusal, type Minting } from './minting.ts';

/** An unpaid invoice of an ask lives so long. */
export const ASK_EXPIRY_SECONDS = 600;
/** Who asked has gone by then, with an error: an invoice would be for nobody. */
const ASKER_WAITS_MS = 5_000;
/** Invoices that are asked of lnd at the same time, so that a flood of asks leaves it time to settle. */
const AT_ONCE = 4;
/** Asks that wait here; what is beyond is refused at once, for it could not be answered in time. */
const MOST_WAITING = 2_000;

/** How many invoices may be asked for: each costs the node one. */
export interface AskLimits {
  readonly all: Rate;
  readonly creator: Rate;
  readonly client: Rate;
}

export const ASK_LIMITS: AskLimits = {
  all: { perSecond: 100, burst: 1_000 },
  creator: { perSecond: 20, burst: 200 },
  client: { perSecond: 1, burst: 20 },
};

/** Mints an invoice for each ask, a few at a time, and answers it in the table. */
export class AskMint {
  readonly #minting: Minting;
  readonly #limits: Record<keyof AskLimits, Buckets>;
  readonly #waiting: string[] = [];
  readonly #seen = new Set<string>();
  readonly #idle: (() => void)[] = [];

  constructor(minting: Minting, limits: AskLimits, steadyMs: () => number) {
    this.#minting = minting;
    this.#limits = {
      all: new Buckets(limits.all, steadyMs),
      creator: new Buckets(limits.creator, steadyMs),
      client: new Buckets(limits.client, steadyMs),
    };
  }

  /** Hear of an ask. It may be told of twice, and not be there any more. */
  hint(id: string): void {
    if (this.#seen.has(id) || this.#waiting.length >= MOST_WAITING) return;
    this.#seen.add(id);
    this.#waiting.push(id);
    this.#idle.shift()?.();
  }

  /** Find the asks that nobody hinted at. */
  async look(): Promise<void> {
    for (let list = 0; list < ASK_LISTS; list++) {
      for await (const { id } of openAsks(this.#minting.ledger, list)) {
        if (this.#waiting.length >= MOST_WAITING) return;
        this.hint(id);
      }
    }
  }

  /** Answer asks until the signal aborts. @throws LndError when lnd is away */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => {
      for (const resolve of this.#idle.splice(0)) resolve();
    };
    signal.addEventListener('abort', wake);
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(signal)));
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  async #work(signal: AbortSignal) {
    while (!signal.aborted) {
      const id = this.#waiting.shift();
      if (id !== undefined) {
        await this.#answer(id).finally(() => this.#seen.delete(id));
        continue;
      }
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  async #answer(id: string) {
    const { ledger, log, clock } = this.#minting;
    try {
      const ask = await readAsk(ledger, id);
      if (ask?.status !== 'open') return;
      const late = clock().getTime() - ask.createdAt.getTime() > ASKER_WAITS_MS;
      const answer = late ? refusal('the node was away') : await this.#mint(ask);
      await answerAsk(ledger, ask, answer);
    } catch (error) {
      // The table's troubles are the asker's to hear of by the time that passes; lnd's end the connection.
      if (error instanceof LndError) throw error;
      log.warn({ error: String(error) }, 'an ask could not be answered');
    }
  }

  async #mint(ask: Ask): Promise<Answer> {
    const { ledger, lnd, clock, routeHints, alarms } = this.#minting;
    const { id, handle, optionId, amountMsat, descriptionHash } = ask;
    const over = (['client', 'creator', 'all'] as const).find(
      (limit) =>
        !this.#limits[limit].take(limit === 'client' ? ask.client : limit === 'creator' ? handle : ''),
    );
    if (over) return refusal('too many invoices were asked for; try again in a minute');
    const creator = await readCreator(ledger, handle);
    if (creator?.status !== 'active' || !creator.options.some((option) => option.id === optionId))
      return refusal('this tip option is not there any more');
    const expiresAt = new Date(clock().getTime() + ASK_EXPIRY_SECONDS * 1000);
    try {
      const memo = askMemoFor(handle, optionId, id);
      const expirySeconds = ASK_EXPIRY_SECONDS;
      const made = await lnd.addPlainInvoice({
        memo,
        amountMsat,
        descriptionHash,
        expirySeconds,
        routeHints,
      });
      return { status: 'minted', ...made, expiresAt };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      alarms.raise('mint-failed', { handle, optionId, error: String(error) });
      return refusal('the node refused to make this invoice');
    }
  }
}

const refusal = (reason: string): Answer => ({ status: 'refused', reason });
