import {
  type AttributeValue,
  type CancellationReason,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { type Item, ItemError } from './codec.ts';
import { type Key, keyItem } from './keys.ts';
import type { Ledger } from './table.ts';

/** DynamoDB's bound on a transaction. */
export const MOST_ACTIONS = 100;

/** A condition with its values. */
export interface Condition {
  readonly expression: string;
  readonly names?: Record<string, string>;
  readonly values?: Item;
}

export const ABSENT: Condition = { expression: 'attribute_not_exists(pk)' };
export const PRESENT: Condition = { expression: 'attribute_exists(pk)' };

/** Attribute `name` equals `value`. */
export const equals = (name: string, value: AttributeValue): Condition => ({
  expression: `#${name} = :${name}Was`,
  names: { [`#${name}`]: name },
  values: { [`:${name}Was`]: value },
});

const conditionOf = (condition: Condition | undefined) =>
  condition && {
    ConditionExpression: condition.expression,
    ...(condition.names && { ExpressionAttributeNames: condition.names }),
    ...(condition.values && { ExpressionAttributeValues: condition.values }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };

export const put = (table: string, item: Item, condition?: Condition): TransactWriteItem => ({
  Put: { TableName: table, Item: item, ...conditionOf(condition) },
});

export const remove = (table: string, key: Key, condition?: Condition): TransactWriteItem => ({
  Delete: { TableName: table, Key: keyItem(key), ...conditionOf(condition) },
});

/** Demand a condition of an item, and leave it as it is. */
export const check = (
  table: string,
  key: Key,
  { expression, names, values }: Condition,
): TransactWriteItem => ({
  ConditionCheck: {
    TableName: table,
    Key: keyItem(key),
    ConditionExpression: expression,
    ...(names && { ExpressionAttributeNames: names }),
    ...(values && { ExpressionAttributeValues: values }),
  },
});

/** What an update does to an item's attributes. */
export interface Change {
  readonly set?: Item;
  readonly remove?: readonly string[];
  readonly add?: Item;
}

/** Set attributes, remove some, and add to others, as one update. */
export const update = (
  table: string,
  key: Key,
  { set = {}, remove = [], add = {}, condition }: Change & { condition?: Condition },
): TransactWriteItem => {
  const clause = (word: string, names: readonly string[], part: (name: string) => string) =>
    names.length === 0 ? [] : [`${word} ${names.map(part).join(', ')}`];
  const values = {
    ...Object.fromEntries(Object.entries({ ...set, ...add }).map(([name, value]) => [`:${name}`, value])),
    ...condition?.values,
  };
  const names = [...Object.keys(set), ...remove, ...Object.keys(add)];
  return {
    Update: {
      TableName: table,
      Key: keyItem(key),
      ...conditionOf(condition),
      UpdateExpression: [
        ...clause('SET', Object.keys(set), (name) => `#${name} = :${name}`),
        ...clause('REMOVE', remove, (name) => `#${name}`),
        ...clause('ADD', Object.keys(add), (name) => `#${name} :${name}`),
      ].join(' '),
      ExpressionAttributeNames: {
        ...Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ...condition?.names,
      },
      // DynamoDB refuses an empty map of values.
      ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    },
  };
};

/** Why a transaction was cancelled, action by action; `undefined` for an action that was not the reason. */
export type Refusals = readonly (CancellationReason | undefined)[];

/**
 * Run a transaction. The answer is undefined when it took effect, or the reasons in the order of the actions when a
 * condition refused it.
 * @param token names this attempt for ten minutes: the same transaction sent again under it takes effect once
 * @throws whatever leaves the outcome open or asks for patience: conflicts, throttling, lost connections
 */
export async function transact(
  { client }: Ledger,
  actions: TransactWriteItem[],
  token?: string,
): Promise<Refusals | undefined> {
  try {
    await client.send(
      new TransactWriteItemsCommand({ TransactItems: actions, ...(token && { ClientRequestToken: token }) }),
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    const reasons = error.CancellationReasons ?? [];
    const refusals = reasons.map((reason) => (reason.Code === 'ConditionalCheckFailed' ? reason : undefined));
    if (refusals.every((each) => each === undefined)) throw error;
    return refusals;
  }
}

/** Reasons of a cancelled transaction that lie in what was sent. */
const OF_CONTENT = ['ValidationError', 'ItemCollectionSizeLimitExceeded'];

/**
 * Whether an error lies in what was sent or in an item that it meets, so that sending it again, however late, ends the
 * same: an item too large, a number out of range, an item of the table that can't be read.
 */
export function isForGood(error: unknown): boolean {
  if (error instanceof ItemError) return true;
  if (error instanceof TransactionCanceledException) {
    return (error.CancellationReasons ?? []).some(({ Code }) => OF_CONTENT.includes(Code ?? ''));
  }
  return error instanceof Error && error.name === 'ValidationException';
}
