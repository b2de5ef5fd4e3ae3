import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type Field, type Item, ItemError, text, whole } from './codec.ts';
import { keyItem, keys, listed } from './keys.ts';
import { getItems, queryAll } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { lastSequence, totalsFromItem } from './totals.ts';

/** Sequence numbers that share an item: 2 kB when all are marked, so that a mark stays cheap to write. */
export const HANDED_BLOCK = 256n;
/** Blocks that are read in one request. */
const BLOCKS_AT_ONCE = 100n;

const numberSet: Field<ReadonlySet<bigint>> = {
  write: (numbers) => ({ NS: [...numbers].map(String) }),
  read: (value, name) => {
    if (value !== undefined && value.NS === undefined) throw new ItemError(name, 'a set of numbers');
    return new Set(value?.NS?.map(BigInt));
  },
};

const blockOf = (sequence: bigint) => (sequence - 1n) / HANDED_BLOCK;
const numbersOf = (item: Item | undefined) => numberSet.read(item?.numbers, 'numbers');

/** How far a creator's tips were handed on. */
export interface Handed {
  /** The last sequence number that was given. */
  readonly last: bigint;
  /** Every tip up to this number was handed on, as a sweep found; 0 before the first. */
  readonly through: bigint;
}

/**
 * Mark tips of a creator as handed on, by sequence number. Marks are only ever added, so that doing it again, in another
 * order, or by two at once ends the same.
 */
export async function markHanded(
  { client, table }: Ledger,
  handle: string,
  sequences: readonly bigint[],
): Promise<void> {
  const blocks = new Map<bigint, Set<bigint>>();
  for (const sequence of sequences) {
    const block = blockOf(sequence);
    blocks.set(block, (blocks.get(block) ?? new Set()).add(sequence));
  }
  for (const [block, numbers] of blocks) {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: keyItem(keys.handed(handle, block)),
        UpdateExpression: 'ADD numbers :numbers',
        ExpressionAttributeValues: { ':numbers': numberSet.write(numbers)! },
      }),
    );
  }
}

/** The handles of all creators in their order, from behind one if it is given, whatever else their items hold. */
export async function* readHandles(ledger: Ledger, after?: string): AsyncGenerator<string> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :creators AND listSk > :after',
    ExpressionAttributeValues: {
      ':creators': { S: listed.creator('').listPk },
      // No handle is empty, and DynamoDB compares with no empty key.
      ':after': { S: after ?? ' ' },
    },
    ProjectionExpression: 'listSk',
  };
  for await (const item of queryAll(ledger, query)) yield text.read(item.listSk, 'listSk');
}

/** How far each of some creators is, maybe a moment ago: two items a creator, however long their history. */
export async function readHanded(ledger: Ledger, handles: readonly string[]): Promise<Map<string, Handed>> {
  const items = await getItems(ledger, [...handles.map(keys.totals), ...handles.map(keys.handedThrough)]);
  const through = (item: Item | undefined) => (item ? whole.read(item.through, 'through') : 0n);
  return new Map(
    handles.map((handle, at) => [
      handle,
      { last: lastSequence(totalsFromItem(items[at])), through: through(items[handles.length + at]) },
    ]),
  );
}

/** The numbers after `through` and up to `last` that are not marked, ascending, a block of them at a time. */
export async function* unhandedNumbers(
  ledger: Ledger,
  handle: string,
  { through, last }: Handed,
): AsyncGenerator<bigint[]> {
  const lastBlock = blockOf(last);
  for (let from = blockOf(through + 1n); from <= lastBlock; from += BLOCKS_AT_ONCE) {
    const blocks: bigint[] = [];
    for (let block = from; block <= lastBlock && block < from + BLOCKS_AT_ONCE; block++) blocks.push(block);
    const items = await getItems(
      ledger,
      blocks.map((block) => keys.handed(handle, block)),
      { consistent: true },
    );
    for (const [at, block] of blocks.entries()) {
      const marked = numbersOf(items[at]);
      const missing: bigint[] = [];
      for (let number = block * HANDED_BLOCK + 1n; number <= (block + 1n) * HANDED_BLOCK; number++)
        if (number > through && number <= last && !marked.has(number)) missing.push(number);
      if (missing.length > 0) yield missing;
    }
  }
}

/** Whether a tip was handed on. */
export async function isHanded(ledger: Ledger, handle: string, sequence: bigint): Promise<boolean> {
  const [handed] = await areHanded(ledger, [{ handle, sequence }]);
  return handed!;
}

/** Which of some tips were handed on, in their order. */
export async function areHanded(
  ledger: Ledger,
  tips: readonly { readonly handle: string; readonly sequence: bigint }[],
): Promise<boolean[]> {
  const blocks = tips.map(({ handle, sequence }) => keys.handed(handle, blockOf(sequence)));
  const items = await getItems(ledger, blocks, { consistent: true });
  return tips.map(({ sequence }, at) => numbersOf(items[at]).has(sequence));
}

/** Remember that every tip up to a number was handed on. It never goes back. */
export async function moveHandedThrough(
  { client, table }: Ledger,
  handle: string,
  through: bigint,
): Promise<void> {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: keyItem(keys.handedThrough(handle)),
        UpdateExpression: 'SET through = :through',
        ConditionExpression: 'attribute_not_exists(through) OR through < :through',
        ExpressionAttributeValues: { ':through': whole.write(through)! },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
