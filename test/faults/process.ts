import { Connector } from '../../connector/connector.ts';
import type { Log } from '../../connector/log.ts';
import { TABLE } from './engine.ts';
import { SimLnd } from './lnd.ts';
import type { Random } from './random.ts';
import type { Actor, Scheduler } from './scheduler.ts';
import type { SimNode } from './service.ts';
import type { SimTable } from './table.ts';

/** What all processes of a run share. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly table: SimTable;
  readonly node: SimNode;
  /** ms since 1970, by the world's own clock */
  wall(): number;
  readonly expirySeconds: number;
  readonly rotateAfter: number;
  readonly rotateRestMs: number;
  /** Told of what a connector logs: an alarm, the class of an error, or a message. */
  saw(what: string): void;
}

/** A machine that a connector runs on. Its clock may be wrong. */
export interface Host {
  readonly name: string;
  /** ms */
  skewMs: number;
}

/** A connector as a process, from its start to its end. */
export class ConnectorProcess implements Actor {
  readonly name: string;
  state: Actor['state'] = 'running';
  awaits = 0;
  readonly connector: Connector;
  readonly #stop = new AbortController();
  readonly #scheduler: Scheduler;
  readonly #ended: (error: unknown) => void;

  /** @param ended told when it ends by itself, with the error if it does by one */
  constructor(
    name: string,
    host: Host,
    around: Surroundings,
    random: Random,
    ended: (error: unknown) => void,
  ) {
    this.#ended = ended;
    const { scheduler, table, node, wall, expirySeconds, rotateAfter, rotateRestMs } = around;
    this.name = name;
    this.#scheduler = scheduler;
    const tell =
      (level: string): Log['info'] =>
      (fields, message) => {
        const { alarm, error } = fields as { alarm?: string; error?: string };
        around.saw(alarm ?? error?.slice(0, error.indexOf(':')) ?? message);
        scheduler.note(`${name} ${level} ${message} ${JSON.stringify(fields)}`);
      };
    this.connector = new Connector({
      ledger: {
        client: table.clientOf(this),
        table: TABLE,
        pauses: { sleep: (ms) => scheduler.sleep(this, ms), random: () => random.fraction() },
      },
      connect: () => {
        const wire = { reach: random.int(0, 2), back: 3 };
        return scheduler.request(this, 'connect', wire, async () => new SimLnd(node, this));
      },
      log: { info: tell('info'), warn: tell('warn'), error: tell('error') },
      clock: () => new Date(wall() + host.skewMs),
      steadyMs: () => scheduler.now,
      sleep: (ms, signal) => scheduler.sleep(this, ms, signal),
      chance: () => random.fraction(),
      unique: () => random.hex(16),
      random: (length) => random.bytes(length),
      version: '0.0.0',
      holder: name,
      expirySeconds,
      routeHints: false,
      rotateAfter,
      rotateRestMs,
    });
  }

  begin(): void {
    this.connector.run(this.#stop.signal).then(
      () => this.#end(undefined),
      (error) => this.#end(error),
    );
  }

  #end(error: unknown): void {
    if (this.state === 'dead') return;
    this.#scheduler.note(`${this.name} ended${error ? `: ${error}` : ''}`);
    this.#scheduler.kill(this);
    this.#ended(error);
  }

  /** SIGTERM. */
  stop(): void {
    this.#stop.abort();
  }

  /** kill -9 */
  kill(requests: 'arrive' | 'lost'): void {
    this.#scheduler.note(`${this.name} killed, requests ${requests}`);
    this.#scheduler.kill(this, requests);
  }

  /** SIGSTOP, and later SIGCONT; or the whole machine is frozen for a while. */
  pause(how: 'paused' | 'frozen'): void {
    if (this.state === 'running') this.state = how;
  }

  resume(): void {
    if (this.state !== 'dead') this.state = 'running';
  }
}
