import { SECOND_LIFE, SHORT_LIFE } from './scenario.ts';
import { type Outcome, simulate } from './simulate.ts';
import type { WorldOptions } from './world.ts';

const LIVES = [
  { plan: SHORT_LIFE, name: 'a1' },
  { plan: SECOND_LIFE, name: 'a2' },
];

/**
 * Kill a connector at its first await point, in another run at its second, and so on until it lives through all of them;
 * each time once with its last requests lost, and once with them on their way. Then the same with the connector that
 * takes over from a killed one.
 * @param failed told of each run whose books are wrong
 * @returns how many runs failed, and at how many points
 */
export async function killedAtEachAwait(
  failed: (outcome: Outcome) => void,
  sabotage?: WorldOptions['sabotage'],
): Promise<{ failed: number; points: number }> {
  let [failures, points] = [0, 0];
  for (const { plan, name } of LIVES) {
    for (let awaits = 1, killed = true; killed; awaits++) {
      for (const requests of ['lost', 'arrive'] as const) {
        const outcome = await simulate(plan, { killAt: { name, awaits, requests }, sabotage });
        killed = outcome.killed;
        if (outcome.problems.length === 0) continue;
        failures++;
        failed({
          ...outcome,
          seed: `${plan.seed}, ${name} killed at its await point ${awaits}, requests ${requests}`,
        });
      }
      if (killed) points++;
    }
  }
  return { failed: failures, points };
}
