import db from 'dynalite/db/index.js';
import { matches } from './condition.ts';
import { dynamoError, throwIfInvalid, validationError } from './errors.ts';
import { type ExpressionRequest, type Expressions, readExpressions } from './expressions.ts';
import { streamKey } from './keys.ts';
import { indexesOf, indexKeys, keyNames, keyOf, pick, type TableRecord, tableNamed } from './schema.ts';
import type { Store, StreamEntry } from './store.ts';
import { updatedItem } from './update.ts';
import { checkValues, equalItems, type Item, itemSize } from './value.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const LARGEST_ITEM = 400 * 1024;

export type Action = ExpressionRequest & {
  TableName: string;
  ReturnValues?: 'NONE' | 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_OLD' | 'UPDATED_NEW';
  ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE';
} & ({ Item: Item; Key?: undefined } | { Key: Item; Item?: undefined });

export type Kind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

/** An action whose request was found right, before any item is looked at. */
export type Prepared = { kind: Kind; action: Action; expressions: Expressions };

/** What an action does to one item. Without `after` the item goes, with neither it never was. */
export type Change = { table: TableRecord; key: Buffer; before?: Item; after?: Item };

/** @throws ValidationException for what is wrong whatever the table holds */
export function prepare(kind: Kind, action: Action): Prepared {
  checkValues(action.Item ?? action.Key);
  const expressions = readExpressions(action);
  if (action.Item) checkSize(action.Item);
  return { kind, action, expressions };
}

function checkSize(item: Item): void {
  if (itemSize(item) > LARGEST_ITEM) throw validationError('Item size has exceeded the maximum allowed size');
}

/** Finds the item of an action. @throws ValidationException, ResourceNotFoundException */
export function locate(store: Store, { action, expressions }: Prepared): Change {
  const table = tableNamed(store, action.TableName);
  throwIfInvalid(action.Item ? db.validateItem(action.Item, table) : db.validateKey(action.Key, table));
  throwIfInvalid(db.validateUpdates(undefined, expressions.update, table));
  throwIfInvalid(db.validateKeyPaths(expressions.condition?.nestedPaths, table));
  const key = keyOf(table, action.Item ?? action.Key!);
  return { table, key, before: store.items.get(key) };
}

/**
 * What the action makes of its item.
 *
 * @throws ConditionalCheckFailedException, with the item when it was asked for
 * @throws ValidationException when the update doesn't fit the item
 */
export function evaluate({ kind, action, expressions }: Prepared, located: Change): Change {
  const { table, before } = located;
  const { condition, values } = expressions;
  if (condition && !matches(condition.expression, before ?? {}, values)) {
    const shown =
      action.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before ? { Item: before } : undefined;
    throw dynamoError('ConditionalCheckFailedException', 'The conditional request failed', shown);
  }
  if (kind === 'ConditionCheck') return { ...located, after: before };
  if (kind === 'Delete') return located;
  if (action.Item) {
    checkIndexValues(table, action.Item);
    return { ...located, after: action.Item };
  }
  const after = updatedItem(expressions.update?.sections ?? [], before ?? action.Key, values);
  throwIfInvalid(db.validateItem(after, table));
  checkIndexValues(table, after);
  checkSize(after);
  return { ...located, after };
}

function checkIndexValues(table: TableRecord, item: Item): void {
  for (const { IndexName, KeySchema } of indexesOf(table)) {
    const empty = keyNames(KeySchema).find((name) => item[name]?.S === '' || item[name]?.B === '');
    if (empty) {
      throw validationError(
        'One or more parameter values are not valid. A value specified for a secondary index key is not supported. ' +
          'The AttributeValue for a key attribute cannot contain an empty string value. ' +
          `IndexName: ${IndexName}, IndexKey: ${empty}`,
      );
    }
  }
}

/** Writes a change: the item, its index entries and its place in the stream. */
export function apply(store: Store, change: Change, at: number, expired = false): void {
  const { table, key, before, after } = change;
  if (before === after || (before && after && equalItems(before, after))) return;
  if (after) store.items.put(key, after);
  else store.items.remove(key);

  const old = before ? indexKeys(table, before, key) : [];
  const now = after ? indexKeys(table, after, key) : [];
  for (const entry of old) if (!now.some((other) => other.equals(entry))) store.indexes.remove(entry);
  for (const entry of now) if (!old.some((other) => other.equals(entry))) store.indexes.put(entry, key);

  if (!table.StreamSpecification?.StreamEnabled) return;
  const sequence = Number(store.meta.get('nextSequence') ?? 1);
  store.meta.put('nextSequence', sequence + 1);
  const entry: StreamEntry = {
    event: before ? (after ? 'MODIFY' : 'REMOVE') : 'INSERT',
    at,
    keys: pick((after ?? before)!, keyNames(table.KeySchema)),
    before,
    after,
    ...(expired && { expired }),
  };
  store.stream.put(streamKey(table.id, sequence), entry);
}

/** The Attributes of an answer, as ReturnValues asked. */
function returned({ action, expressions }: Prepared, { before, after }: Change): Item | undefined {
  const paths = expressions.update?.paths ?? [];
  const ofPaths = (item: Item | undefined) => item && (db.mapPaths(paths, item) as Item);
  switch (action.ReturnValues) {
    case 'ALL_OLD':
      return before;
    case 'ALL_NEW':
      return after;
    case 'UPDATED_OLD':
      return ofPaths(before);
    case 'UPDATED_NEW':
      return ofPaths(after);
    default:
      return undefined;
  }
}

/** PutItem, UpdateItem and DeleteItem. */
export function writeItem(store: Store, clock: () => number, kind: Kind, action: Action) {
  const { ReturnValues = 'NONE' } = action;
  if (kind !== 'Update' && ReturnValues !== 'NONE' && ReturnValues !== 'ALL_OLD') {
    throw validationError('ReturnValues can only be ALL_OLD or NONE');
  }
  const prepared = prepare(kind, action);
  return store.write(() => {
    const change = evaluate(prepared, locate(store, prepared));
    apply(store, change, clock());
    return { Attributes: returned(prepared, change) };
  });
}

type WriteRequest = { PutRequest?: { Item: Item }; DeleteRequest?: { Key: Item } };

/** BatchWriteItem. All of it is written in one go, which DynamoDB doesn't promise. */
export function batchWrite(
  store: Store,
  clock: () => number,
  request: { RequestItems: Record<string, WriteRequest[]> },
) {
  const prepared = Object.entries(request.RequestItems).flatMap(([TableName, writes]) =>
    writes.map(({ PutRequest, DeleteRequest }) => {
      if (PutRequest) return prepare('Put', { TableName, Item: PutRequest.Item });
      if (DeleteRequest) return prepare('Delete', { TableName, Key: DeleteRequest.Key });
      throw validationError(
        'Supplied WriteRequest is empty, must contain exactly one of PutRequest or DeleteRequest',
      );
    }),
  );
  if (prepared.length > 25) throw validationError('Too many items requested for the BatchWriteItem call');
  return store.write(() => {
    const located = prepared.map((one) => locate(store, one));
    if (new Set(located.map(({ key }) => key.toString('latin1'))).size < located.length) {
      throw validationError('Provided list of item keys contains duplicates');
    }
    const changes = prepared.map((one, i) => evaluate(one, located[i]!));
    const at = clock();
    for (const change of changes) apply(store, change, at);
    return { UnprocessedItems: {} };
  });
}
