import { describe, expect, it } from 'vitest';
import { type EventMutant, type EventOutcome, simulateEvents } from './eventSimulation.ts';
import { SEEDS, seedsHere } from './window.ts';

/** What must have happened in all seeds together, or they show less than they promise. */
const MET = [
  'killed',
  'failed in part',
  'failed whole',
  'told twice',
  'poison first',
  'poison between',
  'poison last',
  'refused for good',
  'outage',
  'found by the sweep',
  'alarm parked',
  'alarm late',
  'alarm missed',
  'alarm sweep-failed',
];

describe('events under faults', () => {
  it(`reach webhooks and open pages, each under one id, after each of ${SEEDS} seeds`, async () => {
    const seen = new Map<string, number>();
    const failed: EventOutcome[] = [];
    for (const seed of seedsHere()) {
      const outcome = await simulateEvents(seed);
      for (const [what, times] of outcome.seen) seen.set(what, (seen.get(what) ?? 0) + times);
      if (outcome.problems.length > 0) failed.push(outcome);
    }
    expect(failed.map(({ seed, problems }) => ({ seed, problems }))).toEqual([]);
    console.log([...seen].map(([what, times]) => `${what} ${times}`).join(', '));
    for (const what of MET) expect(seen.get(what) ?? 0, what).toBeGreaterThan(5);
  }, 1_800_000);

  it('a seed replays exactly', async () => {
    const first = await simulateEvents('7');
    await simulateEvents('8');
    expect(await simulateEvents('7')).toEqual(first);
  });
});

describe('a fault that is put in is found', () => {
  const numbers = (input: { ExpressionAttributeValues?: Record<string, { NS?: string[]; N?: string }> }) =>
    input.ExpressionAttributeValues ?? {};
  const mutants: Record<string, EventMutant> = {
    'marks the number after, too': {
      rewrite: (command, input) => {
        const marked = numbers(input)[':numbers']?.NS;
        if (command !== 'UpdateItem' || !marked) return input;
        const NS = [...new Set([...marked, String(BigInt(marked.at(-1)!) + 1n)])];
        return { ...input, ExpressionAttributeValues: { ':numbers': { NS } } };
      },
    },
    'remembers one number more than is handed on': {
      rewrite: (command, input) => {
        const through = numbers(input)[':through']?.N;
        if (command !== 'UpdateItem' || !through) return input;
        return { ...input, ExpressionAttributeValues: { ':through': { N: String(BigInt(through) + 1n) } } };
      },
    },
    'loses marks': {
      rewrite: (command, input) =>
        command === 'UpdateItem' && numbers(input)[':numbers']
          ? { ...input, ExpressionAttributeValues: { ':numbers': { NS: ['0'] } } }
          : input,
    },
    'goes on behind the record that failed': { skipsOne: true },
    'never sweeps': { neverSweeps: true },
  };

  it.each(Object.entries(mutants))('%s', async (_, mutant) => {
    for (let seed = 1; seed <= 60; seed++) {
      const { problems } = await simulateEvents(String(seed), mutant);
      if (problems.length === 0) continue;
      // The seed itself is innocent.
      expect((await simulateEvents(String(seed))).problems).toEqual([]);
      return;
    }
    expect.fail('sixty seeds noticed nothing');
  });
});
