import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  decodeAmpRecord,
  decodeMppRecord,
  deriveChild,
  encodeAmpRecord,
  encodeMppRecord,
  mergeShares,
  RecordError,
  reconstructSet,
  verifySet,
} from '../../../shared/amp/index.ts';

interface Vector {
  root: string;
  setId: string;
  paymentAddr: string;
  totalMsat: string;
  shards: {
    share: string;
    childIndex: number;
    preimage: string;
    hash: string;
    ampRecord: string;
    mppRecord: string;
  }[];
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const fixture = new URL('../../fixtures/amp-vectors.json', import.meta.url);
const vectors: Vector[] = JSON.parse(readFileSync(fixture, 'utf8'));

const A = 'aa'.repeat(32);
const B = 'bb'.repeat(32);

describe('the vectors made by lnd', () => {
  it('are all here', () => expect(vectors).toHaveLength(63));

  it.each(vectors.map((vector, n) => ({ n, vector })))('vector $n holds in both directions', ({ vector }) => {
    const root = bytes(vector.root);
    const setId = bytes(vector.setId);
    const paymentAddr = bytes(vector.paymentAddr);
    const totalMsat = BigInt(vector.totalMsat);
    const shards = vector.shards.map((s) => ({
      share: bytes(s.share),
      childIndex: s.childIndex,
      preimage: bytes(s.preimage),
      hash: bytes(s.hash),
    }));

    expect(hex(mergeShares(shards.map(({ share }) => share)))).toBe(vector.root);
    const set = reconstructSet(shards);
    expect(hex(set.root)).toBe(vector.root);
    expect(verifySet(shards)).toMatchObject({ ok: true });

    for (const [i, shard] of vector.shards.entries()) {
      const child = deriveChild(root, bytes(shard.share), shard.childIndex);
      expect(hex(child.preimage)).toBe(shard.preimage);
      expect(hex(child.hash)).toBe(shard.hash);
      expect(hex(set.children[i]!.preimage)).toBe(shard.preimage);
      expect(hex(set.children[i]!.hash)).toBe(shard.hash);

      const amp = { rootShare: bytes(shard.share), setId, childIndex: shard.childIndex };
      expect(hex(encodeAmpRecord(amp))).toBe(shard.ampRecord);
      expect(decodeAmpRecord(bytes(shard.ampRecord))).toEqual(amp);
      const mpp = { paymentAddr, totalMsat };
      expect(hex(encodeMppRecord(mpp))).toBe(shard.mppRecord);
      expect(decodeMppRecord(bytes(shard.mppRecord))).toEqual(mpp);
    }
  });
});

describe('a malformed record is refused by name', () => {
  it.each([
    ['nothing', '', 'too short'],
    ['a type alone', '08', 'too short'],
    ['an AMP record', `0e40${A}${B}`, 'wrong type'],
    ['a length of 0', '0800', 'too short'],
    ['a length of 31', `081f${A.slice(2)}`, 'too short'],
    ['a length of 41', `0829${A}${'01'.repeat(9)}`, 'too long'],
    ['a length of more than a byte', `08fd0020${A}`, 'too long'],
    ['fewer bytes than its length', `0821${A}`, 'length mismatch'],
    ['more bytes than its length', `0820${A}01`, 'trailing bytes'],
    ['an integer of one zero byte', `0821${A}00`, 'leading zero byte'],
    ['an integer that could be shorter', `0822${A}00ff`, 'leading zero byte'],
  ])('MPP: %s', (_, record, reason) => {
    const read = () => decodeMppRecord(bytes(record));
    expect(read).toThrow(RecordError);
    expect(read).toThrow(expect.objectContaining({ record: 'MPP', reason }));
    expect(read).toThrow(reason);
  });

  it.each([
    ['nothing', '', 'too short'],
    ['an MPP record', `0820${A}`, 'wrong type'],
    ['a length of 63', `0e3f${A}${B.slice(2)}`, 'too short'],
    ['a length of 69', `0e45${A}${B}${'01'.repeat(5)}`, 'too long'],
    ['fewer bytes than its length', `0e41${A}${B}`, 'length mismatch'],
    ['more bytes than its length', `0e40${A}${B}01`, 'trailing bytes'],
    ['an integer of one zero byte', `0e41${A}${B}00`, 'leading zero byte'],
    ['an integer that could be shorter', `0e44${A}${B}00ffffff`, 'leading zero byte'],
  ])('AMP: %s', (_, record, reason) => {
    const read = () => decodeAmpRecord(bytes(record));
    expect(read).toThrow(RecordError);
    expect(read).toThrow(expect.objectContaining({ record: 'AMP', reason }));
  });

  it('whatever the bytes are: they give a record that encodes to them, or a RecordError', () => {
    const header = fc.tuple(fc.constantFrom(8, 14), fc.constantFrom(31, 32, 33, 40, 41, 63, 64, 65, 68, 69));
    const near = fc.tuple(header, fc.uint8Array({ minLength: 30, maxLength: 70 }));
    fc.assert(
      fc.property(near, ([[type, length], value]) => {
        const record = Uint8Array.of(type, length, ...value);
        try {
          const again =
            type === 8 ? encodeMppRecord(decodeMppRecord(record)) : encodeAmpRecord(decodeAmpRecord(record));
          expect(hex(again)).toBe(hex(record));
        } catch (error) {
          expect(error).toBeInstanceOf(RecordError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('every record', () => {
  it('MPP reads back as it was written, to the last msat of 64 bits', () => {
    fc.assert(
      fc.property(bytes32, fc.bigInt(0n, 2n ** 64n - 1n), (paymentAddr, totalMsat) => {
        const record = { paymentAddr, totalMsat };
        expect(decodeMppRecord(encodeMppRecord(record))).toEqual(record);
      }),
    );
  });

  it('AMP reads back as it was written, to the last child index of 32 bits', () => {
    fc.assert(
      fc.property(bytes32, bytes32, fc.nat(0xffffffff), (rootShare, setId, childIndex) => {
        const record = { rootShare, setId, childIndex };
        expect(decodeAmpRecord(encodeAmpRecord(record))).toEqual(record);
      }),
    );
  });

  it('does not change when the bytes that it was read from do', () => {
    const received = bytes(`0820${A}`);
    const { paymentAddr } = decodeMppRecord(received);
    received.fill(0);
    expect(hex(paymentAddr)).toBe(A);
  });
});

describe('an argument that no record can hold is refused, with its field', () => {
  const a = bytes(A);
  it.each([
    ['paymentAddr', () => encodeMppRecord({ paymentAddr: a.subarray(1), totalMsat: 1n })],
    ['totalMsat', () => encodeMppRecord({ paymentAddr: a, totalMsat: 2n ** 64n })],
    ['totalMsat', () => encodeMppRecord({ paymentAddr: a, totalMsat: -1n })],
    ['totalMsat', () => encodeMppRecord({ paymentAddr: a, totalMsat: 1 as unknown as bigint })],
    ['rootShare', () => encodeAmpRecord({ rootShare: new Uint8Array(33), setId: a, childIndex: 0 })],
    ['setId', () => encodeAmpRecord({ rootShare: a, setId: A as unknown as Uint8Array, childIndex: 0 })],
    ['childIndex', () => encodeAmpRecord({ rootShare: a, setId: a, childIndex: 2 ** 32 })],
    ['childIndex', () => encodeAmpRecord({ rootShare: a, setId: a, childIndex: 0.5 })],
    ['childIndex', () => encodeAmpRecord({ rootShare: a, setId: a, childIndex: -1 })],
    ['childIndex', () => encodeAmpRecord({ rootShare: a, setId: a, childIndex: Number.NaN })],
  ])('%s', (field, encode) => {
    expect(encode).toThrow(ArgumentError);
    expect(encode).toThrow(expect.objectContaining({ field }));
  });
});
