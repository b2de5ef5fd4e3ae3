import { openEmbeddedTable } from '../../local/table/index.ts';
import { serveParent } from '../child.ts';

export type Table = Awaited<ReturnType<typeof openTable>>;

/** An embedded table that other processes reach on loopback. */
async function openTable({ dir }: { readonly dir: string }) {
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  const { port } = await tables.listen(0);
  return {
    calls: { endpoint: () => `http://127.0.0.1:${port}` },
    stop: () => tables.close(),
  };
}

serveParent(openTable);
