import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { describeTable } from './table.conformance.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describeTable('the embedded table, in process', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-table-'));
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  return {
    client: new DynamoDBClient({
      requestHandler: tables.requestHandler,
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:1',
      credentials,
    }),
    expire: async () => {
      await tables.sweep();
    },
    gaps: [],
    async close() {
      await tables.close();
      rmSync(dir, { recursive: true });
    },
  };
});

describeTable('the embedded table, over HTTP', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-table-'));
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  const { port } = await tables.listen(0);
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials,
  });
  return {
    client,
    expire: async () => {
      await tables.sweep();
    },
    gaps: [],
    async close() {
      client.destroy();
      await tables.close();
      rmSync(dir, { recursive: true });
    },
  };
});
