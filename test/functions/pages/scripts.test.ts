import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { scriptsText } from '../../../functions/pages/buildScripts.ts';
import scripts from '../../../functions/pages/scripts.json' with { type: 'json' };

const ROOT = new URL('../../../', import.meta.url);
const COMMITTED = new URL('functions/pages/scripts.json', ROOT);

test('scripts.json is what the modules build to; `npm run page-scripts` writes it anew', async () => {
  expect(readFileSync(COMMITTED, 'utf8')).toBe(await scriptsText());
});

test('a synthesis compares the scripts with their modules, and ends there when they are stale or missing', async () => {
  const cdk: { build: string } = JSON.parse(readFileSync(new URL('cdk.json', ROOT), 'utf8'));
  const [command, ...args] = cdk.build
    .split(' && ')
    .find((each) => each.includes('page-scripts'))!
    .split(' ');
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-scripts-'));
  const file = join(dir, 'pages', 'scripts.json');
  const check = () => promisify(execFile)(command!, [...args, '--dir', dir], { cwd: fileURLToPath(ROOT) });
  const stale = {
    code: 1,
    stderr: `ampjar: ${file}: not what its modules build to; npm run page-scripts writes it\n`,
  };
  try {
    await expect(check()).rejects.toMatchObject(stale);
    mkdirSync(join(dir, 'pages'));
    const text = readFileSync(COMMITTED, 'utf8');
    writeFileSync(file, text.replace('Copied', 'Taken'));
    await expect(check()).rejects.toMatchObject(stale);
    writeFileSync(file, text);
    await expect(check()).resolves.toEqual({ stdout: '', stderr: '' });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

describe.each(Object.entries(scripts))('the script %s', (_, script) => {
  test('stands within a script element as it is', () => {
    expect(script).not.toMatch(/<!--|<\/?script/i);
  });

  test('makes elements of no text, and leaves no name behind', () => {
    expect(script).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/,
    );
    expect(script).toMatch(/^("use strict";)?\(\(\)=>\{.*\}\)\(\);$/s);
  });
});
