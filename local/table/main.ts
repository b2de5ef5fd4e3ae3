import { parseArgs } from 'node:util';
import { openEmbeddedTable } from './index.ts';

const SWEEP_EVERY_MS = 60_000;

function readOptions(): { dir: string; port: number } {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, port: { type: 'string', default: '8000' } },
  });
  const port = Number(values.port);
  if (!values.data) throw new Error('--data is missing, expected a folder');
  if (!/^\d+$/.test(values.port) || port > 65535)
    throw new Error(`--port is ${values.port}, expected 0 to 65535`);
  return { dir: values.data, port };
}

async function run(): Promise<void> {
  const { dir, port } = readOptions();
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  const listener = await tables.listen(port).catch(async (error: NodeJS.ErrnoException) => {
    await tables.close();
    throw error.code === 'EADDRINUSE' ? new Error(`port ${port} is taken, give another with --port`) : error;
  });
  const sweeping = setInterval(() => {
    tables.sweep().catch((error: Error) => console.error(`sweep failed: ${error.message}`));
  }, SWEEP_EVERY_MS);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      clearInterval(sweeping);
      void tables.close();
    });
  }
  console.log(`embedded table ready at http://127.0.0.1:${listener.port}`);
}

run().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
