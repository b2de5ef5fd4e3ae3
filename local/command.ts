import { exitCode } from '../connector/options.ts';
import { ListenError } from './node/index.ts';
import { FolderWriteError, TableFolderError, TableInUseError } from './table/errors.ts';

/** Exit code of a failed command: 2 when whoever typed it can mend it by typing something else. */
const codeOf = (error: unknown) =>
  error instanceof TableInUseError || error instanceof TableFolderError || error instanceof ListenError
    ? 2
    : exitCode(error);

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

/** Run an entry's main function to the end of the process: a failure is one line on stderr and an exit code. */
export function runLocal(main: (args: string[]) => Promise<void>): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  silenceLmdb();
  main(process.argv.slice(2)).then(
    () => process.exit(0),
    (error: Error) => {
      // What lmdb's own code has said of a write has no end of line.
      const before = error instanceof FolderWriteError ? '\n' : '';
      process.stderr.write(`${before}${error.message.replaceAll('\n', ' ')}\n`);
      process.exit(codeOf(error));
    },
  );
}

/** An abort signal for the signals that end a process well. */
export function stopSignal(): AbortController {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop;
}

/** Resolves when the signal aborts; rejects with what a promise of a failure resolves to. */
export const aborted = (signal: AbortSignal, failures: readonly Promise<Error>[]): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => resolve());
    for (const failure of failures) void failure.then(reject);
    if (signal.aborted) resolve();
  });
