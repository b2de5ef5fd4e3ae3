import {
  internalError,
  ServiceError,
  serializationError,
  unknownOperation,
  validationError,
} from './errors.ts';
import { query, type Search, scan } from './query.ts';
import { batchGet, type Get, getItem, transactGet } from './read.ts';
import { readRequest } from './requests.ts';
import {
  type CreateTable,
  createTable,
  deleteTable,
  describeTable,
  type Place,
  setTimeToLive,
  tableNamed,
} from './schema.ts';
import type { Store } from './store.ts';
import { describeStream, getRecords, getShardIterator, listStreams } from './streams.ts';
import { type TransactWriteItems, transactWrite } from './transaction.ts';
import { type Action, batchWrite, writeItem } from './write.ts';

type Operation = (request: never) => unknown;

/** An answer in DynamoDB's JSON 1.0: status and body of the HTTP response. */
export type Answer = { status: number; body: Uint8Array };

/** The operations of DynamoDB and of DynamoDB Streams that the embedded table has. */
function operationsOf(store: Store, place: Place): Record<string, Record<string, Operation>> {
  const { clock } = place;
  const description = (name: string) => describeTable(store, tableNamed(store, name));
  return {
    DynamoDB_20120810: {
      CreateTable: async (request: CreateTable) => {
        await store.write(() => createTable(store, place, request));
        return { TableDescription: description(request.TableName) };
      },
      DescribeTable: ({ TableName }: { TableName: string }) => ({ Table: description(TableName) }),
      DeleteTable: async ({ TableName }: { TableName: string }) => {
        const TableDescription = { ...description(TableName), TableStatus: 'DELETING' };
        await store.write(() => deleteTable(store, TableName));
        return { TableDescription };
      },
      ListTables: ({
        Limit = 100,
        ExclusiveStartTableName = '',
      }: {
        Limit?: number;
        ExclusiveStartTableName?: string;
      }) => {
        const names = [...store.tables.getKeys()].filter((name) => name > ExclusiveStartTableName);
        const TableNames = names.slice(0, Limit);
        return { TableNames, LastEvaluatedTableName: names.length > Limit ? TableNames.at(-1) : undefined };
      },
      DescribeTimeToLive: ({ TableName }: { TableName: string }) => {
        const { ttlAttribute } = tableNamed(store, TableName);
        return {
          TimeToLiveDescription: ttlAttribute
            ? { TimeToLiveStatus: 'ENABLED', AttributeName: ttlAttribute }
            : { TimeToLiveStatus: 'DISABLED' },
        };
      },
      UpdateTimeToLive: async (request: UpdateTimeToLive) => {
        const { AttributeName, Enabled } = request.TimeToLiveSpecification;
        if (!AttributeName)
          throw validationError('TimeToLive attribute name is empty, expected 1 to 255 characters');
        await store.write(() => setTimeToLive(store, request.TableName, AttributeName, Enabled));
        return { TimeToLiveSpecification: request.TimeToLiveSpecification };
      },
      PutItem: (action: Action) => writeItem(store, clock, 'Put', action),
      UpdateItem: (action: Action) => writeItem(store, clock, 'Update', action),
      DeleteItem: (action: Action) => writeItem(store, clock, 'Delete', action),
      GetItem: (get: Get) => getItem(store, get),
      Query: (search: Search) => query(store, search),
      Scan: (search: Search) => scan(store, search),
      BatchGetItem: (request: Parameters<typeof batchGet>[1]) => batchGet(store, request),
      BatchWriteItem: (request: Parameters<typeof batchWrite>[2]) => batchWrite(store, clock, request),
      TransactGetItems: (request: Parameters<typeof transactGet>[1]) => transactGet(store, request),
      TransactWriteItems: (request: TransactWriteItems) => transactWrite(store, clock, request),
    },
    DynamoDBStreams_20120810: {
      ListStreams: (request: { TableName?: string }) => listStreams(store, request),
      DescribeStream: (request: { StreamArn: string }) => describeStream(store, request),
      GetShardIterator: (request: Parameters<typeof getShardIterator>[2]) =>
        getShardIterator(store, clock, request),
      GetRecords: (request: { ShardIterator: string; Limit?: number }) => getRecords(store, place, request),
    },
  };
}

type UpdateTimeToLive = {
  TableName: string;
  TimeToLiveSpecification: { AttributeName: string; Enabled: boolean };
};

/** Answers requests: `target` is the X-Amz-Target header, service and operation with a dot between. */
export function protocol(store: Store, place: Place): (target: string, body: Uint8Array) => Promise<Answer> {
  const operations = operationsOf(store, place);

  async function outputOf(target: string, body: Uint8Array): Promise<unknown> {
    const [service, name, ...more] = target.split('.') as [string, string, ...string[]];
    const operation = Object.hasOwn(operations, service) ? operations[service] : undefined;
    if (!operation || more.length > 0 || !Object.hasOwn(operation, name)) throw unknownOperation(target);
    return operation[name]!(readRequest(name, parseBody(body)) as never);
  }

  return async (target, body) => {
    try {
      return answer(200, await outputOf(target, body));
    } catch (error) {
      const known = error instanceof ServiceError ? error : internalError(error);
      return answer(known.status, known.body);
    }
  };
}

const answer = (status: number, output: unknown): Answer => ({
  status,
  body: Buffer.from(JSON.stringify(output)),
});

function parseBody(body: Uint8Array): Record<string, unknown> {
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch {
    throw serializationError('the request body is not JSON');
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw serializationError('the request body is not a JSON object');
  }
  return data as Record<string, unknown>;
}
