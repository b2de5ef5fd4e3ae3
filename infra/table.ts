import { RemovalPolicy } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  type ITable,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { LISTED, TTL, tableDefinition } from '../shared/ledger/table.ts';
import type { Settings } from './settings.ts';

const text = ({ AttributeName: name }: { AttributeName: string }): Attribute => ({
  name,
  type: AttributeType.STRING,
});

function keySchema(schema: { AttributeName: string; KeyType: string }[]) {
  const of = (type: string) => text(schema.find(({ KeyType }) => KeyType === type)!);
  return { partitionKey: of('HASH'), sortKey: of('RANGE') };
}

/**
 * The ledger's table, with the key names of shared/ledger. It outlives its stack: what it holds can't be made again. One that
 * was restored from a backup stands in its place when the settings name it (docs/backup.md).
 * @param isFirst whether its stack is being made: what a failed creation leaves behind is empty, and goes with it
 */
export function ledgerTable(
  scope: Construct,
  id: string,
  { table, isFirst }: Pick<Settings, 'table'> & { readonly isFirst?: boolean } = {},
): ITable {
  return table ? restoredTable(scope, id, table.streamArn) : newTable(scope, id, isFirst ?? false);
}

function restoredTable(scope: Construct, id: string, tableStreamArn: string): ITable {
  const tableArn = tableStreamArn.replace(/\/stream\/.*$/, '');
  return Table.fromTableAttributes(scope, id, { tableArn, tableStreamArn, globalIndexes: [LISTED] });
}

function newTable(scope: Construct, id: string, isFirst: boolean): Table {
  const definition = tableDefinition(id);
  const table = new Table(scope, id, {
    ...keySchema(definition.KeySchema),
    billingMode: BillingMode.PAY_PER_REQUEST,
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    timeToLiveAttribute: TTL,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: !isFirst,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  for (const index of definition.GlobalSecondaryIndexes) {
    table.addGlobalSecondaryIndex({ indexName: index.IndexName, ...keySchema(index.KeySchema) });
  }
  return table;
}

/** The ARN of the index that lists. */
export const listedArn = (table: ITable) => `${table.tableArn}/index/${LISTED}`;
