import type { DeliveryRef } from '../../shared/ledger/index.ts';

/** How many tries run at once. */
export interface Bounds {
  /** Of one endpoint. */
  readonly perEndpoint: number;
  /** Over all endpoints that answer soon. */
  readonly all: number;
  /** The same for endpoints whose last try was slow: slots of their own, so that they take none of the others'. */
  readonly perSlowEndpoint: number;
  readonly allSlow: number;
  /** Deliveries of one endpoint that wait here for their turn; more stay in the table. */
  readonly waiting: number;
}

export const BOUNDS: Bounds = {
  perEndpoint: 8,
  all: 64,
  perSlowEndpoint: 2,
  allSlow: 128,
  waiting: 1_000,
};

/** A try that took longer makes its endpoint a slow one, until one doesn't. */
const SLOW_MS = 1_000;

interface Endpoint {
  readonly waiting: DeliveryRef[];
  running: number;
  lastMs: number;
  inTurn: boolean;
  /** Some found no room here. */
  overflowed: boolean;
}

export interface DispatcherOptions {
  readonly bounds: Bounds;
  readonly clock: () => Date;
  /** One try; must not throw. Tells when the delivery is to be tried again, if it is. */
  readonly work: (ref: DeliveryRef) => Promise<Date | undefined>;
  /** It is to be tried again, and may be offered from now on. */
  readonly again: (ref: DeliveryRef, due: Date) => void;
  /** There is room again for an endpoint whose deliveries found none. */
  readonly room: () => void;
}

/**
 * Who is tried when: endpoints take turns, each has so many tries at once, and slow ones share slots of their own. So an
 * endpoint that answers after ten seconds, or never, holds up itself alone.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #known = new Set<string>();
  readonly #turns: Record<'fast' | 'slow', string[]> = { fast: [], slow: [] };
  readonly #running = { fast: 0, slow: 0 };
  #idle: (() => void)[] = [];
  #stopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Let a delivery be tried in its turn. @returns false when too many of its endpoint wait already */
  offer(ref: DeliveryRef): boolean {
    const name = nameOf(ref);
    if (this.#stopped || this.#known.has(name)) return true;
    const endpoint = this.#endpoints.get(ref.endpointId) ?? {
      waiting: [],
      running: 0,
      lastMs: 0,
      inTurn: false,
      overflowed: false,
    };
    if (endpoint.waiting.length >= this.#options.bounds.waiting) {
      endpoint.overflowed = true;
      return false;
    }
    this.#endpoints.set(ref.endpointId, endpoint);
    this.#known.add(name);
    endpoint.waiting.push(ref);
    this.#queue(ref.endpointId, endpoint);
    this.#start();
    return true;
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
    for (const endpoint of this.#endpoints.values()) {
      for (const ref of endpoint.waiting.splice(0)) this.#known.delete(nameOf(ref));
    }
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
    const { all, allSlow } = this.#options.bounds;
    for (const [speed, most] of [['fast', all] as const, ['slow', allSlow] as const]) {
      while (this.#running[speed] < most) {
        const id = this.#turns[speed].shift();
        if (id === undefined) break;
        const endpoint = this.#endpoints.get(id)!;
        endpoint.inTurn = false;
        const ref = endpoint.waiting.shift();
        if (ref) void this.#run(ref, endpoint, speed);
        this.#queue(id, endpoint);
      }
    }
  }

  async #run(ref: DeliveryRef, endpoint: Endpoint, speed: 'fast' | 'slow') {
    const { clock, work, again, room } = this.#options;
    endpoint.running++;
    this.#running[speed]++;
    const began = clock().getTime();
    const due = await work(ref);
    endpoint.lastMs = Math.max(0, clock().getTime() - began);
    endpoint.running--;
    this.#running[speed]--;
    this.#known.delete(nameOf(ref));
    if (due) again(ref, due);
    if (endpoint.waiting.length === 0 && endpoint.overflowed) {
      endpoint.overflowed = false;
      room();
    }
    this.#queue(ref.endpointId, endpoint);
    if (endpoint.running === 0 && endpoint.waiting.length === 0 && endpoint.lastMs <= SLOW_MS) {
      this.#endpoints.delete(ref.endpointId);
    }
    this.#start();
    if (this.#known.size === 0) this.#tellIdle();
  }

  #tellIdle() {
    for (const tell of this.#idle.splice(0)) tell();
  }
}

const nameOf = ({ endpointId, id }: DeliveryRef) => `${endpointId} ${id}`;
const speedOf = ({ lastMs }: Endpoint) => (lastMs > SLOW_MS ? 'slow' : 'fast');
