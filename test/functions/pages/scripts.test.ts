import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { builtScripts } from '../../../functions/pages/buildScripts.ts';

const ROOT = new URL('../../../', import.meta.url);
const FOLDER = new URL('functions/pages/scripts/', ROOT);
const names = readdirSync(FOLDER);
const committed = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');

test('committed scripts are what the modules build to; `npm run page-scripts` writes them anew', async () => {
  const built = await builtScripts();
  expect(names.map((name) => `pages/scripts/${name}`)).toEqual(Object.keys(built).sort());
  for (const name of names) expect(committed(name)).toBe(built[`pages/scripts/${name}`]);
});

test('a synthesis compares the scripts with their modules, and ends there when they are stale or missing', async () => {
  const cdk: { build: string } = JSON.parse(readFileSync(new URL('cdk.json', ROOT), 'utf8'));
  const [command, ...args] = cdk.build
    .split(' && ')
    .find((each) => each.includes('page-scripts'))!
    .split(' ');
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-scripts-'));
  const check = () => promisify(execFile)(command!, [...args, '--dir', dir], { cwd: fileURLToPath(ROOT) });
  mkdirSync(join(dir, 'pages', 'scripts'), { recursive: true });
  for (const name of names.slice(1)) writeFileSync(join(dir, 'pages', 'scripts', name), committed(name));
  const file = join(dir, 'pages', 'scripts', names[0]!);
  const stale = {
    code: 1,
    stderr: `ampjar: ${file}: not what its modules build to; npm run page-scripts writes it\n`,
  };
  try {
    await expect(check()).rejects.toMatchObject(stale);
    writeFileSync(file, committed(names[0]!).replace('return', 'return '));
    await expect(check()).rejects.toMatchObject(stale);
    writeFileSync(file, committed(names[0]!));
    await expect(check()).resolves.toEqual({ stdout: '', stderr: '' });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

describe.each(names)('the script %s', (name) => {
  const script: string = JSON.parse(committed(name));

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
