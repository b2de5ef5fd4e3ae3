import fc from 'fast-check';
import { expect, test } from 'vitest';
import { immutableFreshness, invoiceFreshness, pageFreshness } from '../../../functions/http/freshness.ts';

const NOW = new Date('2026-11-24T11:00:00Z');
const inSeconds = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

/** The directives of a Cache-Control header, those without a value as 0. */
const directives = (header: string) =>
  Object.fromEntries(
    header
      .split(', ')
      .map((each): [string, number] => [each.split('=')[0]!, Number(each.split('=')[1] ?? 0)]),
  );

test('an invoice with months to go is kept for a minute at the edge, and for a day if the origin is down', () => {
  expect(invoiceFreshness(inSeconds(90 * 86_400), NOW)).toBe(
    'public, max-age=5, s-maxage=60, stale-while-revalidate=300, stale-if-error=86400',
  );
});

test.each([
  ['an invoice', invoiceFreshness],
  ['a page', pageFreshness],
])(
  '%s is never shown by a cache after the invoice expired, not even by way of our own cache',
  (_, freshness) => {
    const ownCacheSeconds = 5;
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 200_000, noNaN: true }), (left) => {
        const header = freshness(inSeconds(left), NOW);
        if (header === 'no-store') {
          expect(left).toBeLessThan(ownCacheSeconds + 1);
          return;
        }
        const found = directives(header);
        const stale = Math.max(found['stale-while-revalidate']!, found['stale-if-error']!);
        expect(found['s-maxage']! + stale).toBeLessThanOrEqual(left - ownCacheSeconds);
        expect(found['max-age']! + stale).toBeLessThanOrEqual(left - ownCacheSeconds);
        expect(Object.values(found).every((each) => Number.isInteger(each) && each >= 0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  },
);

test.each([0, -1, -86_400])('with %s seconds to go nothing is stored', (seconds) => {
  expect(invoiceFreshness(inSeconds(seconds), NOW)).toBe('no-store');
  expect(pageFreshness(inSeconds(seconds), NOW)).toBe('no-store');
  expect(immutableFreshness(inSeconds(seconds), NOW)).toBe('no-store');
});

test.each([
  [400 * 86_400, 'public, max-age=31536000, stale-if-error=0, immutable'],
  [86_400, 'public, max-age=86395, stale-if-error=0, immutable'],
])('a QR code that names its invoice, with %s seconds to go, is %s', (seconds, header) => {
  expect(immutableFreshness(inSeconds(seconds), NOW)).toBe(header);
});
