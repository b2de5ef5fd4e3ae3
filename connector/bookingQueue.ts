import {
  type AsideEvent,
  batchLength,
  bookTips,
  type Lease,
  LeaseLostError,
  type Ledger,
  moveCheckpoint,
  type NewTip,
} from '../shared/ledger/index.ts';
import type { Backoff } from './backoff.ts';
import type { Log } from './log.ts';

/** What was heard of lnd: something to write, or only that the node came as far as `settleIndex`. */
export interface Heard {
  readonly entry?: NewTip | AsideEvent;
  readonly settleIndex?: bigint;
}

export interface BookingParts {
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly backoff: Backoff;
  readonly log: Log;
  /** A new name for an attempt. */
  token(): string;
}

/** Waiting entries, at most: beyond, lnd's stream is not read on until some are booked. */
const MOST_WAITING = 2_000;

/**
 * Books what was heard, in the order it came, as much as fits one commit at a time. With nothing waiting an entry is
 * booked at once; what comes while a commit is under way shares the next one.
 */
export class BookingQueue {
  readonly #waiting: Heard[] = [];
  #wake: () => void = () => {};
  #room: (() => void)[] = [];
  #reached: bigint | undefined;
  #written: bigint | undefined;
  /** Whether lnd's order is known, so that the checkpoint may move: after the audit of this connection. */
  orderKnown = false;
  readonly counts = { booked: 0, known: 0, setAside: 0 };
  readonly #parts: BookingParts;

  constructor(parts: BookingParts) {
    this.#parts = parts;
  }

  #ended = false;

  /** Take something in; waits while the queue is full. What comes after the end is not lost: lnd tells it again. */
  async push(heard: Heard): Promise<void> {
    while (this.#waiting.length >= MOST_WAITING && !this.#ended)
      await new Promise<void>((resolve) => this.#room.push(resolve));
    this.#waiting.push(heard);
    this.#wake();
  }

  get length() {
    return this.#waiting.length;
  }

  /** Book until the signal aborts and nothing waits. @throws LeaseLostError */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake();
    signal.addEventListener('abort', wake);
    try {
      for (;;) {
        if (this.#waiting.length === 0) {
          if (signal.aborted) return await this.#moveCheckpoint();
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        await this.#bookSome(signal);
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#ended = true;
      for (const resolve of this.#room.splice(0)) resolve();
    }
  }

  async #bookSome(signal: AbortSignal) {
    const { ledger, lease, backoff, log, token } = this.#parts;
    const window = this.#waiting.slice(0, 500);
    const entries = window.flatMap(({ entry }) => (entry ? [entry] : []));
    const most = entries.length === 0 ? 0 : batchLength(entries);
    let taken = 0;
    for (let written = 0; taken < window.length; taken++) {
      if (window[taken]!.entry && written++ === most) break;
    }
    const heard = window.slice(0, taken);
    for (const { settleIndex } of heard) {
      if (settleIndex !== undefined && settleIndex > (this.#reached ?? -1n)) this.#reached = settleIndex;
    }
    if (most > 0) {
      const batch = entries.slice(0, most);
      const tips = batch.filter((entry): entry is NewTip => 'setId' in entry);
      const asides = batch.filter((entry): entry is AsideEvent => 'reason' in entry);
      const settleIndex = this.orderKnown ? this.#reached : undefined;
      // Whatever became of an attempt, the rows' conditions make the next one safe.
      const booked = await backoff.untilDone(
        () => bookTips(ledger, lease, { tips, asides }, { settleIndex, token }),
        (error) => !(error instanceof LeaseLostError),
        (error, waitMs) => log.warn({ error: String(error), waitMs }, 'booking failed, trying again'),
        signal,
      );
      if (settleIndex !== undefined) this.#written = settleIndex;
      this.counts.booked += booked.tips.length;
      this.counts.known += booked.known.length;
      this.counts.setAside += asides.length + booked.contradicted.length;
      for (const { reason } of booked.contradicted) log.error({ reason }, 'set aside');
      if (booked.tips.length > 0)
        log.info({ tips: booked.tips.length, known: booked.known.length }, 'booked');
    }
    this.#waiting.splice(0, taken);
    for (const resolve of this.#room.splice(0)) resolve();
  }

  async #moveCheckpoint() {
    const { ledger, lease } = this.#parts;
    if (!this.orderKnown || this.#reached === undefined || this.#reached === this.#written) return;
    await moveCheckpoint(ledger, lease, { settleIndex: this.#reached });
    this.#written = this.#reached;
  }
}
