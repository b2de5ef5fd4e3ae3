import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { type Item, ItemError } from './codec.ts';
import { paymentAddrOf, statesSum } from './invoices.ts';
import { keys, prefix } from './keys.ts';
import { getItems } from './read.ts';
import { RowSums } from './sums.ts';
import type { Ledger } from './table.ts';
import { tipFromItem } from './tips.ts';
import { lastSequence, totalsFromItem } from './totals.ts';

/** What a scan of the table found of a creator's rows. */
export interface ScannedRows {
  /** All rows up to this sequence number are among those that it found: it was the last one before the scan began. */
  readonly through: bigint;
  readonly rows: RowSums;
  /** Payment addresses of the creator's invoices that state a sum. */
  readonly invoices: string[];
}

/**
 * Read the whole table, consistently: what it does not find of rows that were there before is gone. A row is never moved, so that
 * rows which are booked meanwhile do no harm.
 * @param progress told of the number of items that were read, page by page
 * @returns by handle; a creator with an item that can't be read has the error in place of the rows
 */
export async function scanRows(
  ledger: Ledger,
  handles: readonly string[],
  progress: (items: number) => void = () => {},
): Promise<Map<string, ScannedRows | ItemError>> {
  const items = await getItems(ledger, handles.map(keys.totals), { consistent: true });
  const scanned = new Map(handles.map((handle, at) => [handle, readable(() => startOf(items[at]))] as const));
  const take = (item: Item) => {
    // The index's key tells of the creator where the row's own attribute was spoiled.
    const handle = item.handle?.S ?? item.listPk?.S?.replace(/^(tips|dust)#/, '') ?? '';
    const found = scanned.get(handle);
    if (found === undefined || found instanceof ItemError) return;
    const failed = readable(() => add(found, item));
    if (failed) scanned.set(handle, failed);
  };
  let looked = 0;
  let lastKey: Item | undefined;
  do {
    const page = await ledger.client.send(
      new ScanCommand({
        TableName: ledger.table,
        ConsistentRead: true,
        FilterExpression: 'begins_with(pk, :tip) OR begins_with(pk, :invoice)',
        ExpressionAttributeValues: { ':tip': { S: prefix('tip') }, ':invoice': { S: prefix('invoice') } },
        ...(lastKey && { ExclusiveStartKey: lastKey }),
      }),
    );
    for (const item of page.Items ?? []) take(item);
    looked += page.ScannedCount ?? 0;
    progress(looked);
    lastKey = page.LastEvaluatedKey;
  } while (lastKey);
  return scanned;
}

const startOf = (totals: Item | undefined): ScannedRows => ({
  through: lastSequence(totalsFromItem(totals)),
  rows: new RowSums(),
  invoices: [],
});

function add({ through, rows, invoices }: ScannedRows, item: Item): undefined {
  if (item.pk!.S!.startsWith(prefix('tip'))) {
    const tip = tipFromItem(item);
    // A later one comes from the index, where no number before it is missing.
    if (tip.sequence <= through) rows.add(tip);
  } else if (statesSum(item)) invoices.push(paymentAddrOf(item));
}

function readable<T>(read: () => T): T | ItemError {
  try {
    return read();
  } catch (error) {
    if (error instanceof ItemError) return error;
    throw error;
  }
}
