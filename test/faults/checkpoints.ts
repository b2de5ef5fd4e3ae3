import { expected, nameOf, type Truth } from './checker.ts';
import type { Engine } from './engine.ts';
import type { Actor } from './scheduler.ts';
import type { Witness } from './table.ts';

/** What a stream brought to a connector. */
interface Brought {
  readonly setId: string;
  /** As it was told; undefined when the connector could not read it. */
  readonly settleIndex: bigint | undefined;
  /** Whether its row was seen: a hand may delete it later. */
  booked: boolean;
}

/**
 * Looks on at every write that moves the checkpoint: it moves to a settlement that was brought, and that one and all that
 * the same stream brought before it are in the table by then. What comes after a restart is replayed from there, so that nothing
 * else would tell of them before the next audit. Order is that of the stream, for lnd replays in no order of indexes.
 */
export class Checkpoints implements Witness {
  readonly problems: string[] = [];
  readonly #engine: () => Engine;
  readonly #node: string;
  readonly #truth: () => Truth;
  /** What each stream brought, in its order, by the name of the process that it brought it to. */
  readonly #streams = new Map<string, Map<object, Brought[]>>();
  #checkpoint: bigint | undefined;

  constructor(engine: () => Engine, node: string, truth: () => Truth) {
    this.#engine = engine;
    this.#node = node;
    this.#truth = truth;
  }

  /** A stream hands an event to its connector. */
  brought(stream: { readonly actor: Actor }, setId: string, settleIndex: bigint | undefined): void {
    const { name } = stream.actor;
    const streams = this.#streams.get(name) ?? new Map<object, Brought[]>();
    this.#streams.set(name, streams);
    streams.set(stream, [...(streams.get(stream) ?? []), { setId, settleIndex, booked: false }]);
  }

  /** The table is another one now. */
  forget(): void {
    this.#checkpoint = this.#now();
  }

  #now(): bigint | undefined {
    const said = this.#engine().item(`node#${this.#node}`, 'node')?.settleIndex?.N;
    return said === undefined ? undefined : BigInt(said);
  }

  after(actor: Actor): void {
    const streams = [...(this.#streams.get(actor.name)?.values() ?? [])];
    for (const each of streams.flat()) each.booked ||= this.#isBooked(each.setId);
    const before = this.#checkpoint;
    const now = this.#now();
    this.#checkpoint = now;
    // Where a node's books begin is read from lnd's list, before anything is brought.
    if (now === before || now === undefined || before === undefined) return;
    const upTo = streams.flatMap((brought) => {
      const at = brought.findIndex(({ settleIndex }) => settleIndex === now);
      return at < 0 ? [] : [brought.slice(0, at + 1)];
    });
    const moved = `${actor.name} moved the checkpoint from ${before} to ${now}`;
    if (upTo.length === 0) this.problems.push(`${moved}, which no stream brought`);
    // A write that was long on its way may be of an earlier stream.
    const passed = upTo.map((brought) => this.#unwritten(brought)).sort((a, b) => a.length - b.length)[0];
    for (const name of passed ?? []) this.problems.push(`${moved}, past ${name}, which is not written`);
  }

  #isBooked = (setId: string) => this.#engine().item(`tip#${setId}`, this.#node) !== undefined;

  /** Names of those that must be in the table, and are not. */
  #unwritten(brought: readonly Brought[]): string[] {
    const pending = brought.filter(({ booked }) => !booked);
    if (pending.length === 0) return [];
    const truth = this.#truth();
    const quarantined = new Set(
      this.#engine()
        .items()
        .flatMap(({ pk, sk }) => (pk.S.startsWith('aside#') ? [sk.S.split('.')[0]] : [])),
    );
    return pending.flatMap(({ setId }) => {
      const happened = truth.happened.get(setId);
      return !happened || !expected(happened, truth).must || quarantined.has(setId) ? [] : [nameOf(happened)];
    });
  }
}
