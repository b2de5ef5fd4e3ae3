import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PUBLIC, writeWhole } from '../shared/command/files.ts';
import { isFlagError, readFlags } from '../shared/command/flags.ts';
import { openapiText as manageText } from './manage/openapi.ts';
import { openapiText as publicText } from './public/api/openapi.ts';

const HELP = `npm run openapi -- [flags]: writes public/openapi.json and manage/openapi.json from the schemas

  --check     write nothing; exit code 1 when one is not what the schemas say
  --dir DIR   where they lie, default functions
`;

const DOCUMENTS = { 'public/openapi.json': publicText, 'manage/openapi.json': manageText };

async function main(args: readonly string[]): Promise<void> {
  const { help, check, dir } = readFlags(args, {
    check: { type: 'boolean' },
    dir: { type: 'string' },
  }).values;
  if (help) return void process.stdout.write(HELP);
  for (const [name, textOf] of Object.entries(DOCUMENTS)) {
    const path = join(dir ?? fileURLToPath(new URL('.', import.meta.url)), name);
    const text = textOf();
    if (!check) await writeWhole(path, text, PUBLIC);
    else if ((await readFile(path, 'utf8').catch(() => '')) !== text)
      throw new Error(`${path}: not what the schemas say; npm run openapi writes it`);
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = isFlagError(error) ? 2 : 1;
});
