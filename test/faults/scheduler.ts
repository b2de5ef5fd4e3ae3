import { createHash } from 'node:crypto';
import type { Random } from './random.ts';

/** A process under test. What it waits for reaches it while it runs, is held while it is paused, and is gone when it is dead. */
export interface Actor {
  readonly name: string;
  /** Frozen is paused with all that it had sent and that had not left the machine. */
  state: 'running' | 'paused' | 'frozen' | 'dead';
  /** Await points that it has come to. */
  awaits: number;
}

/** Something that happens at a moment not before `due`: to an actor, or in the world outside of all of them. */
interface Gate {
  readonly due: number;
  readonly actor: Actor | undefined;
  /** Whose request this is, while it is on the wire. */
  readonly sender?: Actor;
  readonly what: string;
  open(): void | Promise<void>;
}

/** How a request travels. Times in ms from now. */
export interface Wire {
  /** When it reaches the other side; never when undefined. */
  readonly reach: number | undefined;
  /** When the answer, or what stands for it, is back. */
  readonly back: number;
  /** What the caller gets instead of the answer. */
  readonly error?: Error;
}

const TRACE_LINES = 400;

const canOpen = ({ actor, sender }: Gate) =>
  (actor === undefined || actor.state === 'running') && sender?.state !== 'frozen';

/**
 * Virtual time and the one place where anything waits. Of all that could happen now the seed picks one; it runs until
 * everything waits again, and only then comes the next. So a seed decides all of a run.
 */
export class Scheduler {
  /** ms since the run began */
  now = 0;
  steps = 0;
  /** Told of each await point when the actor waits there. */
  onAwait: (actor: Actor) => void = () => {};
  readonly #random: Random;
  #gates: Gate[] = [];
  readonly #hash = createHash('sha256');
  readonly #tail: string[] = [];
  readonly #echo: ((line: string) => void) | undefined;

  constructor(random: Random, echo?: (line: string) => void) {
    this.#random = random;
    this.#echo = echo;
  }

  /** Let something happen after some ms. @returns what takes it back */
  after(ms: number, what: string, open: () => void | Promise<void>, actor?: Actor): () => void {
    return this.#add({ due: this.now + Math.max(0, ms), actor, what, open });
  }

  #add(gate: Gate): () => void {
    if (gate.actor?.state === 'dead') return () => {};
    this.#gates.push(gate);
    return () => {
      const at = this.#gates.indexOf(gate);
      if (at >= 0) this.#gates.splice(at, 1);
    };
  }

  /** An await point of an actor. `wait` is told to begin, and calls back. A dead actor waits for ever. */
  wait<T>(
    actor: Actor,
    wait: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    if (actor.state === 'dead') return new Promise(() => {});
    const waiting = new Promise<T>(wait);
    actor.awaits++;
    this.onAwait(actor);
    return waiting;
  }

  /**
   * A request of an actor to the other side of a wire. It takes effect there whatever becomes of the actor; the answer
   * waits for the actor.
   */
  request<T>(actor: Actor, what: string, wire: Wire, effect: () => Promise<T>): Promise<T> {
    return this.wait<T>(actor, (resolve, reject) => {
      const sent = this.now;
      const arrive = (words: string, settle: () => void) =>
        this.after(sent + wire.back - this.now, `${actor.name} < ${what}${words}`, settle, actor);
      if (wire.error) arrive(` ${wire.error.name}`, () => reject(wire.error));
      if (wire.reach === undefined) return;
      const open = async () => {
        try {
          const answer = await effect();
          if (!wire.error) arrive('', () => resolve(answer));
        } catch (error) {
          if (!wire.error) arrive(` ${(error as Error).name}`, () => reject(error));
        }
      };
      const due = sent + wire.reach;
      this.#add({ due, actor: undefined, sender: actor, what: `${actor.name} > ${what}`, open });
    });
  }

  /** Wait in an actor until time has passed, or a signal aborts. */
  sleep(actor: Actor, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return this.wait(actor, (resolve) => {
      const wake = () => {
        cancel();
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.after(ms, `${actor.name} woke`, wake, actor);
      signal?.addEventListener('abort', wake);
    });
  }

  /** kill -9: nothing that an actor waits for will come. Its requests on the wire arrive, or are lost with it. */
  kill(actor: Actor, requests: 'arrive' | 'lost' = 'arrive'): void {
    actor.state = 'dead';
    this.#gates = this.#gates.filter(
      (gate) => gate.actor !== actor && (requests === 'arrive' || gate.sender !== actor),
    );
  }

  /** Note something in the trace. */
  note(line: string): void {
    const whole = `${this.now} ${line}`;
    this.#hash.update(whole);
    this.#tail.push(whole);
    if (this.#tail.length > 2 * TRACE_LINES) this.#tail.splice(0, TRACE_LINES);
    this.#echo?.(whole);
  }

  /** Go on until a moment, or until `done` says so. */
  async run(until: number, done: () => boolean = () => false): Promise<void> {
    for (;;) {
      // Microtasks are done when the event loop turns: every actor waits at its gates.
      await new Promise(setImmediate);
      if (done()) return;
      const gate = this.#next(until);
      if (!gate) {
        this.now = until;
        return;
      }
      this.steps++;
      this.note(gate.what);
      const opening = gate.open();
      if (opening) await opening;
    }
  }

  #next(until: number): Gate | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    for (const gate of this.#gates) if (gate.due < earliest && canOpen(gate)) earliest = gate.due;
    if (earliest > until) return undefined;
    this.now = Math.max(this.now, earliest);
    const open = this.#gates.filter((gate) => gate.due <= this.now && canOpen(gate));
    const chosen = open.length === 1 ? open[0]! : this.#random.pick(open);
    this.#gates.splice(this.#gates.indexOf(chosen), 1);
    return chosen;
  }

  /** The last lines of the trace. */
  tail(lines = TRACE_LINES): string[] {
    return this.#tail.slice(-lines);
  }

  /** A name of all that happened, in its order. Ends the trace. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
