import { execFileSync } from 'node:child_process';

/** How many seeds a run of the suites tries; `npm run test:faults` tries as many as one likes. */
export const SEEDS = 300;

/**
 * The first seed of this run. It moves on with each commit by as many as a run tries, so that every run of CI tries seeds
 * that none before has tried, and the same commit the same ones. Outside a clone, and in one without history, it is 1.
 */
export function firstSeed(): number {
  try {
    const counted = execFileSync('git', ['rev-list', '--count', 'HEAD'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return 1 + Number(counted) * SEEDS;
  } catch {
    return 1;
  }
}

/** The seeds of this run, in order. */
export const seedsHere = (from = firstSeed()): string[] =>
  Array.from({ length: SEEDS }, (_, at) => String(from + at));
