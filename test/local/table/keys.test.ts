import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { after, encodePart, encodePrefix } from '../../../local/table/keys.ts';
import { checkValues, compareValues, type Value } from '../../../local/table/value.ts';

const number = fc
  .tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.integer({ min: -100, max: 80 }))
  .map(([digits, exponent]): Value => {
    const values = { n: { N: `${digits}e${exponent}` } };
    checkValues(values);
    return values.n;
  });
const text = fc.string({ unit: 'binary' }).map((S): Value => ({ S }));
const bytes = fc.uint8Array().map((array): Value => ({ B: Buffer.from(array).toString('base64') }));

describe('key encoding', () => {
  it.each([
    ['numbers', number],
    ['text', text],
    ['bytes', bytes],
  ])('puts %s in their order, whatever comes behind them', (_, kind) => {
    fc.assert(
      fc.property(kind, kind, fc.uint8Array(), fc.uint8Array(), (a, b, more, other) => {
        const [x, y] = [Buffer.concat([encodePart(a), more]), Buffer.concat([encodePart(b), other])];
        const order = compareValues(a, b)!;
        if (order !== 0) expect(Math.sign(Buffer.compare(x, y))).toBe(Math.sign(order));
      }),
      { numRuns: 500 },
    );
  });

  it('has all that begins with a prefix between the prefix and what comes after it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: 'binary' }),
        (start, rest) => {
          const prefix = encodePrefix({ S: start });
          const whole = encodePart({ S: start + rest });
          expect(Buffer.compare(prefix, whole)).toBeLessThan(0);
          expect(Buffer.compare(whole, after(prefix))).toBeLessThan(0);
        },
      ),
    );
  });
});
