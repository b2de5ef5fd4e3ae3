import { UsageError } from '../../shared/command/failures.ts';
import { exists, writeWhole } from '../../shared/command/files.ts';

/** Check that none of the files is there yet. @throws UsageError */
export async function checkAbsent(paths: readonly string[]): Promise<void> {
  for (const path of paths)
    if (await exists(path)) throw new UsageError(`${path}: is there already; --force writes it anew`);
}

/** Write a file that only `mode` allows to read, also where one of another mode was. @throws UsageError */
export async function write(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  try {
    await writeWhole(path, content, mode);
  } catch (error) {
    throw new UsageError(
      `${path}: can't be written (${(error as NodeJS.ErrnoException).code}): be root, or choose --dir and --unit-dir`,
    );
  }
}
