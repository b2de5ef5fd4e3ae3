import { setMaxListeners } from 'node:events';
import { aborted } from '../../shared/concurrency/untilAborted.ts';
import {
  DELIVERY_LISTS,
  deliveryList,
  dueDeliveries,
  putOff,
  type QueuedDelivery,
} from '../../shared/ledger/index.ts';
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
/** Looks take one part in so many of the time at most, however much there is to read. */
const LOOKS_SHARE = 10;
/**
 * What has no room is put off when it won't have its turn for so long, by its endpoint's pace, or each look would read it again. What
 * has it sooner isn't: a write costs what hundreds of looks do.
 */
const PUT_OFF_FROM_MS = 600_000;
const LONGEST_PUT_OFF_MS = 3_600_000;

/**
 * Deliver what is due until the signal aborts: what hints tell of at once, and whatever else is in the table. Any number of
 * these may run beside each other.
 */
export async function runDeliveries(options: RunOptions): Promise<void> {
  const { signal, hints, report, sleep, clock } = options;
  const round = new Round(options);
  const listen = async () => {
    while (!signal.aborted) for (const ref of await hints.next(signal)) round.offer(ref);
  };
  const look = async () => {
    while (!signal.aborted) {
      const began = clock().getTime();
      await round.look().catch(report);
      await sleep(Math.max(POLL_MS, (LOOKS_SHARE - 1) * (clock().getTime() - began)), signal);
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
  /** Looks for more of an endpoint that has room again. */
  readonly #refills = new Set<Promise<void>>();

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
      room: (endpointId) => this.#refill(endpointId),
    });
  }

  offer(ref: QueuedDelivery): boolean {
    return this.#dispatcher.offer(ref);
  }

  /** Resolves when nothing runs and nothing is left that found no room. */
  async idle(): Promise<void> {
    for (;;) {
      await this.#dispatcher.idle();
      if (this.#refills.size === 0) return;
      await Promise.all(this.#refills);
    }
  }

  /** Offer all that is due in the table. */
  async look(): Promise<void> {
    const lists = Array.from({ length: DELIVERY_LISTS }, (_, list) => this.#lookAt(list));
    const failed = (await Promise.allSettled(lists)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /** Offer more of an endpoint, from the table. */
  #refill(endpointId: string) {
    const refill = this.#lookAt(deliveryList(endpointId), endpointId)
      .catch(this.#options.report)
      .finally(() => this.#refills.delete(refill));
    this.#refills.add(refill);
  }

  /** @param refilled an endpoint, when the look is over once there is room for no more of it */
  async #lookAt(list: number, refilled?: string) {
    const { ledger, clock, signal } = this.#options;
    const now = clock();
    const passedOver = new Map<string, number>();
    for await (const delivery of dueDeliveries(ledger, list, now)) {
      if (signal.aborted) return;
      if (this.offer(delivery)) continue;
      const { endpointId } = delivery;
      if (endpointId === refilled) return;
      const count = (passedOver.get(endpointId) ?? 0) + 1;
      passedOver.set(endpointId, count);
      const waitMs = Math.min(count * this.#dispatcher.paceMs(endpointId), LONGEST_PUT_OFF_MS);
      if (waitMs < PUT_OFF_FROM_MS) continue;
      await putOff(ledger, delivery, new Date(now.getTime() + Math.ceil(waitMs)));
    }
  }

  async end(): Promise<void> {
    const { sleep } = this.#options;
    this.#dispatcher.stop();
    const ended = new AbortController();
    void this.idle().then(() => ended.abort());
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
