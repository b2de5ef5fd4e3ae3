import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { flag, type Item, list, mapOf, moment, type Of, optional, record, text, whole } from './codec.ts';
import { listedAttributes } from './creators.ts';
import { keyItem, keys, listed } from './keys.ts';
import { getItems, queryAll } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { sumField, type Totals, totalsFromItem } from './totals.ts';
import { remove } from './transaction.ts';
import { write } from './write.ts';

const checkedItem = record({
  /** The sums are of the rows from 1 up to this sequence number. */
  through: whole,
  count: whole,
  amountMsat: whole,
  options: mapOf(sumField),
  /** Of the UTC days from `daysFrom` on. */
  days: mapOf(sumField),
  daysFrom: text,
  /** When they were begun from the first row. */
  begunAt: moment,
  /** They were not compared since then. */
  isNew: flag,
  /** Which sums of the table differed when they were last compared. */
  wrong: optional(list(text)),
});

/** Sums of a creator's rows as far as they were read, kept so that a look costs what is new. */
export type CheckedSums = Of<typeof checkedItem.fields>;

/** A creator's totals as they are now, and the sums of rows that were kept of them. */
export async function readChecked(
  ledger: Ledger,
  handle: string,
): Promise<{ totals: Totals; kept: CheckedSums | undefined }> {
  const [totals, kept] = await getItems(ledger, [keys.totals(handle), keys.checked(handle)], {
    consistent: true,
  });
  return { totals: totalsFromItem(totals), kept: kept && checkedItem.fromItem(kept) };
}

/** Keep sums. Those of which some are wrong are listed for the watch. */
export async function saveChecked(
  { client, table }: Ledger,
  handle: string,
  sums: CheckedSums,
): Promise<void> {
  await client.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        ...keyItem(keys.checked(handle)),
        ...checkedItem.toItem(sums),
        ...(sums.wrong && listedAttributes(listed.wrongSums(handle))),
      },
    }),
  );
}

/** Drop what was kept of a creator, once sums were mended: they are held against all rows anew. */
export async function forgetChecked(ledger: Ledger, handle: string): Promise<void> {
  await write(ledger, remove(ledger.table, keys.checked(handle)));
}

/** The creators of whom sums are wrong, and which. The index may be a moment behind. */
export async function readWrongSums(ledger: Ledger): Promise<{ handle: string; wrong: string[] }[]> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :wrong',
    ExpressionAttributeValues: { ':wrong': { S: listed.wrongSums('').listPk } },
  };
  const found = [];
  for await (const item of queryAll(ledger, query))
    found.push({
      handle: text.read(item.listSk, 'listSk'),
      wrong: checkedItem.fields.wrong.read(item.wrong, 'wrong') ?? [],
    });
  return found;
}

const turnItem = record({
  begunAt: moment,
  /** Some creators were not looked at yet: those behind the cursor, all of them without one. */
  isUnderWay: flag,
  cursor: optional(text),
  /** When a turn last came to its end. */
  endedAt: optional(moment),
});

/** Where the turn through all creators is. */
export type CheckTurn = Of<typeof turnItem.fields>;

export async function readCheckTurn(ledger: Ledger): Promise<CheckTurn | undefined> {
  const [item] = await getItems(ledger, [keys.checkTurn]);
  return item && turnItem.fromItem(item);
}

export async function saveCheckTurn({ client, table }: Ledger, turn: CheckTurn): Promise<void> {
  const item: Item = { ...keyItem(keys.checkTurn), ...turnItem.toItem(turn) };
  await client.send(new PutItemCommand({ TableName: table, Item: item }));
}

/** A creator's sums of some UTC days as they are now, in that order. */
export async function readDays(ledger: Ledger, handle: string, days: readonly string[]) {
  const items = await getItems(
    ledger,
    days.map((day) => keys.day(handle, day)),
    { consistent: true },
  );
  return items.map((item) => (item ? sumField.read({ M: item }, 'day') : undefined));
}
