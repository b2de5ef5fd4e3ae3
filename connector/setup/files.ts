import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OptionError } from '../options.ts';

/** Only its owner reads it. */
export const SECRET = 0o600;
export const PUBLIC = 0o644;

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Check that none of the files is there yet. @throws OptionError */
export async function checkAbsent(paths: readonly string[]): Promise<void> {
  for (const path of paths)
    if (await exists(path)) throw new OptionError(`${path}: is there already; --force writes it anew`);
}

/** Write a file that only `mode` allows to read, also where one of another mode was. @throws OptionError */
export async function write(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    if (await exists(path)) await chmod(path, mode);
    await writeFile(path, content, { mode });
  } catch (error) {
    throw new OptionError(
      `${path}: can't be written (${(error as NodeJS.ErrnoException).code}): be root, or choose --dir and --unit-dir`,
    );
  }
}
