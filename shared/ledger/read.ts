import {
  BatchGetItemCommand,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Item } from './codec.ts';
import { type Key, keyItem } from './keys.ts';
import { untilWhole } from './partial.ts';
import type { Ledger } from './table.ts';

/** How a read relates to writes before it: public answers may be a moment old, decisions may not. */
export interface ReadOptions {
  readonly consistent?: boolean;
}

/** One item, or undefined. */
export async function getItem({ client, table }: Ledger, key: Key, { consistent = false }: ReadOptions = {}) {
  const answer = await client.send(
    new GetItemCommand({ TableName: table, Key: keyItem(key), ConsistentRead: consistent }),
  );
  return answer.Item;
}

const BATCH_GET_MOST = 100;

/**
 * Items by key, in the order of the keys, undefined where there is none. Any number; a key may come twice.
 * @param options `only` the attributes that count, by names that are no reserved words; all of them unless told
 */
export async function getItems(
  { client, table, pauses }: Ledger,
  keys: readonly Key[],
  { consistent = false, only }: ReadOptions & { only?: readonly string[] } = {},
): Promise<(Item | undefined)[]> {
  const how = {
    ConsistentRead: consistent,
    ...(only && { ProjectionExpression: ['pk', 'sk', ...only].join(', ') }),
  };
  const found = new Map<string, Item>();
  const name = (item: Item) => `${item.pk?.S}\n${item.sk?.S}`;
  const distinct = [...new Map(keys.map(keyItem).map((item) => [name(item), item])).values()];
  for (let at = 0; at < distinct.length; at += BATCH_GET_MOST) {
    const ask = async (wanted: Item[]) => {
      const answer = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: wanted, ...how } } }),
      );
      for (const item of answer.Responses?.[table] ?? []) found.set(name(item), item);
      return answer.UnprocessedKeys?.[table]?.Keys ?? [];
    };
    await untilWhole(distinct.slice(at, at + BATCH_GET_MOST), ask, pauses);
  }
  return keys.map((key) => found.get(name(keyItem(key))));
}

/** One page of a Query. */
export async function queryPage({ client, table }: Ledger, input: Omit<QueryCommandInput, 'TableName'>) {
  const answer = await client.send(new QueryCommand({ TableName: table, ...input }));
  return { items: answer.Items ?? [], lastKey: answer.LastEvaluatedKey };
}

/** All items of a Query, page after page. */
export async function* queryAll(ledger: Ledger, input: Omit<QueryCommandInput, 'TableName'>) {
  let lastKey: Item | undefined;
  do {
    const page = await queryPage(ledger, { ...input, ...(lastKey && { ExclusiveStartKey: lastKey }) });
    yield* page.items;
    lastKey = page.lastKey;
  } while (lastKey !== undefined);
}
