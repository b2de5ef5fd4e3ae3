import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBuckets } from '../../../shared/concurrency/tokenBuckets.ts';

function openBuckets(perSecond: number, burst: number) {
  let now = 0;
  const buckets = new TokenBuckets({ perSecond, burst }, () => now);
  const take = (key: string, times: number) =>
    Array.from({ length: times }, () => buckets.take(key)).filter(Boolean).length;
  const pass = (ms: number) => {
    now += ms;
  };
  return { take, pass };
}

describe('a bucket', () => {
  it('gives its burst at once, and then nothing', () => {
    const { take } = openBuckets(1, 5);
    expect(take('a', 10)).toBe(5);
    expect(take('a', 10)).toBe(0);
  });

  it('fills with time, up to its burst and no further', () => {
    const { take, pass } = openBuckets(2, 5);
    take('a', 5);
    pass(499);
    expect(take('a', 5)).toBe(0);
    pass(1);
    expect(take('a', 5)).toBe(1);
    pass(3_600_000);
    expect(take('a', 10)).toBe(5);
  });

  it('is not emptied by who asks in vain', () => {
    const { take, pass } = openBuckets(1, 1);
    take('a', 1);
    for (let each = 0; each < 10; each++) {
      pass(99);
      expect(take('a', 3)).toBe(0);
    }
    pass(11);
    expect(take('a', 3)).toBe(1);
  });

  it('is each key’s own', () => {
    const { take } = openBuckets(1, 2);
    expect([take('a', 3), take('b', 3), take('a', 1)]).toEqual([2, 2, 0]);
  });

  it('never gives more than its burst and what fills in meanwhile, whatever the times', () => {
    fc.assert(
      fc.property(
        fc.record({ perSecond: fc.integer({ min: 0, max: 50 }), burst: fc.integer({ min: 1, max: 50 }) }),
        fc.array(
          fc.record({ ms: fc.integer({ min: 0, max: 5_000 }), times: fc.integer({ min: 0, max: 60 }) }),
        ),
        ({ perSecond, burst }, steps) => {
          const { take, pass } = openBuckets(perSecond, burst);
          let given = 0;
          let passed = 0;
          for (const { ms, times } of steps) {
            pass(ms);
            passed += ms;
            given += take('a', times);
          }
          expect(given).toBeLessThanOrEqual(burst + (passed / 1_000) * perSecond + 1e-6);
        },
      ),
    );
  });
});

describe('so many keys that not all can be kept', () => {
  const many = (take: (key: string, times: number) => number, count: number) => {
    for (let each = 0; each < count; each++) take(`key ${each}`, 1);
  };

  it('lose those whose buckets are full again, and no others', () => {
    const { take, pass } = openBuckets(1, 2);
    many(take, 50_000);
    pass(1_500);
    take('greedy', 2);
    many((key, times) => take(`new ${key}`, times), 60_000);
    expect(take('greedy', 1)).toBe(0);
  });

  it('lose the oldest when none is full, so that memory is bounded', () => {
    const { take } = openBuckets(0, 1);
    take('oldest', 1);
    many(take, 99_999);
    expect(take('oldest', 1)).toBe(0);
    take('one more', 1);
    expect(take('oldest', 1)).toBe(1);
    expect(take('key 99998', 1)).toBe(0);
  });
});

describe('what is left', () => {
  it('is told, grows with time, and is not taken by asking', () => {
    let now = 0;
    const buckets = new TokenBuckets({ perSecond: 2, burst: 3 }, () => now);
    expect(buckets.left('a')).toBe(3);
    for (const left of [2, 1, 0]) {
      expect(buckets.take('a')).toBe(true);
      expect(buckets.left('a')).toBe(left);
    }
    expect(buckets.take('a')).toBe(false);
    now = 499;
    expect(buckets.left('a')).toBe(0);
    now = 500;
    expect([buckets.left('a'), buckets.left('a')]).toEqual([1, 1]);
    now = 1_000_000;
    expect(buckets.left('a')).toBe(3);
  });
});
