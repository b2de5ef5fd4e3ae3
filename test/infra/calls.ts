import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LISTED } from '../../shared/ledger/table.ts';

/** A call of DynamoDB as IAM weighs it; a transaction is weighed action by action. */
export interface Call {
  readonly action: string;
  /** The index `listed` rather than the table. */
  readonly index: boolean;
  readonly leadingKeys: readonly string[];
  /** The attributes that an update names. */
  readonly attributes?: readonly string[];
}

type Text = { S: string };
type Keyed = {
  Key?: { pk: Text };
  Item?: { pk: Text };
  UpdateExpression?: string;
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
};
type Query = {
  IndexName?: string;
  KeyConditionExpression: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues: Record<string, Text>;
};

const NO_ATTRIBUTE = /^(SET|REMOVE|ADD|DELETE|AND|OR|NOT|attribute_(not_)?exists|if_not_exists|:.*)$/;

/** The attributes in the expressions of an update, and its key. */
function attributesOf({ UpdateExpression, ConditionExpression = '', ExpressionAttributeNames = {} }: Keyed) {
  const words = `${UpdateExpression} ${ConditionExpression}`.match(/[#:]?\w+/g) ?? [];
  const named = words.filter((word) => !NO_ATTRIBUTE.test(word));
  return [...new Set(['pk', 'sk', ...named.map((word) => ExpressionAttributeNames[word] ?? word)])];
}

const one = (action: string, keyed: Keyed): Call => ({
  action: `dynamodb:${action}`,
  index: false,
  leadingKeys: [(keyed.Key ?? keyed.Item)!.pk.S],
  ...(keyed.UpdateExpression !== undefined && { attributes: attributesOf(keyed) }),
});

const ACTIONS = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
} as const;

/** A query reads one partition: the value that its condition asks the partition key to equal. */
function query({ IndexName, KeyConditionExpression, ...input }: Query): Call {
  const found = /^(#?\w+) = (:\w+)( AND|$)/.exec(KeyConditionExpression);
  const [, name = '', value = ''] = found ?? [];
  const key = input.ExpressionAttributeNames?.[name] ?? name;
  if (IndexName !== undefined && IndexName !== LISTED)
    throw new Error(`${IndexName}: not an index of the table`);
  if (key !== (IndexName ? 'listPk' : 'pk')) throw new Error(`${KeyConditionExpression}: not read here`);
  return {
    action: 'dynamodb:Query',
    index: IndexName !== undefined,
    leadingKeys: [input.ExpressionAttributeValues[value]!.S],
  };
}

function callsOf(command: string, input: object): Call[] {
  switch (command) {
    case 'GetItemCommand':
    case 'PutItemCommand':
    case 'UpdateItemCommand':
    case 'DeleteItemCommand':
      return [one(command.replace('Command', ''), input as Keyed)];
    case 'QueryCommand':
      return [query(input as Query)];
    case 'BatchGetItemCommand': {
      const { RequestItems } = input as { RequestItems: Record<string, { Keys: { pk: Text }[] }> };
      const keys = Object.values(RequestItems).flatMap(({ Keys }) => Keys.map(({ pk }) => pk.S));
      return [{ action: 'dynamodb:BatchGetItem', index: false, leadingKeys: keys }];
    }
    case 'TransactGetItemsCommand':
    case 'TransactWriteItemsCommand': {
      const { TransactItems } = input as { TransactItems: Record<string, Keyed>[] };
      return TransactItems.flatMap((item) =>
        Object.entries(item).map(([kind, keyed]) => one(ACTIONS[kind as keyof typeof ACTIONS], keyed)),
      );
    }
    default:
      throw new Error(`${command}: a command that these tests can't weigh`);
  }
}

/** Record what a client is asked from now on. A command that can't be weighed fails, and so what needs it. */
export function recordCalls(client: DynamoDBClient): Call[] {
  const calls: Call[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        calls.push(...callsOf(String(commandName), args.input));
        return next(args);
      },
    { step: 'initialize', name: 'recordCalls' },
  );
  return calls;
}
