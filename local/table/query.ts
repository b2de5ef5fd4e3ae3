import db from 'dynalite/db/index.js';
import { matches } from './condition.ts';
import { throwIfInvalid, validationError } from './errors.ts';
import { type ExpressionRequest, type Expressions, readExpressions } from './expressions.ts';
import { type KeyRange, keyRange } from './keyRange.ts';
import { after, indexKey, indexPrefix, tablePrefix } from './keys.ts';
import { projected } from './read.ts';
import { indexesOf, keyNames, keyOf, pick, type TableRecord, tableNamed } from './schema.ts';
import type { Store } from './store.ts';
import { checkValues, type Item, itemSize, type Value } from './value.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
const LARGEST_PAGE = 1024 * 1024;

export type Search = ExpressionRequest & {
  TableName: string;
  IndexName?: string;
  Select?: 'ALL_ATTRIBUTES' | 'ALL_PROJECTED_ATTRIBUTES' | 'SPECIFIC_ATTRIBUTES' | 'COUNT';
  Limit?: number;
  ExclusiveStartKey?: Item;
  ScanIndexForward?: boolean;
  ConsistentRead?: boolean;
  TotalSegments?: number;
};

/** The table itself or one of its indexes, as something to be searched. */
type Searched = {
  table: TableRecord;
  /** key attributes, partition key first */
  names: string[];
  /** those, and the table's */
  startNames: string[];
  prefix: Buffer;
  startKey(item: Item): Buffer;
  /** what the index holds of an item */
  view(item: Item): Item;
  indexed: boolean;
};

function searchedBy(store: Store, search: Search): Searched {
  const table = tableNamed(store, search.TableName);
  const tableNames = keyNames(table.KeySchema);
  if (search.IndexName === undefined) {
    return {
      table,
      names: tableNames,
      startNames: tableNames,
      prefix: tablePrefix(table.id),
      startKey: (item) => keyOf(table, item),
      view: (item) => item,
      indexed: false,
    };
  }
  const at = indexesOf(table).findIndex(({ IndexName }) => IndexName === search.IndexName);
  const index = indexesOf(table)[at];
  if (!index) throw validationError(`The table does not have the specified index: ${search.IndexName}`);
  if (search.ConsistentRead && table.GlobalSecondaryIndexes?.includes(index)) {
    throw validationError('Consistent reads are not supported on global secondary indexes');
  }
  const names = keyNames(index.KeySchema);
  const startNames = [...new Set([...tableNames, ...names])];
  const { ProjectionType, NonKeyAttributes = [] } = index.Projection;
  const held = [...startNames, ...NonKeyAttributes];
  if (search.Select === 'ALL_ATTRIBUTES' && ProjectionType !== 'ALL') {
    throw validationError(
      'One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for ' +
        `global secondary index ${search.IndexName} because its projection type is not ALL`,
    );
  }
  return {
    table,
    names,
    startNames,
    prefix: indexPrefix(table.id, at + 1),
    startKey: (item) =>
      indexKey(table.id, at + 1, names.map((name) => item[name]) as Value[], keyOf(table, item)),
    view: (item) => (ProjectionType === 'ALL' ? item : pick(item, held)),
    indexed: true,
  };
}

export function query(store: Store, search: Search) {
  const expressions = readExpressions(search);
  if (!expressions.keyCondition) {
    throw validationError(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    );
  }
  const searched = searchedBy(store, search);
  const { names, table } = searched;
  const inFilter = names.find((name) => expressions.filter?.pathHeads[name]);
  if (inFilter) {
    throw validationError(
      `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${inFilter}`,
    );
  }
  const range = keyRange(
    expressions.keyCondition.expression,
    expressions.values,
    names,
    table,
    searched.prefix,
  );
  return page(store, search, searched, expressions, range);
}

export function scan(store: Store, search: Search) {
  if ((search.TotalSegments ?? 1) > 1) throw validationError('the embedded table scans in one segment only');
  const searched = searchedBy(store, search);
  const range = { start: searched.prefix, end: after(searched.prefix) };
  return page(store, { ...search, ScanIndexForward: true }, searched, readExpressions(search), range);
}

function page(store: Store, search: Search, searched: Searched, expressions: Expressions, range: KeyRange) {
  const { table, startNames, view } = searched;
  const { filter, projection, values } = expressions;
  throwIfInvalid(db.validateKeyPaths(projection?.nestedPaths, table));
  throwIfInvalid(db.validateKeyPaths(filter?.nestedPaths, table));
  const { start, end } = search.ExclusiveStartKey ? startedFrom(search, searched, range) : range;
  const reverse = search.ScanIndexForward === false;

  const Items: Item[] = [];
  let scanned = 0;
  let size = 0;
  let last: Item | undefined;
  if (Buffer.compare(start, end) < 0) {
    store.snapshot((snapshot) => {
      const span = reverse
        ? { start: end, end: start, reverse, exclusiveStart: true, inclusiveEnd: true, ...snapshot }
        : { start, end, ...snapshot };
      const found = searched.indexed ? store.indexes.getRange(span) : store.items.getRange(span);
      for (const { value } of found) {
        const item = view(searched.indexed ? store.items.get(value as Buffer, snapshot)! : (value as Item));
        scanned++;
        size += itemSize(item);
        if (!filter || matches(filter.expression, item, values)) Items.push(projected(item, projection));
        if (scanned === search.Limit || size >= LARGEST_PAGE) {
          last = item;
          break;
        }
      }
    });
  }
  return {
    Items: search.Select === 'COUNT' ? undefined : Items,
    Count: Items.length,
    ScannedCount: scanned,
    LastEvaluatedKey: last && pick(last, startNames),
  };
}

/** The rest of a range behind the key that the page before ended with. */
function startedFrom(search: Search, searched: Searched, range: KeyRange): KeyRange {
  const given = search.ExclusiveStartKey!;
  const { table, names, startNames } = searched;
  checkValues(given, 'The provided starting key is invalid');
  const definition = (name: string) => table.AttributeDefinitions.find((one) => one.AttributeName === name)!;
  const fits = startNames.every((name) => given[name]?.[definition(name).AttributeType] !== undefined);
  if (!fits || Object.keys(given).length !== startNames.length || names.length === 0) {
    throw validationError('The provided starting key is invalid');
  }
  const key = searched.startKey(given);
  if (Buffer.compare(key, range.start) < 0 || Buffer.compare(key, range.end) >= 0) {
    throw validationError(
      'The provided starting key is outside query boundaries based on provided conditions',
    );
  }
  // No key lies between `key` and `key` with a zero byte behind it.
  if (search.ScanIndexForward === false) return { start: range.start, end: key };
  return { start: Buffer.concat([key, Buffer.from([0])]), end: range.end };
}
