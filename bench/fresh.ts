import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench, Row, Setting } from './bench.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const MOST_OUTPUT = 50_000_000;

/** The habits of who has just cloned the project, in their order. */
const STEPS: [what: string, command: string, ...args: string[]][] = [
  ['npm ci', 'npm', 'ci', '--no-audit', '--no-fund'],
  ['npm run typecheck', 'npm', 'run', 'typecheck'],
  ['npm run lint', 'npm', 'run', 'lint'],
  ['npm run synth', 'npm', 'run', 'synth'],
];

async function run({ quick, folder, note }: Setting): Promise<Row[]> {
  const clone = folder('clone');
  await promisify(execFile)('git', ['clone', '--quiet', root, clone]);
  const rows: Row[] = [];
  // What the suites need beside `npm ci` is not there, as for who has just cloned: the unit suite runs alone.
  const tests: typeof STEPS = quick ? [] : [['vitest run', 'npx', 'vitest', 'run']];
  for (const [what, command, ...args] of [...STEPS, ...tests]) {
    note(what);
    const began = performance.now();
    await promisify(execFile)(command, args, { cwd: clone, maxBuffer: MOST_OUTPUT });
    rows.push({ what: `${what} on a fresh clone`, value: (performance.now() - began) / 1000, unit: 's' });
  }
  return rows;
}

export const fresh: Bench = {
  name: 'fresh',
  about: 'npm ci, checks, synth and the tests that need nothing else, on a fresh clone',
  lnd: 'none',
  run,
};
