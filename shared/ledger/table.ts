import type { CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Pauses } from './partial.ts';

/** The one table of Ampjar and the client that reaches it. Every function of the ledger takes this first. */
export interface Ledger {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** How it waits between the parts of an answer; by this machine's timers and chance unless told. */
  readonly pauses?: Pauses;
}

/** The index that lists: a creator's tips by sequence number, a node's invoices by payment address. */
export const LISTED = 'listed';

/** The attribute that DynamoDB's time to live looks at; only kinds that may vanish carry it (see keys.ts). */
export const TTL = 'ttl';

/** The table as `CreateTable` takes it; infra/ builds the same one, and a test compares the two. */
export const tableDefinition = (table: string) =>
  ({
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk', 'listPk', 'listSk'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: LISTED,
        KeySchema: [
          { AttributeName: 'listPk', KeyType: 'HASH' },
          { AttributeName: 'listSk', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  }) satisfies CreateTableCommandInput;
