import type { Item } from './codec.ts';
import { ItemError } from './codec.ts';
import { CursorError, decodeCursor, encodeCursor } from './cursor.ts';
import { readGone } from './gone.ts';
import { listed } from './keys.ts';
import { type Range, without } from './ranges.ts';
import { queryAll } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { type Tip, tipFromItem } from './tips.ts';

/** A row of a tip as it stands in the table, with the number that the index lists it by. */
export interface TipRow {
  readonly sequence: bigint;
  readonly item: Item;
}

/** Sequence numbers have sixteen digits in the index. */
const LAST = 10n ** 16n - 1n;

/**
 * Rows of a creator's tips, dust too, ascending by sequence number, from behind `after` to `upTo`.
 * @param pageSize rows that a request asks for
 */
export async function* readTipRows(
  ledger: Ledger,
  handle: string,
  { after, upTo = LAST, pageSize }: { after: bigint; upTo?: bigint; pageSize: number },
): AsyncGenerator<TipRow> {
  if (after >= upTo) return;
  const rowsOf = (list: typeof listed.tip) =>
    queryAll(ledger, {
      IndexName: LISTED,
      KeyConditionExpression: 'listPk = :tips AND listSk BETWEEN :first AND :last',
      ExpressionAttributeValues: {
        ':tips': { S: list(handle, 0n).listPk },
        ':first': { S: list(handle, after + 1n).listSk },
        ':last': { S: list(handle, upTo).listSk },
      },
      Limit: pageSize,
    });
  const lists = [rowsOf(listed.tip), rowsOf(listed.dust)];
  const heads = await Promise.all(lists.map((list) => list.next()));
  const order = (at: number) => (heads[at]!.done ? undefined : heads[at]!.value.listSk!.S!);
  for (;;) {
    const [shown, dust] = [order(0), order(1)];
    if (shown === undefined && dust === undefined) return;
    const first = dust === undefined || (shown !== undefined && shown < dust) ? 0 : 1;
    const item = heads[first]!.value as Item;
    yield { sequence: BigInt(item.listSk!.S!), item };
    heads[first] = await lists[first]!.next();
  }
}

/** A tip of a row, or undefined when the row is not what a tip must be. */
export function readableTip(item: Item): Tip | undefined {
  try {
    return tipFromItem(item);
  } catch (error) {
    if (error instanceof ItemError) return undefined;
    throw error;
  }
}

/**
 * A page of a creator's tips in the order of their sequence numbers, dust too. The index may list a tip before the one
 * that was booked ahead of it, so the page ends where a number is missing: who goes on from there misses none. A number
 * whose row is proven to be gone is passed by. A row that can't be read is left out; it was parked.
 * @param after sequence number that all on the page are above; 0 for the first page
 * @param limit tips, at most
 * @returns the tips; `through`, the number to go on from later; `next`, the same when there are more now
 */
export async function readEvents(
  ledger: Ledger,
  handle: string,
  { after, limit }: { after: bigint; limit: number },
): Promise<{ tips: Tip[]; through: bigint; next?: bigint }> {
  const tips: Tip[] = [];
  let through = after;
  let rows = 0;
  let gone: readonly Range[] | undefined;
  for await (const { sequence, item } of readTipRows(ledger, handle, { after, pageSize: limit + 1 })) {
    if (sequence > through + 1n) {
      gone ??= await readGone(ledger, handle);
      if (without([[through + 1n, sequence - 1n]], gone).length > 0) break;
    }
    if (rows++ === limit) return { tips, through, next: through };
    through = sequence;
    const tip = readableTip(item);
    if (tip) tips.push(tip);
  }
  return { tips, through };
}

/** Thrown for a cursor that this creator's events did not give. */
export class EventCursorError extends Error {
  override readonly name = 'EventCursorError';
  constructor() {
    super('after: not a cursor of these events; leave it out to start with the first');
  }
}

// No handle has a space in it, so a cursor of the feed and one of the events never pass for one another.
const eventsOf = (handle: string) => `${handle} events`;

/** A cursor of a creator's events: the number of the last one that was read, with a check as {@link encodeCursor} makes. */
export const encodeEventCursor = (handle: string, through: bigint): string =>
  encodeCursor(eventsOf(handle), through);

/**
 * The number to read events after.
 * @throws EventCursorError
 */
export function decodeEventCursor(handle: string, cursor: string): bigint {
  try {
    return decodeCursor(eventsOf(handle), cursor);
  } catch (error) {
    throw error instanceof CursorError ? new EventCursorError() : error;
  }
}
