import { type Bolt11State, LndError, type LndEvent, type SetState } from '../../connector/lnd/contract.ts';
import type { NodeBooks, NodeSet } from './node.ts';
import type { Random } from './random.ts';
import type { Actor, Scheduler, Wire } from './scheduler.ts';
import type { End, SettlementStream } from './stream.ts';

/** How often each thing goes wrong between a connector and lnd, from 0 to 1. */
export interface LndFaults {
  /** A call fails before lnd has it. */
  unavailable: number;
  /** lnd did it, and the connection drops. */
  answerLost: number;
  /** The deadline passes; lnd does it all the same, before that or after. */
  late: number;
  slow: number;
  /** lnd refuses an invoice. */
  refused: number;
  /** It has not got the chain yet. */
  unsynced: number;
  /** A settlement is not told live. */
  skipped: number;
  repeated: number;
  /** Told live some seconds later, with what follows it. */
  delayed: number;
  /** Told live before the one in front of it. */
  swapped: number;
}

export const NO_LND_FAULTS: LndFaults = {
  unavailable: 0,
  answerLost: 0,
  late: 0,
  slow: 0,
  refused: 0,
  unsynced: 0,
  skipped: 0,
  repeated: 0,
  delayed: 0,
  swapped: 0,
};

/** gRPC's codes. */
const UNKNOWN = 2;
export const DEADLINE = 4;
export const UNAVAILABLE = 14;
const DEADLINE_MS = 15_000;

/** What a mutant does to what lnd tells. */
export interface Telling {
  event?(event: LndEvent, actor: Actor): LndEvent | undefined;
  sets?(sets: SetState[]): SetState[];
  plain?(invoices: Bolt11State[]): Bolt11State[];
}

/** lnd as a service: its books, and how it can be reached. */
export class SimNode {
  readonly books: NodeBooks;
  faults: LndFaults;
  /** Until when calls are refused. */
  downUntil = 0;
  /** Until when it takes calls and says nothing. */
  silentUntil = 0;
  /** Whether it replays as native SQL does. */
  unordered: boolean;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly telling: Telling;
  /** Told of each event that a stream hands to its connector. */
  onBrought: (stream: SettlementStream, setId: string, settleIndex: bigint | undefined) => void = () => {};
  readonly wall: () => number;
  #streams = new Set<SettlementStream>();
  /** Asked for, and the request is on its way. */
  #awaited = new Set<SettlementStream>();

  constructor(parts: {
    books: NodeBooks;
    scheduler: Scheduler;
    random: Random;
    faults: LndFaults;
    unordered: boolean;
    wall: () => number;
    telling?: Telling | undefined;
  }) {
    this.books = parts.books;
    this.scheduler = parts.scheduler;
    this.random = parts.random;
    this.faults = parts.faults;
    this.unordered = parts.unordered;
    this.telling = parts.telling ?? {};
    this.wall = parts.wall;
  }

  /** Tell all subscribers of a settlement, more or less. */
  tell(set: NodeSet): void {
    for (const stream of this.#streams) stream.live(set);
  }

  awaited(stream: SettlementStream): void {
    this.#awaited.add(stream);
  }

  subscribe(stream: SettlementStream): void {
    this.#awaited.delete(stream);
    this.#streams.add(stream);
  }

  unsubscribe(stream: SettlementStream): void {
    this.#awaited.delete(stream);
    this.#streams.delete(stream);
  }

  /** Whether anyone that runs would hear of a settlement. */
  get isHeard(): boolean {
    return [...this.#streams].some(({ actor }) => actor.state === 'running');
  }

  /** Streams end, with an error or as if all were well. */
  endStreams(how: End): void {
    for (const stream of this.#streams) stream.end(how);
    this.#streams.clear();
  }

  goDown(ms: number, how: End): void {
    this.downUntil = this.scheduler.now + ms;
    this.endStreams(how);
  }

  /** All is well from now on, and what was held up is told. */
  heal(): void {
    this.faults = NO_LND_FAULTS;
    this.downUntil = 0;
    this.silentUntil = 0;
    for (const stream of [...this.#awaited]) stream.arrive();
    for (const stream of this.#streams) stream.hurry();
  }

  /** How a call of a connector travels now. */
  wire(call: string): Wire {
    const { random, faults } = this;
    const { now } = this.scheduler;
    const reach = random.int(0, 2);
    const back = reach + random.int(0, 2);
    const fails = (code: number, details: string) => ({ error: new LndError(call, { code, details }) });
    if (now < this.downUntil)
      return { reach: undefined, back, ...fails(UNAVAILABLE, 'No connection established') };
    const deadline = { back: DEADLINE_MS, ...fails(DEADLINE, 'Deadline exceeded') };
    const wait = this.silentUntil - now;
    if (wait > 0)
      return wait + 5 < DEADLINE_MS ? { reach: wait, back: wait + 3 } : { reach: wait, ...deadline };
    if (random.chance(faults.unavailable))
      return { reach: undefined, back, ...fails(UNAVAILABLE, 'Connection dropped') };
    if (random.chance(faults.answerLost)) return { reach, back, ...fails(UNAVAILABLE, 'Connection dropped') };
    if (random.chance(faults.late)) return { reach: random.int(0, 2 * DEADLINE_MS), ...deadline };
    if (call === 'addInvoice' && random.chance(faults.refused))
      return { reach: undefined, back, ...fails(UNKNOWN, 'unable to generate an invoice') };
    if (random.chance(faults.slow)) {
      const slow = random.int(50, 10_000);
      return { reach: random.int(0, slow), back: slow };
    }
    return { reach, back };
  }
}
