import { describe, expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';
import { planOf } from './plan.ts';
import { simulate } from './simulate.ts';

/** How many seeds may pass before one notices. */
const NOTICED_WITHIN = 150;

describe('an invariant that is broken on purpose is noticed', () => {
  it.each(Object.entries(MUTANTS))(
    '%s',
    async (_, sabotage) => {
      for (let seed = 1; seed <= NOTICED_WITHIN; seed++) {
        const plan = planOf(String(seed));
        if ((await simulate(plan, { sabotage })).problems.length === 0) continue;
        // The seed itself is innocent.
        expect((await simulate(plan)).problems).toEqual([]);
        return;
      }
      expect.unreachable(`${NOTICED_WITHIN} seeds noticed nothing`);
    },
    300_000,
  );
});
