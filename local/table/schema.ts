import { createHash } from 'node:crypto';
import { dynamoError, validationError } from './errors.ts';
import { after, EXPIRY_INDEX, indexKey, itemKey, tablePrefix } from './keys.ts';
import type { Store } from './store.ts';
import type { Item, Value } from './value.ts';

type KeySchema = { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[];

export type Index = {
  IndexName: string;
  KeySchema: KeySchema;
  Projection: { ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'; NonKeyAttributes?: string[] };
};

/** A table as it is stored. The fields with capitals are those of CreateTable, which dynalite's checks read too. */
export type TableRecord = {
  id: number;
  TableName: string;
  AttributeDefinitions: { AttributeName: string; AttributeType: 'S' | 'N' | 'B' }[];
  KeySchema: KeySchema;
  GlobalSecondaryIndexes?: Index[];
  LocalSecondaryIndexes?: Index[];
  BillingMode?: string;
  StreamSpecification?: { StreamEnabled: boolean; StreamViewType?: string };
  /** ms since the epoch */
  createdAt: number;
  arn: string;
  ttlAttribute?: string;
};

export type Place = { region: string; clock: () => number };

const ACCOUNT = '000000000000';

const parsed = new Map<string, TableRecord>();

/** @throws ResourceNotFoundException */
export function tableNamed(store: Store, name: string): TableRecord {
  const text = store.tables.get(name);
  if (text === undefined) {
    throw dynamoError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
  }
  let table = parsed.get(text);
  if (!table) {
    table = JSON.parse(text) as TableRecord;
    if (parsed.size > 100) parsed.clear();
    parsed.set(text, table);
  }
  return table;
}

export const keyNames = (schema: KeySchema): string[] => schema.map((key) => key.AttributeName);

export const keyOf = (table: TableRecord, item: Item): Buffer =>
  itemKey(table.id, keyNames(table.KeySchema), item);

export const pick = (item: Item, names: string[]): Item =>
  Object.fromEntries(names.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));

/** Secondary indexes in the order of their numbers, which count from 1. */
export const indexesOf = (table: TableRecord): Index[] => [
  ...(table.GlobalSecondaryIndexes ?? []),
  ...(table.LocalSecondaryIndexes ?? []),
];

/** The keys of all index entries that an item has, its expiry included. */
export function indexKeys(table: TableRecord, item: Item, key: Buffer): Buffer[] {
  const keys: Buffer[] = [];
  indexesOf(table).forEach((index, i) => {
    const values = keyNames(index.KeySchema).map((name) => item[name]);
    if (values.every((value) => value !== undefined))
      keys.push(indexKey(table.id, i + 1, values as Value[], key));
  });
  const expiry = table.ttlAttribute ? item[table.ttlAttribute] : undefined;
  if (expiry?.N !== undefined) keys.push(indexKey(table.id, EXPIRY_INDEX, [expiry], key));
  return keys;
}

export type CreateTable = Omit<TableRecord, 'id' | 'createdAt' | 'arn' | 'ttlAttribute'>;

export function createTable(store: Store, { region, clock }: Place, request: CreateTable): TableRecord {
  const name = request.TableName;
  if (store.tables.doesExist(name))
    throw dynamoError('ResourceInUseException', `Table already exists: ${name}`);
  const id = Number(store.meta.get('nextTableId') ?? 1);
  store.meta.put('nextTableId', id + 1);
  const table: TableRecord = {
    ...request,
    id,
    createdAt: clock(),
    arn: `arn:aws:dynamodb:${region}:${ACCOUNT}:table/${name}`,
  };
  store.tables.put(name, JSON.stringify(table));
  return table;
}

export function deleteTable(store: Store, name: string): TableRecord {
  const table = tableNamed(store, name);
  const start = tablePrefix(table.id);
  for (const database of [store.items, store.indexes, store.stream]) {
    for (const key of [...database.getKeys({ start, end: after(start) })]) database.remove(key);
  }
  store.tables.remove(name);
  return table;
}

/** Switches the expiry attribute; items that are there already are indexed anew. */
export function setTimeToLive(store: Store, name: string, attribute: string, enabled: boolean): void {
  const table = tableNamed(store, name);
  if (enabled === (table.ttlAttribute !== undefined)) {
    throw validationError(`TimeToLive is already ${enabled ? 'enabled' : 'disabled'}`);
  }
  if (!enabled && attribute !== table.ttlAttribute) {
    throw validationError(
      `TimeToLive is active on a different AttributeName: current AttributeName is ${table.ttlAttribute}`,
    );
  }
  const changed: TableRecord = { ...table, ttlAttribute: enabled ? attribute : undefined };
  const start = tablePrefix(table.id);
  for (const { key, value } of [...store.items.getRange({ start, end: after(start) })]) {
    for (const old of indexKeys(table, value, key)) store.indexes.remove(old);
    for (const now of indexKeys(changed, value, key)) store.indexes.put(now, key);
  }
  store.tables.put(name, JSON.stringify(changed));
}

export const streamLabel = (table: TableRecord): string =>
  new Date(table.createdAt).toISOString().slice(0, -1);

/** The same for as long as the table lives: made of its name and of when it was created. */
export const streamArn = (table: TableRecord): string => `${table.arn}/stream/${streamLabel(table)}`;

const NO_THROUGHPUT = { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 };

/** The TableDescription of DescribeTable. Unlike AWS's, which lags by hours, its item count is exact. */
export function describeTable(store: Store, table: TableRecord) {
  const start = tablePrefix(table.id);
  const indexes = (list: Index[] | undefined) =>
    list?.map((index) => ({
      ...index,
      IndexArn: `${table.arn}/index/${index.IndexName}`,
      IndexStatus: 'ACTIVE',
      ProvisionedThroughput: NO_THROUGHPUT,
    }));
  const hash = createHash('sha256').update(`${table.arn} ${table.createdAt} ${table.id}`).digest('hex');
  return {
    TableName: table.TableName,
    TableArn: table.arn,
    TableId: hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
    TableStatus: 'ACTIVE',
    CreationDateTime: table.createdAt / 1000,
    AttributeDefinitions: table.AttributeDefinitions,
    KeySchema: table.KeySchema,
    GlobalSecondaryIndexes: indexes(table.GlobalSecondaryIndexes),
    LocalSecondaryIndexes: indexes(table.LocalSecondaryIndexes),
    BillingModeSummary: { BillingMode: table.BillingMode ?? 'PROVISIONED' },
    ProvisionedThroughput: NO_THROUGHPUT,
    ItemCount: store.items.getKeysCount({ start, end: after(start) }),
    TableSizeBytes: 0,
    ...(table.StreamSpecification?.StreamEnabled && {
      StreamSpecification: table.StreamSpecification,
      LatestStreamArn: streamArn(table),
      LatestStreamLabel: streamLabel(table),
    }),
  };
}
