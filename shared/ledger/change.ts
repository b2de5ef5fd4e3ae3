import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from './codec.ts';
import { type Key, keyItem } from './keys.ts';
import type { Ledger } from './table.ts';
import type { Condition } from './transaction.ts';

const unlessRefused = (error: unknown) => {
  if (error instanceof ConditionalCheckFailedException) return undefined;
  throw error;
};

/** What an update does to an item's attributes. */
export interface Change {
  readonly set?: Item;
  readonly remove?: readonly string[];
  readonly add?: Item;
}

/**
 * Change one item on a condition.
 * @param answer `NONE` where a role may not be told the whole item
 * @returns the item after the change, empty for `NONE`; or undefined when the condition refused it
 */
export async function updateItem(
  { client, table }: Ledger,
  key: Key,
  { set = {}, remove = [], add = {} }: Change,
  condition: Condition,
  answer: 'ALL_NEW' | 'NONE' = 'ALL_NEW',
): Promise<Item | undefined> {
  const clause = (word: string, parts: string[]) =>
    parts.length === 0 ? [] : [`${word} ${parts.join(', ')}`];
  const valued = { ...set, ...add };
  const names = [...Object.keys(valued), ...remove];
  const { names: conditionNames, values: conditionValues, expression } = condition;
  const values = {
    ...Object.fromEntries(Object.entries(valued).map(([name, value]) => [`:${name}`, value])),
    ...conditionValues,
  };
  const command = new UpdateItemCommand({
    TableName: table,
    Key: keyItem(key),
    UpdateExpression: [
      ...clause(
        'SET',
        Object.keys(set).map((name) => `#${name} = :${name}`),
      ),
      ...clause(
        'REMOVE',
        remove.map((name) => `#${name}`),
      ),
      ...clause(
        'ADD',
        Object.keys(add).map((name) => `#${name} :${name}`),
      ),
    ].join(' '),
    ConditionExpression: expression,
    ExpressionAttributeNames: {
      ...Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ...conditionNames,
    },
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    ReturnValues: answer,
  });
  const updated = await client.send(command).catch(unlessRefused);
  return updated && (updated.Attributes ?? {});
}
