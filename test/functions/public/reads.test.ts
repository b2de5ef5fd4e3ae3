import { describe, expect, test } from 'vitest';
import { type Representation, represent } from '../../../functions/http/representation.ts';
import { answerCache } from '../../../functions/public/answerCache.ts';
import { answersBy } from '../../../functions/public/answers.ts';
import { keptAnswers } from '../../../functions/public/keptAnswers.ts';
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

const ticking = () => {
  let ms = Date.UTC(2026, 10, 24);
  return { clock: () => new Date(ms), pass: (by: number) => (ms += by) };
};

test('a cached answer ends with its seconds', () => {
  const { clock, pass } = ticking();
  const cache = answerCache<string>(10, clock);
  cache.put('alice', 'kept', 5);
  cache.put('bob', 'not kept', 0);
  pass(4_999);
  expect(cache.get('alice')).toBe('kept');
  expect(cache.get('bob')).toBeUndefined();
  pass(1);
  expect(cache.get('alice')).toBeUndefined();
});

test('a clock that is set back ends a cached answer instead of prolonging it', () => {
  const { clock, pass } = ticking();
  const cache = answerCache<string>(10, clock);
  cache.put('alice', 'kept', 5);
  pass(-1);
  expect(cache.get('alice')).toBeUndefined();
});

test('a full cache lets go of the oldest', () => {
  const cache = answerCache<number>(2, ticking().clock);
  cache.put('a', 1, 5);
  cache.put('b', 2, 5);
  cache.put('c', 3, 5);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([undefined, 2, 3]);
});

const answer = (body: string, cacheControl: string) => represent({ body, type: 'text/plain', cacheControl });

test.each([
  ['each', [1, 2, 3], [4]],
  ['shared', [1, 1, 1], [2]],
  ['cached', [1, 1, 1], [1]],
] as const)(
  'with reads: %s, three at once and one later see reads %j and %j',
  async (reads, atOnce, later) => {
    const { answers } = answersBy(reads, ticking().clock);
    let count = 0;
    const ask = async () =>
      (await answers('alice', async () => answer(`${++count}`, 'public, max-age=5'))).body;
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(atOnce.map(String));
    expect([await ask()]).toEqual(later.map(String));
  },
);

test('with reads: cached, an answer is kept for its own max-age, and no-store not at all', async () => {
  const { clock, pass } = ticking();
  const { answers } = answersBy('cached', clock);
  let count = 0;
  const ask = async (key: string, control: string) =>
    (await answers(key, async () => answer(`${++count}`, control))).body;
  expect(await ask('a', 'public, max-age=2, s-maxage=60')).toBe('1');
  expect(await ask('b', 'no-store')).toBe('2');
  pass(1_999);
  expect(await ask('a', 'public, max-age=2, s-maxage=60')).toBe('1');
  expect(await ask('b', 'no-store')).toBe('3');
  pass(1);
  expect(await ask('a', 'public, max-age=2, s-maxage=60')).toBe('4');
});

describe('kept answers', () => {
  const request = (path: string, init: RequestInit = {}) => new Request(`http://here${path}`, init);
  const opened = () => {
    const { clock, pass } = ticking();
    const cache = answerCache<Representation>(10, clock);
    cache.put('key', answer('1', 'max-age=5'), 5);
    return { kept: keptAnswers(cache), cache, pass };
  };

  test('end with those of the cache, and come back with them', () => {
    const { kept, cache, pass } = opened();
    kept.remember(request('/a'), 'key');
    pass(4_999);
    expect(kept.to(request('/a'))?.body).toBe('1');
    pass(1);
    expect(kept.to(request('/a'))).toBeUndefined();
    cache.put('key', answer('2', 'max-age=5'), 5);
    expect(kept.to(request('/a'))?.body).toBe('2');
  });

  test('are given to the same question alone: address, query, media types, and GET', () => {
    const { kept } = opened();
    const plain = { headers: { accept: 'text/plain' } };
    kept.remember(request('/a?x=1', plain), 'key');
    kept.remember(request('/a', { method: 'HEAD' }), 'key');
    expect(kept.to(request('/a?x=1', plain))?.body).toBe('1');
    const others = [request('/a', plain), request('/a?x=1'), request('/a?x=1', { ...plain, method: 'HEAD' })];
    for (const other of others) expect(kept.to(other)).toBeUndefined();
  });

  test('are a bounded number, and of no endless addresses', () => {
    const { kept } = opened();
    kept.remember(request(`/${'a'.repeat(300)}`), 'key');
    expect(kept.to(request(`/${'a'.repeat(300)}`))).toBeUndefined();
    for (let at = 0; at <= 1_000; at++) kept.remember(request(`/${at}`), 'key');
    expect(kept.to(request('/0'))).toBeUndefined();
    expect(kept.to(request('/1'))?.body).toBe('1');
  });
});

test('s-maxage alone doesn’t keep an answer in the process', () => {
  expect(answer('', 'public, s-maxage=60').maxAge).toBe(0);
});
