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
      let differences = 0;
      for (let seed = 1; seed <= NOTICED_WITHIN; seed++) {
        const plan = planOf(String(seed));
        const { problems, sabotaged } = await simulate(plan, { sabotage });
        differences += sabotaged;
        if (problems.length === 0) continue;
        expect(sabotaged, 'how often it made a difference').toBeGreaterThan(0);
        // The seed itself is innocent.
        expect((await simulate(plan)).problems).toEqual([]);
        return;
      }
      expect(differences, 'it aims at nothing that happens').toBeGreaterThan(0);
      expect.unreachable(`${NOTICED_WITHIN} seeds noticed nothing of ${differences} differences`);
    },
    300_000,
  );
});
