import type { Store } from '../../local/table/store.ts';

type Key = string | Buffer;
interface Range {
  readonly start?: Key;
  readonly end?: Key;
  readonly reverse?: boolean;
  readonly exclusiveStart?: boolean;
  readonly inclusiveEnd?: boolean;
  readonly limit?: number;
}
/** What a change took away, so that the time before it can be read. */
interface Undo {
  readonly at: number;
  readonly shelf: Name;
  readonly key: string;
  readonly before: unknown;
}

const STALE_AT_MOST_MS = 10_000;
const KEYED = ['items', 'indexes'] as const;
const NAMED = ['meta', 'tables', 'tokens'] as const;
const SHELVES = [...KEYED, ...NAMED];
type Name = (typeof SHELVES)[number];

/** Byte order of keys is order of text when each byte is a character. */
const asText = (key: Key) => (typeof key === 'string' ? key : key.toString('latin1'));

/** One database of the store: what lmdb's Database answers, as far as the embedded table asks. */
class Shelf {
  readonly values = new Map<string, unknown>();
  readonly #binary: boolean;
  readonly #changed: (key: string, before: unknown) => void;
  #sorted: string[] | undefined;

  constructor(binary: boolean, changed: (key: string, before: unknown) => void) {
    this.#binary = binary;
    this.#changed = changed;
  }

  get(key: Key): unknown {
    return this.values.get(asText(key));
  }

  doesExist(key: Key): boolean {
    return this.values.has(asText(key));
  }

  put(key: Key, value: unknown): void {
    this.set(asText(key), value);
  }

  remove(key: Key): void {
    this.set(asText(key), undefined);
  }

  set(key: string, value: unknown): void {
    const before = this.values.get(key);
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    if ((before === undefined) !== (value === undefined)) this.#sorted = undefined;
    this.#changed(key, before);
  }

  getRange({ start = '', end, reverse, exclusiveStart, inclusiveEnd, limit }: Range = {}) {
    this.#sorted ??= [...this.values.keys()].sort();
    const from = asText(start);
    const to = end === undefined ? undefined : asText(end);
    const begun = (key: string) => (reverse ? key < from : key > from) || (!exclusiveStart && key === from);
    const before = (key: string) =>
      to === undefined || (reverse ? key > to : key < to) || (inclusiveEnd === true && key === to);
    const found = this.#sorted.filter((key) => begun(key) && before(key));
    if (reverse) found.reverse();
    return found.slice(0, limit).map((key) => ({ key: this.#keyOf(key), value: this.values.get(key) }));
  }

  getKeys(range?: Range) {
    return this.getRange(range).map(({ key }) => key);
  }

  getKeysCount(range?: Range): number {
    return this.getRange(range).length;
  }

  #keyOf = (key: string): Key => (this.#binary ? Buffer.from(key, 'latin1') : key);
}

/**
 * The embedded table's store in memory: same keys, same order, nothing on disk, and no stream. Each commit ends before
 * the next call comes, so that there is one order of all of them. Keeps what it was for some seconds.
 */
export class MemoryStore {
  readonly shelves: Record<Name, Shelf>;
  /** Grows with each change of an item. */
  version = 0;
  readonly #now: () => number;
  #undos: Undo[] = [];

  /** @param now ms */
  constructor(now: () => number) {
    this.#now = now;
    const keyed = (shelf: Name) =>
      new Shelf(true, (key, before) => {
        this.version++;
        this.#undos.push({ at: this.#now(), shelf, key, before });
      });
    const named = () => new Shelf(false, () => {});
    this.shelves = {
      items: keyed('items'),
      indexes: keyed('indexes'),
      meta: named(),
      tables: named(),
      tokens: named(),
    };
  }

  /** As the embedded table takes it. */
  store(): Store {
    const store = {
      ...this.shelves,
      stream: { put: () => {} },
      snapshot: (action: (transaction: object) => unknown) => action({}),
      write: async (action: () => unknown) => action(),
    };
    return store as unknown as Store;
  }

  /** Another store that holds what this one did some ms ago, 10 s at most. */
  asOf(ms: number): MemoryStore {
    const now = this.#now();
    this.#undos = this.#undos.filter(({ at }) => at >= now - STALE_AT_MOST_MS);
    const old = this.copy();
    for (let at = this.#undos.length - 1; at >= 0; at--) {
      const undo = this.#undos[at]!;
      if (undo.at < now - ms) break;
      old.shelves[undo.shelf].set(undo.key, undo.before);
    }
    return old;
  }

  /** Another store with the same in it. */
  copy(): MemoryStore {
    const copied = new MemoryStore(this.#now);
    for (const name of SHELVES)
      for (const [key, value] of this.shelves[name].values) copied.shelves[name].set(key, value);
    return copied;
  }
}
