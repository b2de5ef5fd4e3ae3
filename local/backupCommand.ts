import { chmod, mkdir, open as openFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from 'lmdb';
import { OptionError, readNamed } from '../connector/options.ts';
import { exists, PRIVATE, PRIVATE_FOLDER, writeWhole } from '../shared/command/files.ts';
import { readFlags } from '../shared/command/flags.ts';
import { runLocal } from './command.ts';

const HELP = `npm run backup -- --data DIR --to DIR: copies the table of npm start as it is at one moment, while it runs

  --data DIR   where npm start has it, as data-lnd or /var/lib/private/ampjar
  --to DIR     a new or empty folder, which npm start can be given by --data

Run it where npm start runs, in the same container that is.
`;

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

runLocal(async (args) => {
  const text = { type: 'string' } as const;
  const { data, to, help } = readFlags(args, { data: text, to: text }).values;
  if (help) return void process.stdout.write(HELP);
  if (data === undefined || to === undefined)
    throw new OptionError(`--${data === undefined ? 'data' : 'to'}: missing, expected a folder; see --help`);
  const table = join(data, TABLE);
  if (!(await exists(table))) throw new OptionError(`--data: ${data} has no ${TABLE}`);
  await mkdir(to, { recursive: true, mode: PRIVATE_FOLDER });
  if ((await readdir(to)).length > 0) throw new OptionError(`--to: ${to} is not empty`);
  await chmod(to, PRIVATE_FOLDER);
  await copyTable(table, join(to, TABLE));
  if (await exists(join(data, KEY)))
    await writeWhole(join(to, KEY), await readNamed('--data', join(data, KEY)), PRIVATE);
  console.log(`copied to ${to}`);
});
