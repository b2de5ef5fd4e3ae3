import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { bytes, moment, type Of, optional, record, small, text, whole } from './codec.ts';
import { areHanded, isHanded } from './handed.ts';
import { keyItem, keys } from './keys.ts';
import { queryAll, queryPage } from './read.ts';
import type { Ledger } from './table.ts';

const parkedItem = record({
  reason: text,
  /** What could not be handed on, as JSON, gzipped. */
  record: bytes,
  /** Bytes that it had, when it was too large for an item and only its start is kept. */
  cutFrom: optional(small),
  /** Which tip it is of, as far as the record tells. */
  handle: optional(text),
  sequence: optional(whole),
  parkedAt: moment,
});

/** Something to park. */
export interface NewParked {
  /** The same each time, so that what fails again is parked once. */
  readonly id: string;
  readonly reason: string;
  /** The record, whole. */
  readonly record: unknown;
  readonly handle?: string | undefined;
  readonly sequence?: bigint | undefined;
}

/** What was parked; `record` is its JSON. */
export type Parked = Omit<Of<typeof parkedItem.fields>, 'record'> & {
  readonly id: string;
  readonly record: string;
  /** Its tip was handed on since: nothing is left to do. */
  readonly handedSince: boolean;
};

/** DynamoDB takes 400 kB an item; what does not compress at all stays below, too. */
const MOST_BYTES = 350_000;
const MOST_ID = 200;
const MOST_REASON = 500;

const nameOf = (id: string) =>
  id.length <= MOST_ID && id !== '' ? id : createHash('sha256').update(id).digest('hex');

/**
 * Park what can't be handed on, whole, so that what comes behind it goes on.
 * @returns false when it was parked before
 */
export async function park(
  { client, table }: Ledger,
  { id, reason, record, handle, sequence }: NewParked,
  now: Date,
): Promise<boolean> {
  const whole = Buffer.from(JSON.stringify(record) ?? 'null');
  const zipped = gzipSync(whole);
  const kept =
    zipped.length <= MOST_BYTES
      ? { record: zipped }
      : { record: gzipSync(whole.subarray(0, MOST_BYTES)), cutFrom: whole.length };
  const item = parkedItem.toItem({
    reason: reason.slice(0, MOST_REASON),
    ...kept,
    parkedAt: now,
    ...(handle !== undefined && { handle }),
    ...(sequence !== undefined && { sequence }),
  });
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...keyItem(keys.parked(nameOf(id))), ...item },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** All that was parked. */
export async function* readParked(ledger: Ledger): AsyncGenerator<Parked> {
  const query = {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: keys.parked('').pk } },
  };
  for await (const item of queryAll(ledger, query)) {
    const { record, ...parked } = parkedItem.fromItem(item);
    const { handle, sequence } = parked;
    yield {
      ...parked,
      id: item.sk!.S!,
      record: gunzipSync(record).toString(),
      handedSince:
        handle !== undefined && sequence !== undefined && (await isHanded(ledger, handle, sequence)),
    };
  }
}

/** Parked records that are looked at to count them. */
const MOST_COUNTED = 100;

/** How many parked records' tips were not handed on since, of the first {@link MOST_COUNTED} records. */
export async function countParked(ledger: Ledger): Promise<number> {
  const { items } = await queryPage(ledger, {
    KeyConditionExpression: 'pk = :pk',
    ProjectionExpression: 'handle, #sequence',
    ExpressionAttributeNames: { '#sequence': 'sequence' },
    ExpressionAttributeValues: { ':pk': { S: keys.parked('').pk } },
    Limit: MOST_COUNTED,
  });
  const tips = items.flatMap(({ handle, sequence }) =>
    handle?.S && sequence?.N ? [{ handle: handle.S, sequence: BigInt(sequence.N) }] : [],
  );
  const handed = await areHanded(ledger, tips);
  return items.length - handed.filter(Boolean).length;
}
