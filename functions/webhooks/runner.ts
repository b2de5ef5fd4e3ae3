import { setMaxListeners } from 'node:events';
import { DELIVERY_LISTS, dueDeliveries, putOff, type QueuedDelivery } from '../../shared/ledger/index.ts';
import { aborted } from '../../shared/untilAborted.ts';
import type { DeliveryHints } from '../deliveries/hints.ts';
import { type DeliverDeps, deliver } from './deliver.ts';
import { BOUNDS, type Bounds, Dispatcher } from './dispatcher.ts';

export interface RunOptions extends DeliverDeps {
  /** Ends it: nothing more is begun, and what is under way has a moment to end. */
  readonly signal: AbortSignal;
  readonly hints: DeliveryHints;
  readonly bounds?: Bounds;
}

/** The table is looked through so often: for what no hint told of, and for retries later than that. */
const POLL_MS = 5_000;
/** At the end, what is under way has so long before it is broken off and left to whoever comes next. */
export const GRACE_MS = 3_000;
/** And then so long to write down that it was, for the table may not answer either. */
export const LAST_WORDS_MS = 5_000;
/** Retries that come so soon a process wakes for by itself, up to a number; the others are found by a look. */
const ALARM_MS = 60_000;
const MOST_ALARMS = 1_000;
/** Deliveries of one endpoint that a look passes over for lack of room. Beyond that they are put off, or each look would read them all again. */
const MOST_PASSED_OVER = 1_000;
const LONGEST_PUT_OFF_MS = 3_600_000;

/**
 * Deliver what is due until the signal aborts: what hints tell of at once, and whatever else is in the table. Any number of
 * these may run beside each other.
 */
export async function runDeliveries(options: RunOptions): Promise<void> {
  const { signal, hints, report } = options;
  const round = new Round(options);
  const listen = async () => {
    while (!signal.aborted) for (const ref of await hints.next(signal)) round.offer(ref);
  };
  const look = async () => {
    while (!signal.aborted) {
      await round.look().catch(report);
      await round.rest(POLL_MS);
    }
  };
  await Promise.all([listen(), look()]);
  await round.end();
}

/**
 * Deliver what is due now, and what becomes due meanwhile, until nothing is left or the signal aborts.
 * @param again told of what is to be tried again later
 */
export async function deliverDue(
  options: Omit<RunOptions, 'hints'> & { again?: (ref: QueuedDelivery, due: Date) => void },
): Promise<void> {
  const round = new Round(options);
  await round.look();
  await Promise.race([round.idle(), aborted(options.signal)]);
  await round.end();
}

class Round {
  readonly #options: Omit<RunOptions, 'hints'> & { again?: (ref: QueuedDelivery, due: Date) => void };
  readonly #dispatcher: Dispatcher;
  /** Breaks off POSTs. */
  readonly #cut = new AbortController();
  #alarms = 0;
  /** There is room again for what the last look passed over. */
  #room = false;
  #wake = () => {};

  constructor(options: Omit<RunOptions, 'hints'> & { again?: (ref: QueuedDelivery, due: Date) => void }) {
    this.#options = options;
    // As many listen as there are tries and alarms, which is bounded elsewhere.
    setMaxListeners(0, options.signal, this.#cut.signal);
    this.#dispatcher = new Dispatcher({
      bounds: options.bounds ?? BOUNDS,
      clock: options.clock,
      sleep: options.sleep,
      work: (ref) => this.#work(ref),
      again: (ref, due) => {
        options.again?.(ref, due);
        this.#wakeFor(ref, due);
      },
      room: () => {
        this.#room = true;
        this.#wake();
      },
    });
  }

  offer(ref: QueuedDelivery): boolean {
    return this.#dispatcher.offer(ref);
  }

  idle(): Promise<void> {
    return this.#dispatcher.idle();
  }

  /** Offer all that is due in the table. */
  async look(): Promise<void> {
    const lists = Array.from({ length: DELIVERY_LISTS }, (_, list) => this.#lookAt(list));
    const failed = (await Promise.allSettled(lists)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #lookAt(list: number) {
    const { ledger, clock, signal } = this.#options;
    const now = clock();
    const passedOver = new Map<string, number>();
    for await (const delivery of dueDeliveries(ledger, list, now)) {
      if (signal.aborted) return;
      if (this.offer(delivery)) continue;
      const { endpointId } = delivery;
      const count = (passedOver.get(endpointId) ?? 0) + 1;
      passedOver.set(endpointId, count);
      if (count <= MOST_PASSED_OVER) continue;
      const waitMs = Math.min(POLL_MS + count * this.#dispatcher.paceMs(endpointId), LONGEST_PUT_OFF_MS);
      await putOff(ledger, delivery, new Date(now.getTime() + Math.ceil(waitMs)));
    }
  }

  /** Wait until the next look is due. */
  async rest(ms: number): Promise<void> {
    const { sleep, signal } = this.#options;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (!this.#room) await sleep(ms, AbortSignal.any([signal, woken.signal]));
    this.#wake = () => {};
    this.#room = false;
  }

  async end(): Promise<void> {
    const { sleep } = this.#options;
    this.#dispatcher.stop();
    const ended = new AbortController();
    void this.#dispatcher.idle().then(() => ended.abort());
    await sleep(GRACE_MS, ended.signal);
    this.#cut.abort();
    await sleep(LAST_WORDS_MS, ended.signal);
  }

  async #work(ref: QueuedDelivery): Promise<Date | undefined> {
    try {
      const left = await deliver(this.#options, ref, this.#cut.signal);
      for (const each of left.more) this.offer(each);
      return left.again;
    } catch (error) {
      this.#options.report(error);
      return undefined;
    }
  }

  #wakeFor(ref: QueuedDelivery, due: Date) {
    const { clock, sleep, signal } = this.#options;
    const waitMs = due.getTime() - clock().getTime();
    if (signal.aborted || waitMs > ALARM_MS || this.#alarms >= MOST_ALARMS) return;
    this.#alarms++;
    void sleep(Math.max(waitMs, 0), signal).then(() => {
      this.#alarms--;
      if (!signal.aborted) this.offer(ref);
    });
  }
}
