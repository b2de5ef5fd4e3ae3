import { EXPIRY_INDEX, encodePart, indexPrefix } from './keys.ts';
import { type TableRecord, tableNamed } from './schema.ts';
import type { Store } from './store.ts';
import { trimStream } from './streams.ts';
import { forgetTokens } from './transaction.ts';
import { apply } from './write.ts';

export type Swept = { expired: number; trimmed: number };

const AT_ONCE = 500;
// DynamoDB takes a time of more than five years ago for a mistake and keeps the item.
const FIVE_YEARS_SECONDS = 5 * 365 * 24 * 60 * 60;

/** Deletes what has expired, trims streams, forgets client tokens; in portions, so that writers get their turn. */
export async function sweep(store: Store, clock: () => number): Promise<Swept> {
  const swept: Swept = { expired: 0, trimmed: 0 };
  for (const name of [...store.tables.getKeys()]) {
    swept.expired += await repeat(store, name, (table) => deleteExpired(store, table, clock()));
    swept.trimmed += await repeat(store, name, (table) => trimStream(store, table, clock(), AT_ONCE));
  }
  await store.write(() => forgetTokens(store, clock()));
  return swept;
}

async function repeat(store: Store, name: string, portion: (table: TableRecord) => number): Promise<number> {
  for (let sum = 0; ; ) {
    const done = await store.write(() =>
      store.tables.doesExist(name) ? portion(tableNamed(store, name)) : 0,
    );
    sum += done;
    if (done < AT_ONCE) return sum;
  }
}

function deleteExpired(store: Store, table: TableRecord, now: number): number {
  const prefix = indexPrefix(table.id, EXPIRY_INDEX);
  const at = (seconds: number) => Buffer.concat([prefix, encodePart({ N: String(seconds) })]);
  const seconds = Math.floor(now / 1000);
  const range = { start: at(seconds - FIVE_YEARS_SECONDS), end: at(seconds), limit: AT_ONCE };
  const keys = [...store.indexes.getRange(range)].map(({ value }) => Buffer.from(value));
  for (const key of keys) apply(store, { table, key, before: store.items.get(key) }, now, true);
  return keys.length;
}
