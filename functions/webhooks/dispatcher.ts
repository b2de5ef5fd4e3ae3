import type { QueuedDelivery } from '../../shared/ledger/index.ts';

/** How many tries run at once. */
export interface Bounds {
  /** Of one endpoint. */
  readonly perEndpoint: number;
  /** Of all endpoints of one creator. */
  readonly perCreator: number;
  /** Over all endpoints that answer soon. */
  readonly all: number;
  /** The same for endpoints whose last try was slow: slots of their own, so that they take none of the others'. */
  readonly perSlowEndpoint: number;
  readonly perSlowCreator: number;
  readonly allSlow: number;
  /** Deliveries of one endpoint that wait here for their turn; more stay in the table. */
  readonly waiting: number;
  /** The same over all endpoints: who has most gives way to who has less than an equal share. */
  readonly waitingInAll: number;
  /** Endpoints that are remembered as slow though nothing of them is here. */
  readonly rememberedSlow: number;
}

export const BOUNDS: Bounds = {
  perEndpoint: 8,
  perCreator: 16,
  all: 64,
  perSlowEndpoint: 2,
  perSlowCreator: 32,
  allSlow: 128,
  waiting: 1_000,
  waitingInAll: 2_000,
  rememberedSlow: 1_000,
};

/** A try that takes longer makes its endpoint a slow one, until one doesn't. */
export const SLOW_MS = 1_000;

type Speed = 'fast' | 'slow';
type Counts = Record<Speed, number>;

interface Endpoint {
  readonly handle: string;
  readonly waiting: QueuedDelivery[];
  running: number;
  lastMs: number;
  inTurn: boolean;
  /** Some found no room here. */
  overflowed: boolean;
}

export interface DispatcherOptions {
  readonly bounds: Bounds;
  readonly clock: () => Date;
  /** Waits so many ms; ends early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** One try; must not throw. Tells when the delivery is to be tried again, if it is. */
  readonly work: (ref: QueuedDelivery) => Promise<Date | undefined>;
  /** It is to be tried again, and may be offered from now on. */
  readonly again: (ref: QueuedDelivery, due: Date) => void;
  /** There is room again for an endpoint of which not all deliveries found it. */
  readonly room: (endpointId: string) => void;
}

/**
 * Who is tried when: endpoints take turns, each has so many tries at once, and each creator, and slow ones share slots of their
 * own, to which a try moves that turns out slow. So an endpoint that answers after ten seconds, or never, holds up itself alone, and
 * a creator whose endpoints all do holds up no other. What it holds is bounded, whatever waits: the rest stays in the table.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #known = new Set<string>();
  /** Those of which deliveries wait here. */
  readonly #queues = new Set<Endpoint>();
  #waiting = 0;
  readonly #turns: Record<Speed, string[]> = { fast: [], slow: [] };
  readonly #running: Counts = { fast: 0, slow: 0 };
  /** How long the last try took of those endpoints that were slow when they were here last, the longest ago first. */
  readonly #slow = new Map<string, number>();
  readonly #ofCreator = new Map<string, Counts>();
  #idle: (() => void)[] = [];
  #stopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Let a delivery be tried in its turn. @returns false when there is no room for it here */
  offer(ref: QueuedDelivery): boolean {
    const name = nameOf(ref);
    if (this.#stopped || this.#known.has(name)) return true;
    const endpoint = this.#endpoints.get(ref.endpointId) ?? {
      handle: ref.handle,
      waiting: [],
      running: 0,
      lastMs: this.#slow.get(ref.endpointId) ?? 0,
      inTurn: false,
      overflowed: false,
    };
    if (!this.#hasRoom(endpoint)) {
      endpoint.overflowed = true;
      return false;
    }
    this.#endpoints.set(ref.endpointId, endpoint);
    this.#known.add(name);
    endpoint.waiting.push(ref);
    this.#waiting++;
    this.#queues.add(endpoint);
    this.#queue(ref.endpointId, endpoint);
    this.#start();
    return true;
  }

  /** Whether one more of an endpoint may wait here; one of the endpoint with most is left to the table for it where it must be. */
  #hasRoom(endpoint: Endpoint): boolean {
    const { waiting, waitingInAll } = this.#options.bounds;
    if (endpoint.waiting.length >= waiting) return false;
    if (this.#waiting < waitingInAll) return true;
    if (endpoint.waiting.length + 1 >= waitingInAll / this.#queues.size) return false;
    let longest = endpoint;
    for (const each of this.#queues) if (each.waiting.length > longest.waiting.length) longest = each;
    this.#known.delete(nameOf(this.#take(longest, longest.waiting.length - 1)));
    longest.overflowed = true;
    return true;
  }

  /** Take one out of those that wait. */
  #take(endpoint: Endpoint, at: number): QueuedDelivery {
    const [ref] = endpoint.waiting.splice(at, 1);
    this.#waiting--;
    if (endpoint.waiting.length === 0) this.#queues.delete(endpoint);
    return ref!;
  }

  /** Milliseconds between two deliveries of an endpoint at the pace that it has now. */
  paceMs(endpointId: string): number {
    const endpoint = this.#endpoints.get(endpointId);
    return endpoint ? endpoint.lastMs / this.#boundOf(endpoint) : 0;
  }

  /** Tries that are under way. */
  get running(): number {
    return this.#running.fast + this.#running.slow;
  }

  /** Start nothing more. What waited is still in the table. */
  stop(): void {
    this.#stopped = true;
    for (const turns of Object.values(this.#turns)) turns.length = 0;
    for (const endpoint of this.#queues)
      while (endpoint.waiting.length > 0)
        this.#known.delete(nameOf(this.#take(endpoint, endpoint.waiting.length - 1)));
    if (this.running === 0) this.#tellIdle();
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    if (this.#known.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #boundOf({ lastMs }: Endpoint) {
    const { perEndpoint, perSlowEndpoint } = this.#options.bounds;
    return lastMs > SLOW_MS ? perSlowEndpoint : perEndpoint;
  }

  #queue(id: string, endpoint: Endpoint) {
    if (endpoint.inTurn || endpoint.waiting.length === 0) return;
    if (endpoint.running >= this.#boundOf(endpoint)) return;
    endpoint.inTurn = true;
    this.#turns[speedOf(endpoint)].push(id);
  }

  #start() {
    for (const speed of ['fast', 'slow'] as const) {
      const turns = this.#turns[speed];
      for (;;) {
        const at = turns.findIndex((id) => this.#hasSlot(this.#endpoints.get(id)!, speed));
        if (at < 0) break;
        const [id] = turns.splice(at, 1) as [string];
        const endpoint = this.#endpoints.get(id)!;
        endpoint.inTurn = false;
        if (endpoint.waiting.length > 0) void this.#run(this.#take(endpoint, 0), endpoint, speed);
        this.#queue(id, endpoint);
      }
    }
  }

  #hasSlot({ handle }: Endpoint, speed: Speed) {
    const { all, allSlow, perCreator, perSlowCreator } = this.#options.bounds;
    const [inAll, ofCreator] = speed === 'fast' ? [all, perCreator] : [allSlow, perSlowCreator];
    return this.#running[speed] < inAll && (this.#ofCreator.get(handle)?.[speed] ?? 0) < ofCreator;
  }

  /** Count a try that begins or ends. */
  #count({ handle }: Endpoint, speed: Speed, by: 1 | -1) {
    const counts = this.#ofCreator.get(handle) ?? { fast: 0, slow: 0 };
    counts[speed] += by;
    this.#running[speed] += by;
    if (counts.fast + counts.slow > 0) this.#ofCreator.set(handle, counts);
    else this.#ofCreator.delete(handle);
  }

  async #run(ref: QueuedDelivery, endpoint: Endpoint, speed: Speed) {
    const { clock, work, again, room } = this.#options;
    endpoint.running++;
    this.#count(endpoint, speed, 1);
    const slot = { speed };
    const began = clock().getTime();
    const ended = new AbortController();
    if (speed === 'fast') void this.#slowDown(ref.endpointId, endpoint, slot, ended.signal);
    const due = await work(ref);
    ended.abort();
    endpoint.lastMs = Math.max(0, clock().getTime() - began);
    endpoint.running--;
    this.#count(endpoint, slot.speed, -1);
    this.#known.delete(nameOf(ref));
    if (due) again(ref, due);
    if (endpoint.waiting.length === 0 && endpoint.overflowed) {
      endpoint.overflowed = false;
      room(ref.endpointId);
    }
    this.#queue(ref.endpointId, endpoint);
    if (endpoint.running === 0 && endpoint.waiting.length === 0) this.#forget(ref.endpointId, endpoint);
    this.#start();
    if (this.#known.size === 0) this.#tellIdle();
  }

  /** Nothing of an endpoint is here any more: that it is slow is remembered, of so many. */
  #forget(id: string, endpoint: Endpoint) {
    this.#endpoints.delete(id);
    this.#slow.delete(id);
    if (endpoint.lastMs <= SLOW_MS) return;
    this.#slow.set(id, endpoint.lastMs);
    const [longestAgo] = this.#slow.keys();
    if (this.#slow.size > this.#options.bounds.rememberedSlow) this.#slow.delete(longestAgo!);
  }

  /** A try that turns out slow makes its endpoint a slow one, and moves to a slot of those if one is free. */
  async #slowDown(id: string, endpoint: Endpoint, slot: { speed: Speed }, ended: AbortSignal) {
    await this.#options.sleep(SLOW_MS, ended);
    if (ended.aborted) return;
    endpoint.lastMs = Math.max(endpoint.lastMs, SLOW_MS + 1);
    const at = this.#turns.fast.indexOf(id);
    if (at >= 0) {
      this.#turns.fast.splice(at, 1);
      endpoint.inTurn = false;
    }
    this.#queue(id, endpoint);
    if (this.#hasSlot(endpoint, 'slow')) {
      slot.speed = 'slow';
      this.#count(endpoint, 'fast', -1);
      this.#count(endpoint, 'slow', 1);
    }
    this.#start();
  }

  #tellIdle() {
    for (const tell of this.#idle.splice(0)) tell();
  }
}

const nameOf = ({ endpointId, id }: QueuedDelivery) => `${endpointId} ${id}`;
const speedOf = ({ lastMs }: Endpoint): Speed => (lastMs > SLOW_MS ? 'slow' : 'fast');
