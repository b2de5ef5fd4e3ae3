import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PUBLIC, writeWhole } from '../shared/command/files.ts';

/** What a command about them was told. */
interface Told {
  readonly check?: boolean | undefined;
  /** Where they lie, if not here. */
  readonly dir?: string | undefined;
}

/**
 * Write files of this folder that are made of others and committed, or check that they are what they are made of.
 * @param files text by path
 * @param madeOf ends the sentence `path: not what …`
 * @throws Error at the first that is stale or missing
 */
export async function writeCommitted(
  files: Readonly<Record<string, string>>,
  { check, dir }: Told,
  madeOf: string,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir ?? fileURLToPath(new URL('.', import.meta.url)), name);
    if (!check) await writeWhole(path, text, PUBLIC);
    else if ((await readFile(path, 'utf8').catch(() => '')) !== text)
      throw new Error(`${path}: not what ${madeOf}`);
  }
}
