import batchGetItem from 'dynalite/validations/batchGetItem.js';
import batchWriteItem from 'dynalite/validations/batchWriteItem.js';
import createTable from 'dynalite/validations/createTable.js';
import deleteItem from 'dynalite/validations/deleteItem.js';
import getItem from 'dynalite/validations/getItem.js';
import validations from 'dynalite/validations/index.js';
import listTables from 'dynalite/validations/listTables.js';
import putItem from 'dynalite/validations/putItem.js';
import query from 'dynalite/validations/query.js';
import scan from 'dynalite/validations/scan.js';
import updateItem from 'dynalite/validations/updateItem.js';
import { throwIfInvalid, validationError } from './errors.ts';

type Types = Record<string, object | string>;

/** What came before expressions. The SDK still has them, the embedded table doesn't. */
const LEGACY = [
  'Expected',
  'ConditionalOperator',
  'AttributeUpdates',
  'AttributesToGet',
  'KeyConditions',
  'QueryFilter',
  'ScanFilter',
];

const ON_FAILURE = { ReturnValuesOnConditionCheckFailure: { type: 'String', enum: ['ALL_OLD', 'NONE'] } };
const TABLE_NAME = putItem.types.TableName!;
const TABLE = { TableName: TABLE_NAME };
const MAP = { type: 'Map<AttributeValue>', notNull: true, children: 'AttrStruct<ValueStruct>' };
const TEXT = { type: 'String', notNull: true };
const STREAM_SPECIFICATION = {
  type: 'FieldStruct<StreamSpecification>',
  children: {
    StreamEnabled: { type: 'Boolean', notNull: true },
    StreamViewType: {
      type: 'String',
      enum: ['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY'],
    },
  },
};

const EXPRESSION_MAPS = pickTypes(putItem.types, ['ExpressionAttributeNames', 'ExpressionAttributeValues']);
const CONDITION = { ConditionExpression: 'String', ...EXPRESSION_MAPS, ...ON_FAILURE };

const action = (name: string, types: Types) => ({
  type: `FieldStruct<${name}>`,
  children: { ...TABLE, ...types },
});

const transaction = (name: string, kinds: Types) => ({
  TransactItems: {
    type: 'List',
    notNull: true,
    lengthGreaterThanOrEqual: 1,
    lengthLessThanOrEqual: 100,
    children: { type: `ValueStruct<${name}>`, children: kinds },
  },
});

const TYPES: Record<string, Types> = {
  CreateTable: { ...createTable.types, StreamSpecification: STREAM_SPECIFICATION },
  DescribeTable: TABLE,
  DeleteTable: TABLE,
  ListTables: listTables.types,
  DescribeTimeToLive: TABLE,
  UpdateTimeToLive: {
    ...TABLE,
    TimeToLiveSpecification: {
      type: 'FieldStruct<TimeToLiveSpecification>',
      notNull: true,
      children: { AttributeName: TEXT, Enabled: { type: 'Boolean', notNull: true } },
    },
  },
  PutItem: { ...withoutLegacy(putItem.types), ...ON_FAILURE },
  UpdateItem: { ...withoutLegacy(updateItem.types), ...ON_FAILURE },
  DeleteItem: { ...withoutLegacy(deleteItem.types), ...ON_FAILURE },
  GetItem: withoutLegacy(getItem.types),
  Query: withoutLegacy(query.types),
  Scan: withoutLegacy(scan.types),
  BatchGetItem: batchGetItem.types,
  BatchWriteItem: batchWriteItem.types,
  TransactWriteItems: {
    ClientRequestToken: { type: 'String', lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 36 },
    ...transaction('TransactWriteItem', {
      Put: action('Put', { Item: MAP, ...CONDITION }),
      Update: action('Update', { Key: MAP, UpdateExpression: TEXT, ...CONDITION }),
      Delete: action('Delete', { Key: MAP, ...CONDITION }),
      ConditionCheck: action('ConditionCheck', { Key: MAP, ...CONDITION, ConditionExpression: TEXT }),
    }),
  },
  TransactGetItems: transaction('TransactGetItem', {
    Get: action('Get', {
      Key: MAP,
      ProjectionExpression: 'String',
      ...pickTypes(putItem.types, ['ExpressionAttributeNames']),
    }),
  }),
  ListStreams: { TableName: 'String', Limit: 'Integer', ExclusiveStartStreamArn: 'String' },
  DescribeStream: { StreamArn: TEXT, Limit: 'Integer', ExclusiveStartShardId: 'String' },
  GetShardIterator: {
    StreamArn: TEXT,
    ShardId: TEXT,
    ShardIteratorType: {
      type: 'String',
      notNull: true,
      enum: ['TRIM_HORIZON', 'LATEST', 'AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'],
    },
    SequenceNumber: 'String',
  },
  GetRecords: {
    ShardIterator: TEXT,
    Limit: { type: 'Integer', greaterThanOrEqual: 1, lessThanOrEqual: 1000 },
  },
};

function pickTypes(types: Types, names: string[]): Types {
  return Object.fromEntries(names.map((name) => [name, types[name]!]));
}

function withoutLegacy(types: Types): Types {
  return pickTypes(
    types,
    Object.keys(types).filter((name) => !LEGACY.includes(name)),
  );
}

/**
 * Checks a request's shape: types, presence, lengths, enumerations. Fields that the operation doesn't know fall away.
 *
 * @throws SerializationException, ValidationException
 */
export function readRequest<T>(operation: string, data: Record<string, unknown>): T {
  const legacy = LEGACY.find((name) => data[name] !== undefined);
  if (legacy)
    throw validationError(`${legacy} is not supported by the embedded table, use expressions instead`);
  const types = TYPES[operation]!;
  try {
    const request = validations.checkTypes(data, types);
    validations.checkValidations(
      request,
      types,
      operation === 'CreateTable' ? createTable.custom! : null,
      null,
    );
    return request as T;
  } catch (error) {
    throwIfInvalid(error);
    throw error;
  }
}
