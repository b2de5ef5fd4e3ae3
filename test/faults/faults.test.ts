import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { killedAtEachAwait } from './eachAwait.ts';
import { planOf } from './plan.ts';
import { LND_WENT_BACK } from './scenario.ts';
import { type Outcome, simulate } from './simulate.ts';
import { firstSeed, SEEDS } from './window.ts';

const ENTRY = fileURLToPath(new URL('./main.ts', import.meta.url));

/** The command, as `npm run test:faults` runs it. */
const run = (...args: string[]) =>
  new Promise<{ code: number; out: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', ENTRY, ...args],
      { maxBuffer: 64_000_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out: out + err }),
    );
  });

describe('the ledger under faults', () => {
  it(`is right to the msat after each of ${SEEDS} seeds, and each fault was met`, async () => {
    const { code, out } = await run('--from', String(firstSeed()), '--seeds', String(SEEDS));
    expect(code, out).toBe(0);
    expect(out).toContain(`${SEEDS} of ${SEEDS} seeds`);
    const seen = /^seen: (.*)$/m.exec(out)?.[1] ?? '';
    for (const what of MET) expect(seen, what).toMatch(new RegExp(`\\b${what} [1-9]`));
  }, 1_800_000);

  it('is right when lnd lost an invoice of the table, which few seeds meet', async () => {
    const { problems, saw } = await simulate(LND_WENT_BACK);
    expect(problems).toEqual([]);
    expect(saw['invoice-gone']).toBeGreaterThan(0);
  });

  it('is right when the connector is killed at each of its await points in turn', async () => {
    const failed: Outcome[] = [];
    const { points } = await killedAtEachAwait((outcome) => failed.push(outcome));
    expect(failed.map(({ seed, problems }) => ({ seed, problems }))).toEqual([]);
    expect(points).toBeGreaterThan(100);
  }, 1_800_000);
});

/** What connectors must have gone through in these seeds, or they show less than they promise. */
const MET = [
  'LeaseLostError',
  'TimeoutError',
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'InternalServerError',
  'TransactionCanceledException',
  'TransactionInProgressException',
  'LndError',
  'memo-unverified',
  'missed',
  'set-aside',
  'index-gap',
  'index-reused',
  'sets-gone',
  'mint-failed',
];

describe('a seed', () => {
  it.each(['7', '11', '42'])('replays exactly: %s', async (seed) => {
    const first = await simulate(planOf(seed));
    await simulate(planOf('another in between'));
    const second = await simulate(planOf(seed));
    expect(second).toEqual(first);
    expect(first.steps).toBeGreaterThan(100);
  });

  it('decides all that happens, and the table at the end, in any process', async () => {
    const digests = async () => {
      const { code, out } = await run('--seeds', '12', '--digests');
      expect(code, out).toBe(0);
      return [...out.matchAll(/^seed \d+: [0-9a-f]{64}$/gm)].map(([line]) => line).toSorted();
    };
    const first = await digests();
    expect(first).toHaveLength(12);
    expect(await digests()).toEqual(first);
  });

  it('differs from other seeds', async () => {
    const digests = await Promise.all(
      ['1', '2', '3'].map(async (seed) => (await simulate(planOf(seed))).digest),
    );
    expect(new Set(digests).size).toBe(3);
  });
});

describe('npm run test:faults', () => {
  it('says how it is used', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('--from SEED');
  });

  it.each([
    [['--seeds', 'many'], '--seeds: "many" is not a whole number from 1 on'],
    [['--mutant', 'ant'], '--mutant: there is no "ant"'],
    [['--trace', '--seeds', '2'], '--trace: of one seed only'],
  ])('refuses %j', async (args, words) => {
    const { code, out } = await run(...args);
    expect(code).toBe(2);
    expect(out).toContain(words);
  });

  it('prints the seed, what is wrong and what happened before, and ends with 1', async () => {
    const mutant = 'payments that their invoice does not count';
    const { code, out } = await run('--from', '3', '--seeds', '1', '--mutant', mutant);
    expect(out).toMatch(/^the mutant made a difference [1-9]\d* times$/m);
    expect(code).toBe(1);
    expect(out).toMatch(/^seed 3 FAILED$/m);
    expect(out).toMatch(/^ {2}\d+ [ab]\d > TransactWriteItems /m);
    expect(out).toMatch(/^ {2}totals \(invoices\) of [0-9a-f]{64} are /m);
  });
});
