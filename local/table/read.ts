import db from 'dynalite/db/index.js';
import { throwIfInvalid, validationError } from './errors.ts';
import { type ExpressionRequest, type Projection, readExpressions } from './expressions.ts';
import { keyOf, tableNamed } from './schema.ts';
import type { SnapshotOption, Store } from './store.ts';
import { checkValues, type Item } from './value.ts';

export type Get = Pick<ExpressionRequest, 'ProjectionExpression' | 'ExpressionAttributeNames'> & {
  TableName: string;
  Key: Item;
};

export const projected = (item: Item, projection: Projection | undefined): Item =>
  projection ? (db.mapPaths(projection.paths, item) as Item) : item;

function find(store: Store, get: Get, snapshot?: SnapshotOption): { key: Buffer; item: Item | undefined } {
  checkValues(get.Key);
  const { projection } = readExpressions(get);
  const table = tableNamed(store, get.TableName);
  throwIfInvalid(db.validateKey(get.Key, table));
  throwIfInvalid(db.validateKeyPaths(projection?.nestedPaths, table));
  const key = keyOf(table, get.Key);
  const item = store.items.get(key, snapshot);
  return { key, item: item && projected(item, projection) };
}

export const getItem = (store: Store, get: Get) => ({ Item: find(store, get).item });

/** TransactGetItems: all of one moment. */
export function transactGet(store: Store, request: { TransactItems: { Get?: Get }[] }) {
  const gets = request.TransactItems.map(({ Get }) => {
    if (!Get) throw validationError('TransactItems can only contain Get');
    return Get;
  });
  return store.snapshot((snapshot) => {
    const found = gets.map((get) => find(store, get, snapshot));
    refuseDuplicates(found, 'Transaction request cannot include multiple operations on one item');
    return { Responses: found.map(({ item }) => ({ Item: item })) };
  });
}

type KeysAndAttributes = Omit<Get, 'TableName' | 'Key'> & { Keys: Item[] };

export function batchGet(store: Store, request: { RequestItems: Record<string, KeysAndAttributes> }) {
  const count = Object.values(request.RequestItems).reduce((sum, { Keys }) => sum + Keys.length, 0);
  if (count > 100) throw validationError('Too many items requested for the BatchGetItem call');
  return store.snapshot((snapshot) => {
    const Responses: Record<string, Item[]> = {};
    for (const [TableName, { Keys, ...rest }] of Object.entries(request.RequestItems)) {
      const found = Keys.map((Key) => find(store, { TableName, Key, ...rest }, snapshot));
      refuseDuplicates(found, 'Provided list of item keys contains duplicates');
      Responses[TableName] = found.flatMap(({ item }) => (item ? [item] : []));
    }
    return { Responses, UnprocessedKeys: {} };
  });
}

function refuseDuplicates(found: { key: Buffer }[], message: string): void {
  if (new Set(found.map(({ key }) => key.toString('latin1'))).size < found.length)
    throw validationError(message);
}
