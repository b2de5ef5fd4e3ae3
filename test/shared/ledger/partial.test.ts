import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { untilWhole } from '../../../shared/ledger/partial.ts';
import { getItems } from '../../../shared/ledger/read.ts';

/** Pauses that take no time and are written down. */
function counted(random = 1) {
  const waits: number[] = [];
  const sleep = async (ms: number) => waits.push(ms);
  return { waits, pauses: { sleep, random: () => random } };
}

/** A table that answers so many of a batch each time, and nothing once there is no more said. */
function answering(...parts: number[]) {
  const asked: number[] = [];
  const send = async ({ input }: { input: { RequestItems: { t: { Keys: { pk: { S: string } }[] } } } }) => {
    const { Keys } = input.RequestItems.t;
    const now = parts[asked.push(Keys.length) - 1] ?? 0;
    const UnprocessedKeys = now < Keys.length ? { t: { Keys: Keys.slice(now) } } : {};
    return { Responses: { t: Keys.slice(0, now) }, UnprocessedKeys };
  };
  return { asked, client: { send } as never, table: 't' };
}

const keys = (count: number) => Array.from({ length: count }, (_, at) => ({ pk: `k${at}`, sk: 's' }));

describe('a batch that is answered in part', () => {
  it.each([
    ['whole', [5], [], [5]],
    ['in two parts', [2, 3], [25], [5, 3]],
    ['after a while of nothing', [0, 0, 0, 5], [50, 100, 200], [5, 5, 5, 5]],
    ['bit by bit: what comes shortens the wait again', [0, 1, 0, 1, 3], [50, 25, 50, 25], [5, 5, 4, 4, 3]],
  ])('is asked for again after a pause: %s', async (_, parts, waits, asked) => {
    const table = answering(...parts);
    const { pauses, waits: waited } = counted();
    const items = await getItems({ ...table, pauses }, keys(5));
    expect(items.map((item) => item?.pk?.S)).toEqual(keys(5).map(({ pk }) => pk));
    expect([waited, table.asked]).toEqual([waits, asked]);
  });

  it('is given up as a single item would be when nothing comes for long', async () => {
    const table = answering();
    const { pauses, waits } = counted();
    await expect(getItems({ ...table, pauses }, keys(5))).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
      $metadata: {},
    });
    expect(table.asked).toHaveLength(6);
    expect(waits).toEqual([50, 100, 200, 400, 800]);
  });

  it('ends, whatever comes, with all of it or an error, and waits by chance between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(4)),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (parts, random) => {
          const got: number[] = [];
          let round = 0;
          const { pauses, waits } = counted(random);
          const ask = async (wanted: number[]) => {
            const now = parts[round++] ?? 0;
            got.push(...wanted.slice(0, now));
            return wanted.slice(now);
          };
          const whole = await untilWhole([1, 2, 3, 4, 5], ask, pauses).then(
            () => true,
            () => false,
          );
          expect(got).toEqual([1, 2, 3, 4, 5].slice(0, got.length));
          expect(whole).toBe(got.length === 5);
          for (const ms of waits) expect([ms >= 12.5, ms <= 800]).toEqual([true, true]);
        },
      ),
    );
  });
});

describe('who asks for batches', () => {
  it('leaves to one place what to do about a part that was not processed', () => {
    const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'])
      .toString()
      .split('\n')
      .filter((file) => /^(shared|functions|connector|operator|cli|infra)\//.test(file));
    const askers = sources.filter((file) => {
      const text = readFileSync(file, 'utf8');
      return /\bBatch(Get|Write)ItemCommand\b/.test(text) && !text.includes('untilWhole(');
    });
    expect([sources.length > 100, askers]).toEqual([true, []]);
  });
});
