import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Asked, Outcome } from '../shared/command/command.ts';
import { PUBLIC, writeWhole } from '../shared/command/files.ts';
import type { OPENAPI } from './flags.ts';
import { openapiText as manageText } from './manage/openapi.ts';
import { openapiText as publicText } from './public/api/openapi.ts';

const DOCUMENTS = { 'public/openapi.json': publicText, 'manage/openapi.json': manageText };

/** Write the OpenAPI documents of both APIs, or check them. */
export async function openapi({ values: { check, dir } }: Asked<typeof OPENAPI>): Promise<Outcome> {
  for (const [name, textOf] of Object.entries(DOCUMENTS)) {
    const path = join(dir ?? fileURLToPath(new URL('.', import.meta.url)), name);
    const text = textOf();
    if (!check) await writeWhole(path, text, PUBLIC);
    else if ((await readFile(path, 'utf8').catch(() => '')) !== text)
      throw new Error(`${path}: not what the schemas say; npm run openapi writes it`);
  }
  return {};
}
