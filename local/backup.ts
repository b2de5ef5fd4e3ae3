import { chmod, mkdir, open as openFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from 'lmdb';
import { readNamed } from '../connector/options.ts';
import type { Asked, Outcome } from '../shared/command/command.ts';
import { UsageError } from '../shared/command/failures.ts';
import { exists, PRIVATE, PRIVATE_FOLDER, writeWhole } from '../shared/command/files.ts';
import type { BACKUP } from './flags.ts';

const TABLE = 'table.mdb';
const KEY = 'operator.key';

/** Copy a table by lmdb itself, which reads one moment of it whoever writes meanwhile. @param to is whole or not there */
async function copyTable(from: string, to: string): Promise<void> {
  const root = open({ path: from, readOnly: true });
  const aside = `${to}.new`;
  try {
    await root.backup(aside, true);
  } finally {
    await root.close();
  }
  await chmod(aside, PRIVATE);
  const file = await openFile(aside, 'r+');
  await file.sync().finally(() => file.close());
  await rename(aside, to);
}

/** Copy a table and the operator's key beside it, as they are at one moment. */
export async function backup({ values: { data, to } }: Asked<typeof BACKUP>): Promise<Outcome> {
  const table = join(data, TABLE);
  if (!(await exists(table))) throw new UsageError(`--data: ${data} has no ${TABLE}`);
  await mkdir(to, { recursive: true, mode: PRIVATE_FOLDER });
  if ((await readdir(to)).length > 0) throw new UsageError(`--to: ${to} is not empty`);
  await chmod(to, PRIVATE_FOLDER);
  await copyTable(table, join(to, TABLE));
  if (await exists(join(data, KEY)))
    await writeWhole(join(to, KEY), await readNamed('--data', join(data, KEY)), PRIVATE);
  return { text: `copied to ${to}` };
}
