import { describe, expect, test } from 'vitest';
import {
  type Answer,
  BACKOFF_MS,
  MOST_REST_MS,
  OFF_AFTER_MS,
  offReason,
  restOf,
  verdictOn,
} from '../../../functions/webhooks/policy.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const DAY = 86_400_000;
const status = (status: number, retryAfter?: string): Answer => ({
  status,
  durationMs: 1,
  ...(retryAfter !== undefined && { retryAfter }),
});
const lost: Answer = { error: 'nobody listens at the address', durationMs: 1 };
const waitOf = (answer: Answer, tries: number, random: number) => {
  const verdict = verdictOn(answer, tries, NOW, random);
  return verdict.is === 'again' ? verdict.due.getTime() - NOW.getTime() : undefined;
};

describe('retries', () => {
  test('take three days in all, each wait at least as long as the one before but for the last', () => {
    const total = BACKOFF_MS.reduce((sum, each) => sum + each, 0);
    expect(Math.abs(total - 3 * DAY)).toBeLessThan(DAY / 24);
    const grown = BACKOFF_MS.slice(0, -1);
    expect(grown).toEqual(grown.toSorted((a, b) => a - b));
    expect(BACKOFF_MS[0]).toBe(5_000);
  });

  test.each([...BACKOFF_MS.entries()])(
    'after %i tries before come %i ms later, a fifth more or less',
    (tries, wait) => {
      expect(waitOf(lost, tries, 0)).toBeCloseTo(wait * 0.8, -1);
      expect(waitOf(status(500), tries, 0.5)).toBeCloseTo(wait, -1);
      expect(waitOf(lost, tries, 0.999_999)).toBeLessThanOrEqual(wait * 1.2);
    },
  );

  test('end after the last', () => {
    expect(verdictOn(status(503), BACKOFF_MS.length, NOW, 0)).toEqual({
      is: 'failed',
      reason: 'none of 15 tries over three days succeeded',
    });
  });
});

describe('an answer', () => {
  test.each([200, 201, 202, 204, 299])('of %i is success', (code) => {
    expect(verdictOn(status(code), 3, NOW, 0)).toEqual({ is: 'done' });
  });

  test.each([100, 199, 300, 301, 302, 304, 307, 308, 400, 401, 404, 408, 429, 500, 502, 503])(
    'of %i is tried again',
    (code) => {
      expect(verdictOn(status(code), 3, NOW, 0).is).toBe('again');
    },
  );

  test('of 410 is the last one', () => {
    expect(verdictOn(status(410), 0, NOW, 0)).toEqual({
      is: 'failed',
      reason: 'the receiver answered 410 Gone',
    });
  });
});

describe('Retry-After', () => {
  const hours = (count: number) => new Date(NOW.getTime() + count * 3_600_000);

  test.each([
    ['120', new Date(NOW.getTime() + 120_000)],
    [' 3600 ', hours(1)],
    ['Sun, 01 Mar 2026 14:00:00 GMT', hours(2)],
    ['999999999', new Date(NOW.getTime() + MOST_REST_MS)],
    ['Fri, 01 Jan 2100 00:00:00 GMT', new Date(NOW.getTime() + MOST_REST_MS)],
    ['0', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['Sun, 01 Mar 2026 11:00:00 GMT', undefined],
    ['Sun, 99 Foo 2026 11:00:00 GMT', undefined],
    ['2027-01-01', undefined],
    ['9'.repeat(400), undefined],
    ['', undefined],
    [undefined, undefined],
  ])('of %j is over at %s', (header, until) => {
    expect(restOf(header, NOW)).toEqual(until);
  });

  test('puts the next try off, and never before its time', () => {
    for (const random of [0, 0.5, 0.999]) {
      expect(waitOf(status(429, '600'), 0, random)).toBeGreaterThanOrEqual(600_000);
      expect(waitOf(status(429, '600'), 0, random)).toBeLessThan(610_000);
      // A short rest does not shorten the back-off.
      expect(waitOf(status(503, '1'), 5, random)).toBeGreaterThanOrEqual(BACKOFF_MS[5]! * 0.8);
    }
  });
});

describe('an endpoint is switched off', () => {
  const since = (ms: number) => new Date(NOW.getTime() - ms);

  test('by its own 410 at once', () => {
    expect(offReason(status(410), { tries: 0, failingSince: undefined, now: NOW })).toBe(
      'it answered 410 Gone',
    );
  });

  test.each([
    ['five days of nothing but failures', 5, OFF_AFTER_MS, true],
    ['a little less', 5, OFF_AFTER_MS - 1, false],
    ['a second failure days after the first', 1, 2 * OFF_AFTER_MS, false],
    ['a third try of the same', 2, 2 * OFF_AFTER_MS, true],
  ])('or not, after %s', (_, tries, ms, off) => {
    const reason = offReason(status(500), { tries, failingSince: since(ms), now: NOW });
    expect(reason).toBe(off ? `nothing but failures since ${since(ms).toISOString()}` : undefined);
  });

  test('not by its first failure', () => {
    expect(offReason(lost, { tries: 14, failingSince: undefined, now: NOW })).toBeUndefined();
  });
});
