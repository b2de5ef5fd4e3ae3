import { describe, expect, it } from 'vitest';
import { TtlCache } from '../../../shared/concurrency/ttlCache.ts';

function openRecent() {
  let now = 0;
  const reads: string[] = [];
  let fails = false;
  const recent = new TtlCache(
    async (key) => {
      reads.push(key);
      if (fails) throw new Error('away');
      return `${key} ${reads.length}`;
    },
    () => now,
  );
  return {
    recent,
    reads,
    pass: (ms: number) => {
      now += ms;
    },
    fail: (whether: boolean) => {
      fails = whether;
    },
  };
}

describe('a recent reading', () => {
  it('is used again for a second, and no longer', async () => {
    const { recent, reads, pass } = openRecent();
    expect(await recent.of('alice')).toBe('alice 1');
    pass(999);
    expect(await recent.of('alice')).toBe('alice 1');
    pass(1);
    expect(await recent.of('alice')).toBe('alice 2');
    expect(reads).toHaveLength(2);
  });

  it('is one for all who ask while it is read', async () => {
    const { recent, reads } = openRecent();
    const all = await Promise.all(Array.from({ length: 50 }, () => recent.of('alice')));
    expect(new Set(all)).toEqual(new Set(['alice 1']));
    expect(reads).toEqual(['alice']);
  });

  it('is that of its key alone', async () => {
    const { recent } = openRecent();
    expect(await Promise.all([recent.of('alice'), recent.of('bob')])).toEqual(['alice 1', 'bob 2']);
  });

  it('that failed fails for who asked, and is read again for the next', async () => {
    const { recent, reads, fail } = openRecent();
    fail(true);
    const both = await Promise.allSettled([recent.of('alice'), recent.of('alice')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fail(false);
    expect(await recent.of('alice')).toBe('alice 2');
    expect(reads).toHaveLength(2);
  });

  it('is forgotten when a thousand others were asked for', async () => {
    const { recent, reads } = openRecent();
    for (let at = 0; at < 1_000; at++) await recent.of(`handle-${at}`);
    await recent.of('handle-999');
    expect(reads).toHaveLength(1_000);
    await recent.of('one-more');
    await recent.of('handle-999');
    expect(reads).toHaveLength(1_002);
  });
});
