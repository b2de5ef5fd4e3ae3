import { describe, expect, it } from 'vitest';
import { AmountError, formatSat, MAX_MSAT, parseMsat, parseSat } from '../../shared/money.ts';

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
