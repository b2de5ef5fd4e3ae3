import { createHash } from 'node:crypto';
import { dynamoError, validationError } from './errors.ts';
import { after, sequenceOf, streamKey, tablePrefix } from './keys.ts';
import { type Place, streamArn, streamLabel, type TableRecord, tableNamed } from './schema.ts';
import type { Store, StreamEntry } from './store.ts';
import { itemSize } from './value.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
const ITERATOR_LASTS_MS = 15 * 60 * 1000;
const RECORDS_LAST_MS = 24 * 60 * 60 * 1000;
const LARGEST_PAGE = 1024 * 1024;

// Sequence numbers are decimal text of 21 digits at least; of one length they sort as text too.
const SEQUENCE_BASE = 100_000_000_000_000_000_000n;
const sequenceText = (sequence: number): string => String(SEQUENCE_BASE + BigInt(sequence));

export function sequenceFrom(text: string | undefined): number {
  if (!text || !/^1\d{20}$/.test(text)) {
    throw validationError(`SequenceNumber is ${text}, expected one that a record of this stream has`);
  }
  return Number(BigInt(text) - SEQUENCE_BASE);
}

/** A stream has one shard for all its life. */
const shardOf = (arn: string): string =>
  `shardId-00000000000000000000-${createHash('sha256').update(arn).digest('hex').slice(0, 8)}`;

function tableOfStream(store: Store, arn: string): TableRecord {
  const name = /:table\/([^/]+)\/stream\//.exec(arn)?.[1];
  const missing = dynamoError(
    'ResourceNotFoundException',
    `Requested resource not found: Stream: ${arn} not found`,
  );
  if (!name || !store.tables.doesExist(name)) throw missing;
  const table = tableNamed(store, name);
  if (!table.StreamSpecification?.StreamEnabled || streamArn(table) !== arn) throw missing;
  return table;
}

export function listStreams(store: Store, request: { TableName?: string }) {
  const names = request.TableName === undefined ? [...store.tables.getKeys()] : [request.TableName];
  const tables = names.filter((name) => store.tables.doesExist(name)).map((name) => tableNamed(store, name));
  return {
    Streams: tables
      .filter((table) => table.StreamSpecification?.StreamEnabled)
      .map((table) => ({
        StreamArn: streamArn(table),
        StreamLabel: streamLabel(table),
        TableName: table.TableName,
      })),
  };
}

export function describeStream(store: Store, { StreamArn }: { StreamArn: string }) {
  const table = tableOfStream(store, StreamArn);
  const start = tablePrefix(table.id);
  const [first] = [...store.stream.getKeys({ start, end: after(start), limit: 1 })];
  const sequence = first ? sequenceOf(first) : Number(store.meta.get('nextSequence') ?? 1);
  return {
    StreamDescription: {
      StreamArn,
      StreamLabel: streamLabel(table),
      StreamStatus: 'ENABLED',
      StreamViewType: table.StreamSpecification!.StreamViewType,
      CreationRequestDateTime: table.createdAt / 1000,
      TableName: table.TableName,
      KeySchema: table.KeySchema,
      Shards: [
        {
          ShardId: shardOf(StreamArn),
          SequenceNumberRange: { StartingSequenceNumber: sequenceText(sequence) },
        },
      ],
    },
  };
}

/** Where a reader is: the next sequence it wants, and when (ms) it was told so. */
type Position = { arn: string; next: number; at: number };

const iteratorOf = (position: Position): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

function positionOf(iterator: string): Position {
  try {
    const { arn, next, at } = JSON.parse(Buffer.from(iterator, 'base64url').toString());
    if (typeof arn === 'string' && Number.isSafeInteger(next) && Number.isFinite(at))
      return { arn, next, at };
  } catch {
    // falls through to the refusal of everything that isn't an iterator
  }
  throw validationError('Invalid ShardIterator');
}

/** The last sequence of a table's stream that is gone; 0 when none is. */
export const trimmedOf = (store: Store, table: TableRecord): number =>
  Number(store.meta.get(`trimmed:${table.id}`) ?? 0);

function refuseTrimmed(store: Store, table: TableRecord, next: number): void {
  if (next <= trimmedOf(store, table)) {
    throw dynamoError(
      'TrimmedDataAccessException',
      'The operation attempted to read past the oldest stream record in a shard.',
    );
  }
}

type GetShardIterator = {
  StreamArn: string;
  ShardId: string;
  ShardIteratorType: 'TRIM_HORIZON' | 'LATEST' | 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER';
  SequenceNumber?: string;
};

export function getShardIterator(store: Store, clock: () => number, request: GetShardIterator) {
  const { StreamArn, ShardId, ShardIteratorType } = request;
  const table = tableOfStream(store, StreamArn);
  if (ShardId !== shardOf(StreamArn)) {
    throw dynamoError(
      'ResourceNotFoundException',
      `Requested resource not found: Shard: ${ShardId} not found`,
    );
  }
  let next = trimmedOf(store, table) + 1;
  if (ShardIteratorType === 'LATEST') next = Number(store.meta.get('nextSequence') ?? 1);
  if (ShardIteratorType.endsWith('_SEQUENCE_NUMBER')) {
    next = sequenceFrom(request.SequenceNumber) + (ShardIteratorType === 'AFTER_SEQUENCE_NUMBER' ? 1 : 0);
    refuseTrimmed(store, table, next);
  }
  return { ShardIterator: iteratorOf({ arn: StreamArn, next, at: clock() }) };
}

/** Records from an iterator on, up to 1,000 or 1 MB, and the iterator to go on with. */
export function getRecords(
  store: Store,
  { region, clock }: Place,
  request: { ShardIterator: string; Limit?: number },
) {
  const { arn, next, at } = positionOf(request.ShardIterator);
  const table = tableOfStream(store, arn);
  if (clock() - at > ITERATOR_LASTS_MS) {
    throw dynamoError('ExpiredIteratorException', 'Iterator expired: an iterator is good for 15 minutes');
  }
  refuseTrimmed(store, table, next);
  const { Records, position } = recordsFrom(store, region, table, { next, limit: request.Limit ?? 1000 });
  return { Records, NextShardIterator: iteratorOf({ arn, next: position, at: clock() }) };
}

export type StreamRecord = ReturnType<typeof recordOf>;

/** Records of a table from a sequence on, up to `limit` or 1 MB, and the sequence to go on from. */
export function recordsFrom(
  store: Store,
  region: string,
  table: TableRecord,
  { next, limit }: { next: number; limit: number },
): { Records: StreamRecord[]; position: number } {
  const Records: StreamRecord[] = [];
  let position = next;
  let size = 0;
  const range = { start: streamKey(table.id, next), end: after(tablePrefix(table.id)), limit };
  for (const { key, value } of store.stream.getRange(range)) {
    const record = recordOf(table, region, sequenceOf(key), value);
    if (size > 0 && size + record.dynamodb.SizeBytes > LARGEST_PAGE) break;
    size += record.dynamodb.SizeBytes;
    Records.push(record);
    position = sequenceOf(key) + 1;
  }
  return { Records, position };
}

function recordOf(table: TableRecord, awsRegion: string, sequence: number, entry: StreamEntry) {
  const { event, at, keys, before, after: now, expired } = entry;
  const view = table.StreamSpecification!.StreamViewType ?? 'NEW_AND_OLD_IMAGES';
  const NewImage = view.startsWith('NEW') ? now : undefined;
  const OldImage = view.endsWith('OLD_IMAGES') || view === 'OLD_IMAGE' ? before : undefined;
  return {
    eventID: createHash('md5')
      .update(`${streamArn(table)} ${sequence}`)
      .digest('hex'),
    eventName: event,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(at / 1000),
      Keys: keys,
      NewImage,
      OldImage,
      SequenceNumber: sequenceText(sequence),
      SizeBytes: itemSize(keys) + itemSize(NewImage ?? {}) + itemSize(OldImage ?? {}),
      StreamViewType: view,
    },
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
    ...(expired && { userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' } }),
  };
}

/** Takes records of more than 24 hours from the front of a table's stream, `most` at a time. */
export function trimStream(store: Store, table: TableRecord, now: number, most: number): number {
  const start = tablePrefix(table.id);
  const old: Buffer[] = [];
  for (const { key, value } of store.stream.getRange({ start, end: after(start), limit: most })) {
    if (now - value.at <= RECORDS_LAST_MS) break;
    old.push(key);
  }
  for (const key of old) store.stream.remove(key);
  const last = old.at(-1);
  if (last) store.meta.put(`trimmed:${table.id}`, sequenceOf(last));
  return old.length;
}
