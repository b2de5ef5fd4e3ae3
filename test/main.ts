import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_24 } from './bundles/node24.ts';
import { suitesHere } from './toolchains.ts';

const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

/** A run of vitest beside the others. */
interface Lane {
  readonly name: string;
  readonly projects: readonly string[];
  /** The program that runs it, by default the Node that runs this. */
  readonly node?: string;
  readonly files?: readonly string[];
}

/** What keeps the processors busy, and what waits for real counterparts most of the time and runs beside it. */
const BUSY = ['ministack', 'fuzz', 'browser', 'selfHosting', 'bundles'] as const;
const WAITING = ['regtest', 'deploy'] as const;

/** What Lambda runs is tried on Lambda's Node, too. */
const ON_LAMBDA = ['test/shared', 'test/functions', 'test/edge'];

/** What runs side by side; within one, a lane after the other. */
function columnsHere(): Lane[][] {
  const here = suitesHere();
  const waiting = WAITING.filter((suite) => here.has(suite));
  const busy: Lane[] = [{ name: 'suites', projects: ['unit', ...BUSY.filter((suite) => here.has(suite))] }];
  if (here.has('bundles'))
    busy.push({ name: 'what Lambda runs, on Node 24', projects: ['unit'], node: NODE_24, files: ON_LAMBDA });
  return waiting.length > 0 ? [busy, [{ name: waiting.join(' and '), projects: waiting }]] : [busy];
}

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

interface Ended {
  readonly code: number;
  readonly passed: number;
  readonly failed: number;
  readonly out: string;
}

/** Runs a lane to its end. What it prints is shown at once, or kept where another lane's lines would mix with it. */
function run(lane: Lane, folder: string, shown: boolean): Promise<Ended> {
  const report = join(folder, `${lane.name}.json`);
  const child: ChildProcess = spawn(
    lane.node ?? process.execPath,
    [
      VITEST,
      'run',
      ...lane.projects.flatMap((project) => ['--project', project]),
      ...(lane.files ?? []),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { stdio: ['ignore', shown ? 'inherit' : 'pipe', shown ? 'inherit' : 'pipe'] },
  );
  const kept: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => kept.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const { numPassedTests: passed, numFailedTests } = countsOf(report);
      // A run that failed without a failed test (a file that throws, an error that nobody caught) is a failure, too.
      const failed = numFailedTests || (code === 0 ? 0 : 1);
      resolve({ code: code ?? 1, passed, failed, out: Buffer.concat(kept).toString() });
    });
  });
}

function countsOf(report: string): Counts {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as Counts;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0 };
  }
}

async function runEach(lanes: readonly Lane[], folder: string, shown: boolean): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const lane of lanes) {
    if (shown) console.log(`\n${lane.name}:`);
    ended.push(await run(lane, folder, shown));
  }
  return ended;
}

/**
 * All suites that can run here, side by side, with one line of counts at the end.
 * @returns whether all passed
 */
async function main(): Promise<boolean> {
  const [busy, waiting = []] = columnsHere();
  const folder = mkdtempSync(join(tmpdir(), 'ampjar-tests-'));
  try {
    for (const { name } of waiting) console.log(`beside: ${name}; what it prints follows at the end`);
    const [shown, kept] = await Promise.all([runEach(busy!, folder, true), runEach(waiting, folder, false)]);
    for (const [at, { out }] of kept.entries()) console.log(`\n${waiting[at]!.name}:\n${out}`);
    const ended = [...shown, ...kept];
    const sum = (of: 'passed' | 'failed') => ended.reduce((total, lane) => total + lane[of], 0);
    console.log(`${Math.round(performance.now() / 1000)} s`);
    console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
    return ended.every(({ code }) => code === 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

process.exitCode = (await main()) ? 0 : 1;
