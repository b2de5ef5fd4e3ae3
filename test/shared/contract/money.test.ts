import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AmountError,
  formatSat,
  holdPayable,
  isPayable,
  MAX_BOLT11_MSAT,
  MAX_MSAT,
  parseMsat,
  parseSat,
  payable,
  payableLimits,
} from '../../../shared/contract/money.ts';

const REFUSED = [
  '',
  '0',
  '-1',
  '+1',
  '01',
  '1.5',
  '1e3',
  ' 1',
  '1 ',
  '0x10',
  '１',
  'NaN',
  'Infinity',
  '1_000',
];

describe('amounts that a user gives', () => {
  it.each([
    ['1', 1n],
    ['9007199254740993', 2n ** 53n + 1n],
    ['2100000000000000000', MAX_MSAT],
  ])('%s msat is read exactly', (value, msat) => {
    expect(parseMsat('amount', value)).toBe(msat);
  });

  it.each([
    ['1', 1_000n],
    ['2100', 2_100_000n],
    ['2100000000000000', MAX_MSAT],
  ])('%s sat is read in millisatoshi', (value, msat) => {
    expect(parseSat('amount', value)).toBe(msat);
  });

  it.each([...REFUSED, '2100000000000000001', '9'.repeat(10_000)])('%s msat is refused', (value) => {
    expect(() => parseMsat('amount', value)).toThrow(AmountError);
  });

  it.each([...REFUSED, '2100000000000001'])('%s sat is refused', (value) => {
    expect(() => parseSat('amount', value)).toThrow(AmountError);
  });

  it('a refusal names the field, the start of the value and what was expected', () => {
    expect(() => parseMsat('tip', '9'.repeat(10_000))).toThrow(
      `tip: "${'9'.repeat(40)}" is not a whole number of millisatoshi from 1 to 2100000000000000000, in decimal digits`,
    );
    expect(() => parseMsat('tip', '1.5')).toThrow(expect.objectContaining({ field: 'tip', value: '1.5' }));
  });
});

describe('amounts in satoshi for people', () => {
  it.each([
    [0n, '0'],
    [1n, '0.001'],
    [10n, '0.01'],
    [1_000n, '1'],
    [12_345_678n, '12345.678'],
    [12_345_600n, '12345.6'],
    [2n ** 53n + 1n, '9007199254740.993'],
    [MAX_MSAT, '2100000000000000'],
  ])('%s msat reads %s', (msat, sat) => {
    expect(formatSat(msat)).toBe(sat);
  });
});

/** Amounts that can be asked for, near what is a whole number of satoshi and anywhere. */
const asked = fc
  .oneof(
    fc.bigInt(1n, 5_000n),
    fc.bigInt(MAX_BOLT11_MSAT - 5_000n, MAX_BOLT11_MSAT),
    fc.bigInt(1n, MAX_BOLT11_MSAT),
  )
  .filter((msat) => msat <= MAX_BOLT11_MSAT);
const digitsIn = (text: string) => Array.from(text.matchAll(/\d+/g), ([digits]) => BigInt(digits));

describe('amounts that wallets can pay', () => {
  it('are whole satoshi; of one that is not, the nearest that are are told', () => {
    fc.assert(
      fc.property(asked, (msat) => {
        expect(isPayable(msat)).toBe(msat % 1_000n === 0n);
        if (isPayable(msat)) return;
        const near = digitsIn(payable(msat));
        expect(near.length).toBeGreaterThan(0);
        for (const each of near) {
          expect(isPayable(each)).toBe(true);
          expect(each > msat ? each - msat : msat - each).toBeLessThan(1_000n);
        }
      }),
    );
    expect(payable(3_000_500n, formatSat)).toBe(
      'a whole number of satoshi, which is what wallets send; nearest are 3000 and 3001',
    );
    expect(payable(1n)).toMatch(/nearest is 1000$/);
    expect(payable(MAX_MSAT)).toMatch(/nearest is 9007199254740000$/);
  });

  it('lie within all limits that are taken; of other limits, the nearest that are are told', () => {
    fc.assert(
      fc.property(asked, fc.bigInt(0n, 3_000n), (leastMsat, span) => {
        const limits = { leastMsat, mostMsat: leastMsat + span };
        const first = ((leastMsat + 999n) / 1_000n) * 1_000n;
        expect(holdPayable(limits)).toBe(first >= limits.leastMsat && first <= limits.mostMsat);
        if (holdPayable(limits)) return;
        const [least, most, ...more] = digitsIn(payableLimits(limits));
        expect(holdPayable({ leastMsat: least!, mostMsat: most! })).toBe(true);
        if (more.length > 0) expect(holdPayable({ leastMsat: more[0]!, mostMsat: more[1]! })).toBe(true);
      }),
    );
    expect(payableLimits({ leastMsat: 1_500n, mostMsat: 1_999n })).toMatch(
      /nearest are 1000 to 1999 and 1500 to 2000$/,
    );
    expect(payableLimits({ leastMsat: 1n, mostMsat: 999n })).toMatch(/nearest is 1 to 1000$/);
  });
});
