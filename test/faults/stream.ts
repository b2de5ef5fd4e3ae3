import { LndError, type LndEvent } from '../../connector/lnd/contract.ts';
import { toEvent } from '../../connector/payments/events.ts';
import { messageOf, type NodeSet, paidTo } from './node.ts';
import type { Actor } from './scheduler.ts';
import { DEADLINE, type SimNode, UNAVAILABLE } from './service.ts';

type Arrival = { set: NodeSet } | { end: LndError };

const ENDS = {
  clean: { code: UNAVAILABLE, details: 'lnd ended the stream' },
  broken: { code: UNAVAILABLE, details: 'Connection dropped' },
};
/** How a stream ends: as if all were well, or with an error. */
export type End = keyof typeof ENDS;

/** A subscription: what is on its way to the connector, and what waits there. */
export class SettlementStream {
  readonly actor: Actor;
  readonly #node: SimNode;
  /** On its way, in order. */
  readonly #coming: { at: number; arrival: Arrival }[] = [];
  readonly #there: Arrival[] = [];
  #moving: (() => void) | undefined;
  #arrive: () => void = () => {};
  #wake: () => void = () => {};

  constructor(node: SimNode, actor: Actor) {
    this.#node = node;
    this.actor = actor;
  }

  /** Ask for it. A subscription has no deadline: when lnd is silent, so is the stream. */
  open(from: bigint): void {
    const { scheduler } = this.#node;
    const { reach, back, error } = this.#node.wire('subscribeInvoices');
    const what = `${this.actor.name} > subscribeInvoices`;
    const isDeadline = error instanceof LndError && error.code === DEADLINE;
    if (error && !isDeadline) scheduler.after(back, what, () => this.#fail(error as LndError));
    else {
      const cancel = scheduler.after(reach!, what, () => this.#start(from));
      this.#node.awaited(this);
      this.#arrive = () => {
        cancel();
        this.#start(from);
      };
    }
  }

  /** The request for it is there now. */
  arrive(): void {
    this.#arrive();
  }

  #start(from: bigint): void {
    if (this.actor.state === 'dead') return;
    const { books, unordered, random } = this.#node;
    const replay = unordered ? books.replayUnordered(from, random) : books.replay(from);
    this.#node.subscribe(this);
    for (const set of replay) {
      // What lnd tells in a replay has the invoice's sum as it is by now.
      this.#send({ set: { ...set, paidByThen: paidTo(set.invoice) } }, random.int(0, 2));
      // A set that settles while the replay runs may come live, too.
      if (random.chance(this.#node.faults.repeated)) this.live(set);
    }
  }

  live(set: NodeSet): void {
    const { random, faults } = this.#node;
    if (random.chance(faults.skipped)) return;
    const delay = random.chance(faults.delayed) ? random.int(1_000, 30_000) : random.int(0, 5);
    this.#send({ set }, delay, random.chance(faults.swapped));
    if (random.chance(faults.repeated)) this.#send({ set }, random.int(0, 2_000));
  }

  /** What was on its way does not arrive any more. */
  end(how: End): void {
    this.#fail(new LndError('subscribeInvoices', ENDS[how]));
  }

  /** What is on its way arrives now. */
  hurry(): void {
    for (const each of this.#coming) each.at = 0;
    this.#moving?.();
    this.#moving = undefined;
    this.#move();
  }

  #fail(error: LndError): void {
    this.#coming.length = 0;
    this.#there.push({ end: error });
    this.#wake();
  }

  #send(arrival: Arrival, delay: number, swapped = false): void {
    const { now } = this.#node.scheduler;
    const last = this.#coming.at(-1);
    const at = Math.max(now + delay, last?.at ?? 0, this.#node.silentUntil);
    if (swapped && last) this.#coming.splice(-1, 0, { at: last.at, arrival });
    else this.#coming.push({ at, arrival });
    this.#move();
  }

  /** One thing travels at a time, so that the order is kept. */
  #move(): void {
    const next = this.#coming[0];
    if (!next || this.#moving) return;
    const { scheduler } = this.#node;
    this.#moving = scheduler.after(next.at - scheduler.now, `stream to ${this.actor.name}`, () => {
      this.#moving = undefined;
      const arrived = this.#coming.shift();
      if (!arrived) return;
      this.#there.push(arrived.arrival);
      this.#wake();
      this.#move();
    });
  }

  /** The next event, or undefined when the signal aborted. @throws LndError when the stream ends */
  async next(signal: AbortSignal): Promise<LndEvent | undefined> {
    for (;;) {
      const arrival = await this.#take(signal);
      if (!arrival) return undefined;
      if ('end' in arrival) throw arrival.end;
      const event = toEvent(messageOf(arrival.set.invoice, arrival.set));
      const { telling } = this.#node;
      const told = telling.event ? telling.event(event, this.actor) : event;
      if (!told) continue;
      const { setId, settleIndex } = arrival.set;
      this.#node.onBrought(this, setId, told.kind === 'unreadable' ? undefined : settleIndex);
      return told;
    }
  }

  #take(signal: AbortSignal): Promise<Arrival | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const { scheduler } = this.#node;
    return scheduler.wait(this.actor, (resolve) => {
      let cancel = () => {};
      const settle = (arrival: Arrival | undefined) => {
        cancel();
        signal.removeEventListener('abort', aborted);
        this.#wake = () => {};
        resolve(arrival);
      };
      const aborted = () => settle(undefined);
      signal.addEventListener('abort', aborted);
      this.#wake = () => {
        const arrival = this.#there.shift();
        if (!arrival) return;
        this.#wake = () => {};
        cancel = scheduler.after(0, `${this.actor.name} < event`, () => settle(arrival), this.actor);
      };
      this.#wake();
    });
  }
}
