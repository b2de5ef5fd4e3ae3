import type { Setting } from './bench.ts';
import { startChild } from './child.ts';
import type { Table } from './processes/table.ts';
import { remoteLedger } from './remote.ts';

/** A table in a process of its own, until the benchmark ends. @returns where it answers, and a client of it */
export async function openTable({ folder, defer }: Setting) {
  const table = await startChild<Table>('table', { dir: folder('table') });
  defer(() => table.stop());
  const endpoint = await table.ask('endpoint');
  const ledger = remoteLedger(endpoint);
  defer(async () => ledger.client.destroy());
  return { endpoint, ledger };
}
