import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { record } from './codec.ts';
import { keyItem, keys } from './keys.ts';
import { type Range, rangesField } from './ranges.ts';
import { getItems } from './read.ts';
import type { Ledger } from './table.ts';
import { put } from './transaction.ts';

const goneItem = record({ numbers: rangesField });

/**
 * Sequence numbers of a creator whose rows are proven to be gone from the table: they were given once, and are never given again.
 * Who goes from number to number passes them by.
 */
export async function readGone(ledger: Ledger, handle: string): Promise<readonly Range[]> {
  const [item] = await getItems(ledger, [keys.gone(handle)], { consistent: true });
  return item ? goneItem.fromItem(item).numbers : [];
}

export const goneAction = (table: string, handle: string, numbers: readonly Range[]): TransactWriteItem =>
  put(table, { ...keyItem(keys.gone(handle)), ...goneItem.toItem({ numbers }) });
