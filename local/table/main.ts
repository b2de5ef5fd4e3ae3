import { setInterval } from 'node:timers/promises';
import { OptionError, readNumber } from '../../connector/options.ts';
import { readFlags } from '../../shared/command/flags.ts';
import { aborted, runLocal, stopSignal } from '../command.ts';
import { openEmbeddedTable } from './index.ts';

const HELP = `npm run table -- --data DIR [flags]: the embedded table by itself, for other processes of this machine

  --data DIR   where it lives; made when missing
  --port N     where it answers as DynamoDB, on 127.0.0.1; default 8000, 0 for a free one
`;

const SWEEP_EVERY_MS = 60_000;

runLocal(async (args) => {
  const text = { type: 'string' } as const;
  const { values } = readFlags(args, { data: text, port: text });
  if (values.help) return void process.stdout.write(HELP);
  if (!values.data) throw new OptionError('--data is missing, expected a folder');
  const port = readNumber('port', values.port, 0, 65_535) ?? 8000;
  const tables = await openEmbeddedTable({ dir: values.data, clock: Date.now });
  const stop = stopSignal();
  try {
    const listener = await tables.listen(port).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EADDRINUSE'
        ? new OptionError(`port ${port} is taken, give another with --port`)
        : error;
    });
    console.log(`embedded table ready at http://127.0.0.1:${listener.port}`);
    const sweeping = sweepAll(tables, stop.signal);
    await aborted(stop.signal, [tables.lost]).finally(() => stop.abort());
    await sweeping;
  } finally {
    await tables.close();
  }
});

async function sweepAll(tables: { sweep(): Promise<unknown> }, signal: AbortSignal): Promise<void> {
  const ticks = setInterval(SWEEP_EVERY_MS, undefined, { signal });
  try {
    for await (const _ of ticks)
      await tables.sweep().catch((error: Error) => console.error(`sweep failed: ${error.message}`));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
