import { describe, expect, it } from 'vitest';
import { featureBits, taggedFields } from '../../../shared/bolt11/fields.ts';

/** A timestamp, the fields, a signature and a checksum; the last two are any letters here. */
const requestOf = (fields: string): string => `lnsb1${'q'.repeat(7)}${fields}${'q'.repeat(104 + 6)}`;

describe('the tagged fields of a payment request', () => {
  it('come in their order, with their words, the empty and the unknown ones too', () => {
    expect(taggedFields(requestOf('dqqzqzry9qpl'))).toEqual([
      { letter: 'd', words: [] },
      { letter: 'z', words: [3, 4] },
      { letter: '9', words: [31] },
    ]);
  });

  it('may be more than 31 words long', () => {
    expect(taggedFields(requestOf(`spp${'l'.repeat(33)}`))).toEqual([
      { letter: 's', words: Array(33).fill(31) },
    ]);
  });

  it('may be none', () => expect(taggedFields(requestOf(''))).toEqual([]));

  it.each([
    ['whose data reach into the signature', 'dqpqdqzq'],
    ['without a whole length', 'dqqdq'],
    ['that is a letter alone', 'd'],
  ])('are refused with one %s', (_, fields) => {
    expect(() => taggedFields(requestOf(fields))).toThrow(
      expect.objectContaining({ field: 'paymentRequest' }),
    );
  });

  it('are refused when there is no room for a signature', () => {
    expect(() => taggedFields('lnsb1qqq')).toThrow(expect.objectContaining({ field: 'paymentRequest' }));
  });
});

describe('feature bits', () => {
  it.each([
    ['none', [], []],
    ['zeros', [0, 0], []],
    ['the lowest', [1], [0]],
    ['across words', [0b00001, 0b10000, 0b00010], [1, 9, 10]],
    ['8, 14 and 30, as lnd writes them', [1, 0, 0, 0, 0b10000, 0b01000, 0], [8, 14, 30]],
  ])('%s', (_, words, bits) => expect(featureBits(words)).toEqual(bits));
});
