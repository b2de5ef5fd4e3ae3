import { expect, test } from 'vitest';
import { represent } from '../../../functions/http/representation.ts';
import { answersBy } from '../../../functions/public/answers.ts';
import { sharedReads } from '../../../functions/public/sharedReads.ts';

const turn = () => new Promise(setImmediate);

test('requests of one turn of the event loop share a read, later ones have their own', async () => {
  const shared = sharedReads<number>();
  let reads = 0;
  const ask = () => shared('alice', async () => ++reads);
  expect(await Promise.all([ask(), ask(), Promise.resolve().then(ask)])).toEqual([1, 1, 1]);
  expect(await Promise.all([ask(), ask()])).toEqual([2, 2]);
});

test('a read begins after all who share it have asked, so none gets what is older than its request', async () => {
  const shared = sharedReads<string>();
  let table = 'old';
  const ask = () => shared('alice', async () => table);
  const first = ask();
  table = 'new';
  expect(await Promise.all([first, ask()])).toEqual(['new', 'new']);
});

test('a request that comes while a read is under way is not given that read', async () => {
  const shared = sharedReads<string>();
  let finish = (_: string) => {};
  const slow = shared('alice', () => new Promise((resolve) => (finish = resolve)));
  await turn();
  await turn();
  expect(await shared('alice', async () => 'newer')).toBe('newer');
  finish('older');
  expect(await slow).toBe('older');
});

test('different keys are read apart, and a read that failed is not remembered', async () => {
  const shared = sharedReads<string>();
  const [alice, bob] = await Promise.allSettled([
    shared('alice', async () => 'Alice'),
    shared('bob', () => Promise.reject(new Error('throttled'))),
  ]);
  expect(alice).toMatchObject({ value: 'Alice' });
  expect(bob).toMatchObject({ reason: { message: 'throttled' } });
  expect(await shared('bob', async () => 'Bob')).toBe('Bob');
});

const answer = (body: string, cacheControl: string) => represent({ body, type: 'text/plain', cacheControl });

test.each([
  ['each', [1, 2, 3], [4]],
  ['shared', [1, 1, 1], [2]],
] as const)(
  'with reads: %s, three at once and one later see reads %j and %j',
  async (reads, atOnce, later) => {
    const answers = answersBy(reads);
    let count = 0;
    const ask = async () =>
      (await answers('alice', async () => answer(`${++count}`, 'public, max-age=5'))).body;
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(atOnce.map(String));
    expect([await ask()]).toEqual(later.map(String));
  },
);
