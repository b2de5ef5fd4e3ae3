import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from './codec.ts';
import type { Key } from './keys.ts';
import type { Ledger } from './table.ts';
import { type Change, type Condition, update } from './transaction.ts';

const unlessRefused = (error: unknown) => {
  if (error instanceof ConditionalCheckFailedException) return undefined;
  throw error;
};

/**
 * Change one item on a condition.
 * @param answer `NONE` where a role may not be told the whole item
 * @returns the item after the change, empty for `NONE`; or undefined when the condition refused it
 */
export async function updateItem(
  { client, table }: Ledger,
  key: Key,
  change: Change,
  condition: Condition,
  answer: 'ALL_NEW' | 'NONE' = 'ALL_NEW',
): Promise<Item | undefined> {
  // A refusal, too, would tell the whole item.
  const { ReturnValuesOnConditionCheckFailure: _, ...input } = update(table, key, {
    ...change,
    condition,
  }).Update!;
  const command = new UpdateItemCommand({ ...input, ReturnValues: answer });
  const updated = await client.send(command).catch(unlessRefused);
  return updated && (updated.Attributes ?? {});
}
