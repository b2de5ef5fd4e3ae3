import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { describeConnector } from './connector.suite.ts';

describeConnector('the embedded table', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-connector-'));
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  return {
    client: tables.client(),
    async close() {
      await tables.close();
      rmSync(dir, { recursive: true });
    },
  };
});
