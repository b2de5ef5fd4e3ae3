import { describe, expect, it } from 'vitest';
import { DeliveryWorld, NONE, type Sabotage, type Troubles } from './deliveryWorld.ts';
import type { Shape } from './engine.ts';
import { Random } from './random.ts';
import { SEEDS, seedsHere } from './window.ts';

/** Some of all troubles, more in one world than in another. */
function troublesOf(random: Random): Troubles {
  const upTo = (most: number) => random.fraction() * most;
  return {
    refused: upTo(0.1),
    unheard: upTo(0.1),
    killedBefore: upTo(0.03),
    killedAfter: upTo(0.03),
    turnedAway: upTo(0.5),
    answerLost: upTo(0.2),
  };
}

async function simulate(seed: string, sabotage?: Sabotage, troubles?: Troubles) {
  const random = new Random(seed);
  const world = await DeliveryWorld.create(
    random,
    troubles ?? troublesOf(random.stream('troubles')),
    sabotage,
  );
  return world.run();
}

/** What must have happened in all the seeds together, or they show less than they promise. */
const MET = [
  'killed before claim',
  'killed after claim',
  'killed before POST',
  'killed after POST',
  'killed before finish',
  'killed after finish',
  'killed before PutItem',
  'killed after PutItem',
  'refused',
  'unheard',
  'answer lost',
  'taken again',
  'timed out',
  'edited',
];

describe('deliveries under faults', () => {
  it(`reach every receiver that lives, each event at least once with one id, in each of ${SEEDS} seeds`, async () => {
    const failed: { seed: string; problems: string[] }[] = [];
    const saw = new Map<string, number>();
    for (const seed of seedsHere()) {
      const world = await simulate(seed);
      if (world.problems.length > 0) failed.push({ seed, problems: world.problems });
      for (const [what, count] of world.saw) saw.set(what, (saw.get(what) ?? 0) + count);
    }
    expect(failed).toEqual([]);
    for (const what of MET) expect(saw.get(what) ?? 0, what).toBeGreaterThan(0);
  });

  it('come once each when nothing goes wrong', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { problems, saw } = await simulate(`calm ${seed}`, undefined, NONE);
      expect({ problems, again: saw.get('taken again') }).toEqual({ problems: [] });
    }
  });
});

/** Mistakes that a worker could make. */
const MISTAKES: [name: string, sabotage: Sabotage][] = [
  [
    'writes a failed try down as done',
    changed('finish', (values) => {
      values[':state'] = { S: 'done' };
    }),
  ],
  [
    'claims for ever',
    changed('claim', (values) => {
      values[':due'] = { S: '2100-01-01T00:00:00.000Z' };
      values[':listSk'] = { S: '2100-01-01T00:00:00.000Z#' };
    }),
  ],
  [
    'gives up after a failure',
    changed('finish', (values) => {
      if (values[':state'].S === 'pending') values[':state'] = { S: 'failed' };
    }),
  ],
];

function changed(what: string, change: (values: Shape) => void): Sabotage {
  return (operation, input) => {
    if (operation === what) change(input.ExpressionAttributeValues);
    return input;
  };
}

describe('of mistakes', () => {
  it.each(MISTAKES)('that of a worker which %s is found', async (_, sabotage) => {
    let found = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const { problems } = await simulate(String(seed), sabotage);
      if (problems.length === 0) continue;
      found++;
      // The seed itself is innocent.
      expect((await simulate(String(seed))).problems).toEqual([]);
    }
    expect(found).toBeGreaterThan(0);
  });
});
