import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  ListTablesCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeItems } from './items.conformance.ts';
import { describeSearches } from './searches.conformance.ts';
import { describeStreams } from './streams.conformance.ts';
import { definition, key, type Subject } from './subject.ts';
import { describeTransactions } from './transactions.conformance.ts';

/** Gives a suite its subject, with a fresh table of that name in it. */
export type Bench = (TableName: string) => { subject(): Subject };

/** The conformance of one implementation of DynamoDB's API: what Ampjar relies on, held against the real SDK. */
export function describeTable(name: string, open: () => Promise<Subject>): void {
  describe(name, () => {
    let opened: Subject;
    const wanted: string[] = [];
    beforeAll(async () => {
      opened = await open();
      for (const TableName of wanted) {
        await opened.client.send(new CreateTableCommand(definition(TableName)));
        await waitUntilTableExists({ client: opened.client, maxWaitTime: 20, minDelay: 1 }, { TableName });
      }
    });
    afterAll(() => opened?.close());

    const bench: Bench = (TableName) => {
      wanted.push(TableName);
      return { subject: () => opened };
    };

    describe('tables', () => {
      const { subject } = bench('Tables');

      it('describes a table as it was made', async () => {
        const { Table } = await subject().client.send(new DescribeTableCommand({ TableName: 'Tables' }));
        expect(Table).toMatchObject({
          TableName: 'Tables',
          TableStatus: 'ACTIVE',
          TableArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/Tables',
          KeySchema: definition('Tables').KeySchema,
          BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
        });
        expect(Table?.GlobalSecondaryIndexes).toHaveLength(2);
        expect(Table?.LatestStreamArn).toBe(`${Table?.TableArn}/stream/${Table?.LatestStreamLabel}`);
        expect(Table?.CreationDateTime).toBeInstanceOf(Date);
      });

      it('lists tables by name', async () => {
        const { TableNames } = await subject().client.send(new ListTablesCommand({}));
        expect(TableNames).toContain('Tables');
      });

      it('refuses to make a table that exists', async () => {
        const again = subject().client.send(new CreateTableCommand(definition('Tables')));
        await expect(again).rejects.toMatchObject({ name: 'ResourceInUseException' });
      });

      it('switches the expiry attribute on', async () => {
        const { client } = subject();
        const before = await client.send(new DescribeTimeToLiveCommand({ TableName: 'Tables' }));
        expect(before.TimeToLiveDescription?.TimeToLiveStatus).toBe('DISABLED');
        const TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true };
        await client.send(new UpdateTimeToLiveCommand({ TableName: 'Tables', TimeToLiveSpecification }));
        const after = await client.send(new DescribeTimeToLiveCommand({ TableName: 'Tables' }));
        expect(after.TimeToLiveDescription).toMatchObject({
          TimeToLiveStatus: 'ENABLED',
          AttributeName: 'ttl',
        });
      });

      it('deletes a table with its items', async () => {
        const { client } = subject();
        const TableName = 'ShortLived';
        await client.send(new CreateTableCommand(definition(TableName)));
        await waitUntilTableExists({ client, maxWaitTime: 20, minDelay: 1 }, { TableName });
        await client.send(new DeleteTableCommand({ TableName }));
        const gone = client.send(new GetItemCommand({ TableName, Key: key('a', 'b') }));
        await expect(gone).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      });
    });

    describeItems(bench);
    describeSearches(bench);
    describeTransactions(bench);
    describeStreams(bench);
  });
}
