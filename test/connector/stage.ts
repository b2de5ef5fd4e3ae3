import { randomBytes, randomUUID } from 'node:crypto';
import { onTestFailed } from 'vitest';
import { Connector } from '../../connector/connector.ts';
import type { Lnd } from '../../connector/lnd/contract.ts';
import type { ConnectorParts } from '../../connector/parts.ts';
import { addCreator, type Ledger, readCreatorWithInvoice, readNode } from '../../shared/ledger/index.ts';
import { NOW, openBook } from '../shared/ledger/book.ts';
import { PlayedLnd } from './played.ts';

/** Ask again until something is there; the time limit of the test ends it. */
export async function until<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/** A process's time, which passes only when it is told to: a steady clock, a wall clock that may jump, and sleeps. */
export class Time {
  ms = 0;
  /** What the wall clock is off by. */
  jumpedMs = 0;
  readonly #sleepers = new Set<Sleeper>();
  #pump: NodeJS.Timeout | undefined;

  readonly clock = () => new Date(NOW.getTime() + this.ms + this.jumpedMs);
  readonly steadyMs = () => this.ms;
  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper: Sleeper = {
        at: this.ms + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake);
    });

  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Let time pass, waking each sleeper in its turn; between two of them whoever woke may work and sleep again. */
  async pass(ms: number): Promise<void> {
    const end = this.ms + ms;
    for (;;) {
      const next = [...this.#sleepers].sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.ms = Math.max(this.ms, next.at);
      next.wake();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    this.ms = Math.max(this.ms, end);
  }

  /** Let time pass by itself, in steps of 250 ms, fast. For a connector that is alone: nobody measures it then. */
  flow(): void {
    const step = () => {
      this.pass(250).finally(() => {
        if (this.#pump) this.#pump = setTimeout(step, 2);
      });
    };
    this.#pump ??= setTimeout(step, 2);
  }

  halt(): void {
    clearTimeout(this.#pump);
    this.#pump = undefined;
  }
}

export interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Record<string, unknown>;
  readonly text: string;
}

/** A log that can be read. */
export function openLog() {
  const lines: Line[] = [];
  const write = (level: Line['level']) => (fields: object, text: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, text });
  return {
    lines,
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    alarms: () => lines.filter(({ fields }) => fields.alarm !== undefined).map(({ fields }) => fields),
    has: (text: string | RegExp) => lines.some((line) => line.text.match(text)),
  };
}

/** A table with alice in it, a played lnd, and connectors on them. */
export async function openStage() {
  const { ledger, close } = await openBook();
  const time = new Time();
  const lnd = new PlayedLnd(() => time.clock().getTime());
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, NOW);
  const running = new Set<{ stop(): Promise<void> }>();

  /** Start a connector; its time is the stage's unless it has its own. */
  function start(more: Partial<ConnectorParts> & { time?: Time; over?: Ledger; beside?: Lnd } = {}) {
    const { time: own = time, over = ledger, beside = lnd, ...parts } = more;
    const logged = openLog();
    const connector = new Connector({
      ledger: over,
      connect: async () => beside,
      log: logged.log,
      clock: own.clock,
      steadyMs: own.steadyMs,
      sleep: own.sleep,
      chance: () => 0.5,
      unique: randomUUID,
      random: randomBytes,
      version: '0.0.0',
      holder: 'one',
      expirySeconds: 31_536_000,
      routeHints: false,
      ...parts,
    });
    const abort = new AbortController();
    let failure: unknown;
    const run = connector.run(abort.signal).catch((error) => {
      failure = error;
    });
    const started = {
      connector,
      ...logged,
      get failure() {
        return failure;
      },
      ended: run,
      /** Gracefully. */
      async stop() {
        running.delete(started);
        abort.abort();
        await run;
      },
      live: () => until(() => connector.health.state === 'live'),
    };
    running.add(started);
    onTestFailed(() => {
      console.error(connector.health, JSON.stringify(logged.lines.slice(-40)));
    });
    return started;
  }

  return {
    ledger,
    lnd,
    time,
    start,
    /** The invoice that an option hands out, as lnd has it, once it is there. */
    async current(handle = 'alice', optionId?: string) {
      const { paymentAddr } = await until(
        async () => (await readCreatorWithInvoice(ledger, handle, optionId)).invoice,
      );
      return lnd.invoice(paymentAddr);
    },
    checkpoint: async () => (await readNode(ledger, lnd.node))?.settleIndex,
    async close() {
      for (const each of running) await each.stop();
      time.halt();
      await close();
    },
  };
}

export type Stage = Awaited<ReturnType<typeof openStage>>;
