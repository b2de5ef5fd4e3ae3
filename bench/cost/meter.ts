import {
  type AttributeValue,
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { equalItems, type Item, itemSize } from '../../local/table/value.ts';
import type { Ledger } from '../../shared/ledger/index.ts';

/** What was asked of a table, in what DynamoDB charges for. */
export interface Asked {
  readonly requests: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

const READ_BYTES = 4096;
const WRITE_BYTES = 1024;

const kilobytes = (item: Item) => Math.ceil(itemSize(item) / WRITE_BYTES);

/** Units of a read: one for each started 4 kB, half where it may be a moment old. */
export const readUnits = (bytes: number, consistent: boolean | undefined) =>
  Math.max(1, Math.ceil(bytes / READ_BYTES)) * (consistent ? 1 : 0.5);

/** Units of what a write changes in the index, which has all attributes: entries that come, go, move or change. */
function indexUnits(before: Item | undefined, after: Item | undefined): number {
  const left = before?.listPk && before;
  const entered = after?.listPk && after;
  if (!left || !entered) return left || entered ? kilobytes((left || entered)!) : 0;
  if (equalItems(left, entered)) return 0;
  const stays = left.listPk!.S === entered.listPk!.S && left.listSk!.S === entered.listSk!.S;
  const sizes = [kilobytes(left), kilobytes(entered)] as const;
  return stays ? Math.max(...sizes) : sizes[0] + sizes[1];
}

/**
 * Units of a write: one for each started kilobyte of the item before or after it, whichever is larger, twice that within a
 * transaction, and those of the index.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export function writeUnits(
  before: Item | undefined,
  after: Item | undefined,
  inTransaction: boolean,
): number {
  const larger = Math.max(1, ...[before, after].map((item) => (item ? kilobytes(item) : 0)));
  return larger * (inTransaction ? 2 : 1) + indexUnits(before, after);
}

/** A key, as commands have it. */
const keyOf = ({ pk, sk }: Item): Item => ({ pk: pk!, sk: sk! });

/** The keys that a command writes, or undefined where it only reads. */
function writtenKeys(command: unknown): Item[] | undefined {
  if (command instanceof PutItemCommand) return [keyOf(command.input.Item as Item)];
  if (command instanceof UpdateItemCommand || command instanceof DeleteItemCommand)
    return [keyOf(command.input.Key as Item)];
  if (!(command instanceof TransactWriteItemsCommand)) return undefined;
  return command.input.TransactItems!.map(({ Put, Update, Delete, ConditionCheck }) =>
    keyOf((Put?.Item ?? (Update ?? Delete ?? ConditionCheck)!.Key) as Item),
  );
}

/**
 * A ledger that counts what it asks of the table, by DynamoDB's rules: the embedded table gives no consumed capacity. It reads
 * each item that is written before and after, so what is asked of it takes longer.
 */
export function metered({ client, table }: Ledger) {
  let asked: Asked = { requests: 0, readUnits: 0, writeUnits: 0 };
  const count = (more: Partial<Asked>) => {
    asked = {
      requests: asked.requests + (more.requests ?? 0),
      readUnits: asked.readUnits + (more.readUnits ?? 0),
      writeUnits: asked.writeUnits + (more.writeUnits ?? 0),
    };
  };
  const itemOf = async (key: Item) => {
    const Key = key as Record<string, AttributeValue>;
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item as Item | undefined;
  };
  const sizeOf = async (key: Item) => itemSize((await itemOf(key)) ?? {});

  /** A query is charged for all that it passes, whatever it leaves out of its answer. */
  const passedBytes = async (asked: QueryCommandInput) => {
    const { FilterExpression, ProjectionExpression, Select, ...input } = asked;
    // An expression's parts that nothing needs any more are refused.
    const isNeeded = ([name]: [string, unknown]) =>
      new RegExp(`${name}\\b`).test(input.KeyConditionExpression!);
    const needed = <T>(all: Record<string, T> = {}) => {
      const left = Object.entries(all).filter(isNeeded);
      return left.length > 0 ? Object.fromEntries(left) : undefined;
    };
    const { Items } = await client.send(
      new QueryCommand({
        ...input,
        ExpressionAttributeNames: needed(input.ExpressionAttributeNames),
        ExpressionAttributeValues: needed(input.ExpressionAttributeValues),
      }),
    );
    return (Items as Item[]).reduce((sum, item) => sum + itemSize(item), 0);
  };

  const countRead = async (command: unknown) => {
    if (command instanceof GetItemCommand) {
      const { Key, ConsistentRead } = command.input;
      count({ readUnits: readUnits(await sizeOf(Key as Item), ConsistentRead) });
    } else if (command instanceof BatchGetItemCommand) {
      const { Keys, ConsistentRead } = command.input.RequestItems![table]!;
      for (const key of Keys!) count({ readUnits: readUnits(await sizeOf(key as Item), ConsistentRead) });
    } else if (command instanceof QueryCommand) {
      count({ readUnits: readUnits(await passedBytes(command.input), command.input.ConsistentRead) });
    } else {
      throw new Error(`${(command as object).constructor.name}: what it costs is not known here`);
    }
  };

  const send = async (command: unknown, ...rest: unknown[]) => {
    count({ requests: 1 });
    const go = () => (client.send as (...all: unknown[]) => Promise<unknown>)(command, ...rest);
    const keys = writtenKeys(command);
    if (!keys) {
      await countRead(command);
      return go();
    }
    const before = await Promise.all(keys.map(itemOf));
    const answer = await go();
    for (const [at, key] of keys.entries()) {
      const inTransaction = command instanceof TransactWriteItemsCommand;
      count({ writeUnits: writeUnits(before[at], await itemOf(key), inTransaction) });
    }
    return answer;
  };
  const metering = new Proxy(client, {
    get: (target, name) => (name === 'send' ? send : Reflect.get(target, name, target)),
  }) as DynamoDBClient;
  return {
    ledger: { client: metering, table } satisfies Ledger,
    /** What was asked since the last call. */
    take: (): Asked => {
      const taken = asked;
      asked = { requests: 0, readUnits: 0, writeUnits: 0 };
      return taken;
    },
  };
}
