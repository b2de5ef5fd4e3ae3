import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openapiText as manageText } from '../../../functions/manage/openapi.ts';
import { openapiDocument, openapiText } from '../../../functions/public/api/openapi.ts';

const ROOT = new URL('../../../', import.meta.url);
const COMMITTED = new URL('functions/public/openapi.json', ROOT);

test('openapi.json is what the schemas say; `npm run openapi` writes it anew', () => {
  expect(readFileSync(COMMITTED, 'utf8')).toBe(openapiText());
});

test('every reference in the document leads somewhere, and no schema is there for nothing', () => {
  const document = openapiDocument();
  const text = JSON.stringify(document);
  const used = new Set(Array.from(text.matchAll(/"#\/components\/schemas\/(\w+)"/g), ([, name]) => name));
  expect([...used].sort()).toEqual(Object.keys(document.components.schemas).sort());
});

test('a synthesis begins by comparing both documents with their schemas, and ends there when one is stale or missing', async () => {
  const cdk: { build: string } = JSON.parse(readFileSync(new URL('cdk.json', ROOT), 'utf8'));
  const [command, ...args] = cdk.build
    .split(' && ')
    .find((each) => each.includes('openapi'))!
    .split(' ');
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-openapi-'));
  const check = () => promisify(execFile)(command!, [...args, '--dir', dir], { cwd: fileURLToPath(ROOT) });
  try {
    for (const [part, text] of [
      ['public', openapiText()],
      ['manage', manageText()],
    ] as const) {
      const file = join(dir, part, 'openapi.json');
      const stale = {
        code: 1,
        stderr: `ampjar: ${file}: not what the schemas say; npm run openapi writes it\n`,
      };
      await expect(check()).rejects.toMatchObject(stale);
      mkdirSync(join(dir, part));
      writeFileSync(file, text.replace('Ampjar', 'Jar'));
      await expect(check()).rejects.toMatchObject(stale);
      writeFileSync(file, text);
    }
    await expect(check()).resolves.toEqual({ stdout: '', stderr: '' });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
