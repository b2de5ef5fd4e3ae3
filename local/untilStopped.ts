import { asConnector } from '../connector/onNode.ts';
import { mendable } from '../shared/command/failures.ts';
import { aborted } from '../shared/concurrency/untilAborted.ts';
import { ListenError } from './node/index.ts';
import { FolderWriteError, TableFolderError, TableInUseError } from './table/errors.ts';

/**
 * Keep lmdb's stacks from the terminal: it prints one for each commit that failed, before whoever asked for the commit is told, and
 * tells it better.
 */
function silenceLmdb(): void {
  const { error } = console;
  console.error = (...said: unknown[]) => {
    if (!(said[0] instanceof Error && said[0].stack?.includes('/node_modules/lmdb/'))) error(...said);
  };
}

/** Do something in a folder, beside an lnd or a development node, where another folder or port would do. @throws UsageError */
export async function inFolder<T>(work: () => Promise<T>): Promise<T> {
  silenceLmdb();
  try {
    return await mendable([TableInUseError, TableFolderError, ListenError], () => asConnector(work));
  } catch (error) {
    // What lmdb's own code has said of a write has no end of line.
    if (error instanceof FolderWriteError) process.stderr.write('\n');
    throw error;
  }
}

/** Resolves when the signal aborts; rejects with what a promise of a failure resolves to. */
export const untilStopped = (signal: AbortSignal, failures: readonly Promise<Error>[]): Promise<void> =>
  Promise.race([
    aborted(signal),
    ...failures.map(async (failure) => {
      throw await failure;
    }),
  ]);
