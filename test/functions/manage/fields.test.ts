import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wholeNumber } from '../../../functions/manage/fields.ts';
import { MAX_BOLT11_MSAT, MAX_MSAT } from '../../../shared/contract/money.ts';

describe('the pattern of whole numbers up to a bound', () => {
  test.each([1n, 9n, 10n, 11n, 99n, 100n, 101n, 2_047n, 1_999n])('is exact up to %d', (max) => {
    const form = wholeNumber(max);
    for (let value = 0n; value <= max + 120n; value++)
      expect(form.test(String(value)), String(value)).toBe(value >= 1n && value <= max);
    for (const text of ['', '-1', '+1', '01', '1.0', '1e1', ' 1', '1 ', '1\n', '１'])
      expect(form.test(text), JSON.stringify(text)).toBe(false);
  });

  test.each([MAX_BOLT11_MSAT, MAX_MSAT])('is exact around and below %d', (max) => {
    const form = wholeNumber(max, { zero: true });
    for (let off = -1_000n; off <= 1_000n; off++)
      expect(form.test(String(max + off)), String(off)).toBe(off <= 0n);
    fc.assert(
      fc.property(fc.bigInt(0n, max * 12n), (value) => {
        expect(form.test(String(value))).toBe(value <= max);
      }),
    );
  });
});
