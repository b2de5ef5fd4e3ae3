import type { Backoff } from '../../shared/concurrency/backoff.ts';
import {
  batchLength,
  bookTips,
  type EventToQuarantine,
  InvoiceMissingError,
  isForGood,
  type Lease,
  LeaseLostError,
  type Ledger,
  moveHints,
  type NewTip,
  paymentToQuarantine,
} from '../../shared/ledger/index.ts';
import type { Alarms } from '../health/alarms.ts';
import type { Log } from '../log.ts';
import type { DustWatch } from './belowMinimum.ts';

/** What was heard of lnd: something to write, or only that the node came as far as `settleIndex`. */
export interface Heard {
  readonly entry?: NewTip | EventToQuarantine;
  /** Where lnd's subscription is; not of what the audit found. */
  readonly settleIndex?: bigint;
}

export interface BookingParts {
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly backoff: Backoff;
  readonly log: Log;
  readonly alarms: Alarms;
  readonly dust: DustWatch;
  /** Milliseconds of a clock that never jumps. */
  steadyMs(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A new name for an attempt. */
  token(): string;
}

/** How many were booked, known before, and set aside. */
export interface BookingCounts {
  booked: number;
  known: number;
  setAside: number;
}

/** Waiting entries and the bytes of their events, at most: beyond, lnd's stream is not read on until some are booked. */
const MOST_WAITING = 2_000;
const MOST_WAITING_BYTES = 32_000_000;
/** Entries that are looked at for the next commit. */
const WINDOW = 200;
/** A subscription that brought nothing for so long has nothing more to replay. */
const QUIET_MS = 5_000;
const LOOK_EVERY_MS = 250;
/** On a node that is never quiet and whose indexes began anew, an index of before never comes. */
const MOST_CATCHING_UP_MS = 60_000;

const isTip = (entry: NewTip | EventToQuarantine): entry is NewTip => !('reason' in entry);

/**
 * Books what was heard, in the order it came, as much as fits one commit at a time. With nothing waiting an entry is
 * booked at once; what comes while a commit is under way shares the next one.
 */
export class BookingQueue {
  readonly #waiting: (Heard & { readonly sinceMs: number })[] = [];
  #bytes = 0;
  #wake: () => void = () => {};
  #room: (() => void)[] = [];
  #reached: bigint | undefined;
  #written: bigint | undefined;
  #heardAt = 0;
  #reading = 0;
  /** Whether lnd's order is known, so that the checkpoint may move: after the audit of this connection. */
  orderKnown = false;
  /** Whether lnd replays from a checkpoint whose index means what it did: then it comes nearer to what is waited for. */
  replaying = false;
  /** Nothing more is taken in. */
  #stopped = false;
  readonly #counts: BookingCounts;
  readonly #parts: BookingParts;

  constructor(parts: BookingParts, counts: BookingCounts) {
    this.#parts = parts;
    this.#counts = counts;
  }

  /** Take something in; waits while the queue is full. What comes after a stop is left, and not lost: lnd tells it again. */
  async push(heard: Heard): Promise<void> {
    while (this.#isFull() && !this.#stopped) await new Promise<void>((resolve) => this.#room.push(resolve));
    if (this.#stopped) return;
    const sinceMs = this.#parts.steadyMs();
    this.#waiting.push({ ...heard, sinceMs });
    this.#bytes += heard.entry?.event.length ?? 0;
    this.#wake();
  }

  /** Read what the subscription brought, which is not quiet meanwhile, however long the table takes to say whose it is. */
  async reading(read: () => Promise<void>): Promise<void> {
    this.#reading++;
    try {
      await read();
    } finally {
      this.#reading--;
      this.#heardAt = this.#parts.steadyMs();
    }
  }

  #isFull() {
    return this.#waiting.length >= MOST_WAITING || this.#bytes >= MOST_WAITING_BYTES;
  }

  get length() {
    return this.#waiting.length;
  }

  /** For how long the first in line has waited; 0 when nothing waits. */
  longestWaitMs(): number {
    const [first] = this.#waiting;
    return first ? this.#parts.steadyMs() - first.sinceMs : 0;
  }

  /** The settle index up to which all that the subscription brought is booked. */
  get reached() {
    return this.#reached;
  }

  /**
   * Wait until the subscription came as far as a settle index and all of it is booked. lnd's order is not to be trusted, so
   * not when it brought nothing for {@link QUIET_MS}, and no longer than a minute without coming nearer. Once the order is
   * known there is no replay to wait for, and a minute is all.
   */
  async caughtUp(settleIndex: bigint, signal: AbortSignal): Promise<void> {
    const { sleep, steadyMs } = this.#parts;
    let since = steadyMs();
    let reached = this.#reached;
    while (!signal.aborted && !(this.#reached !== undefined && this.#reached >= settleIndex)) {
      if (this.isQuiet() || steadyMs() - since >= MOST_CATCHING_UP_MS) return;
      if (this.#reached !== reached && this.replaying) since = steadyMs();
      reached = this.#reached;
      await sleep(LOOK_EVERY_MS, signal);
    }
  }

  /** Whether the subscription brought nothing for a while, and nothing waits. */
  isQuiet(): boolean {
    const sinceMs = this.#parts.steadyMs() - this.#heardAt;
    return this.#reading === 0 && this.#waiting.length === 0 && sinceMs >= QUIET_MS;
  }

  /** Book until the signal aborts and nothing waits. @throws LeaseLostError, InvoiceMissingError */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => {
      this.#stopped = true;
      this.#wake();
      this.#makeRoom();
    };
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    // Before now nobody listened.
    this.#heardAt = this.#parts.steadyMs();
    try {
      for (;;) {
        if (this.#waiting.length === 0) {
          if (signal.aborted) return void (await this.saveCheckpoint());
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        await this.#bookSome(signal);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  #makeRoom() {
    for (const resolve of this.#room.splice(0)) resolve();
  }

  async #bookSome(signal: AbortSignal) {
    const window = this.#waiting.slice(0, WINDOW);
    const entries = window.flatMap(({ entry }) => (entry ? [entry] : []));
    let most = entries.length === 0 ? 0 : batchLength(entries);
    for (;;) {
      const batch = entries.slice(0, most);
      const heard = window.slice(0, lengthWith(window, most));
      try {
        await this.#commit(batch, heard, signal);
        this.#waiting.splice(0, heard.length);
        this.#bytes -= batch.reduce((sum, { event }) => sum + event.length, 0);
        break;
      } catch (error) {
        if (!isForGood(error) || batch.length === 0) throw error;
        // Something in the batch can never be booked: halves of it find what, and the rest goes on.
        if (batch.length > 1) most = Math.ceil(batch.length / 2);
        else entries[0] = this.#asQuarantined(batch[0]!, error);
      }
    }
    this.#makeRoom();
  }

  /** @throws what can't be set aside, for it was set aside already */
  #asQuarantined(entry: NewTip | EventToQuarantine, error: unknown): EventToQuarantine {
    if (!isTip(entry)) throw error;
    const reason = `the table refuses it: ${String(error)}`;
    this.#parts.alarms.raise('set-aside', { paymentAddr: entry.paymentAddr, reason });
    return paymentToQuarantine(entry, { reason, event: entry.event });
  }

  async #commit(
    batch: readonly (NewTip | EventToQuarantine)[],
    heard: readonly Heard[],
    signal: AbortSignal,
  ) {
    const { ledger, lease, backoff, log, alarms, dust, token } = this.#parts;
    const reached = heard.reduce(
      (most, { settleIndex = -1n }) => (settleIndex > most ? settleIndex : most),
      this.#reached ?? -1n,
    );
    const settleIndex = this.orderKnown && reached >= 0n ? reached : undefined;
    if (batch.length > 0) {
      const tips = batch.filter(isTip);
      const quarantined = batch.filter((entry): entry is EventToQuarantine => !isTip(entry));
      // Whatever became of an attempt, the rows' conditions make the next one safe.
      const booked = await backoff.untilDone(
        () => bookTips(ledger, lease, { tips, quarantined }, { settleIndex, token }),
        (error) =>
          !(error instanceof LeaseLostError || error instanceof InvoiceMissingError || isForGood(error)),
        (error, waitMs) => log.warn({ error: String(error), waitMs }, 'booking failed, trying again'),
        signal,
      );
      if (settleIndex !== undefined) this.#written = settleIndex;
      this.#counts.booked += booked.tips.length;
      this.#counts.known += booked.known.length;
      this.#counts.setAside += quarantined.length + booked.contradicted.length;
      for (const { reason, setId } of booked.contradicted) {
        const paymentAddr = tips.find((tip) => tip.setId === setId)?.paymentAddr;
        alarms.raise('set-aside', { paymentAddr, reason });
      }
      dust.booked(booked.tips);
      if (booked.tips.length > 0)
        log.info({ tips: booked.tips.length, known: booked.known.length }, 'booked');
    }
    if (reached >= 0n) this.#reached = reached;
  }

  /**
   * Write how far the node came when no commit did, as after payments that are none of ours.
   * @returns whether there was something to write. @throws LeaseLostError
   */
  async saveCheckpoint(): Promise<boolean> {
    const { ledger, lease } = this.#parts;
    const settleIndex = this.#reached;
    if (!this.orderKnown || settleIndex === undefined || settleIndex === this.#written) return false;
    await moveHints(ledger, lease, { settleIndex });
    this.#written = settleIndex;
    return true;
  }
}

/** How much of the window holds so many entries, with what comes between and behind them that has none. */
function lengthWith(window: readonly Heard[], entries: number): number {
  let taken = 0;
  for (let written = 0; taken < window.length; taken++) {
    if (window[taken]!.entry && written++ === entries) break;
  }
  return taken;
}
