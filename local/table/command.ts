import { setInterval } from 'node:timers/promises';
import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { readOptionalCount } from '../../shared/command/numbers.ts';
import { withLinkedController } from '../../shared/concurrency/untilAborted.ts';
import type { DEV_TABLE } from '../flags.ts';
import { inFolder, untilStopped } from '../untilStopped.ts';
import { openEmbeddedTable } from './index.ts';

const SWEEP_EVERY_MS = 60_000;

/** The embedded table by itself, until it is told to stop. */
export const runTable = ({ values }: Asked<typeof DEV_TABLE>, parts: Parts): Promise<Outcome> =>
  inFolder(() =>
    // What fails of it stops the rest, as whoever stops it does.
    withLinkedController(parts.signal, async (stop) => {
      const { signal } = stop;
      const port = readOptionalCount('--port', values.port, 0, 65_535) ?? 8000;
      const tables = await openEmbeddedTable({ dir: values.data, clock: Date.now });
      try {
        const listener = await tables.listen(port).catch((error: NodeJS.ErrnoException) => {
          throw error.code === 'EADDRINUSE'
            ? new UsageError(`--port: ${port} is taken; give another, or 0 for a free one`)
            : error;
        });
        parts.print(`embedded table ready at http://127.0.0.1:${listener.port}`);
        const sweeping = sweepAll(tables, signal);
        await untilStopped(signal, [tables.lost]).finally(() => stop.abort());
        await sweeping;
      } finally {
        await tables.close();
      }
      return {};
    }),
  );

async function sweepAll(tables: { sweep(): Promise<unknown> }, signal: AbortSignal): Promise<void> {
  const ticks = setInterval(SWEEP_EVERY_MS, undefined, { signal });
  try {
    for await (const _ of ticks)
      await tables.sweep().catch((error: Error) => console.error(`sweep failed: ${error.message}`));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
