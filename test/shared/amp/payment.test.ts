import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  decodeAmpRecord,
  decodeMppRecord,
  divideShard,
  encodeAmpRecord,
  encodeMppRecord,
  mergeShares,
  type Random,
  retryShard,
  SetCollector,
  type Shard,
  splitPayment,
} from '../../../shared/amp/index.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((b) => b.some((byte) => byte !== 0));
const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
const sum = (shards: readonly { amountMsat: bigint }[]): bigint =>
  shards.reduce((s, { amountMsat }) => s + amountMsat, 0n);

/** Random bytes that a run can repeat. */
const seeded = (seed: number): Random => {
  let n = 0;
  return (size) => sha256(Buffer.from(`${seed}/${n++}`)).subarray(0, size);
};

/** A shard as it arrives: its records through the onion and back. */
const arrive = (shard: Shard, key: string) => ({
  key,
  hash: shard.hash,
  amountMsat: shard.amountMsat,
  amp: decodeAmpRecord(encodeAmpRecord(shard.amp)),
  mpp: decodeMppRecord(encodeMppRecord(shard.mpp)),
});

const pay = (
  totalMsat: bigint,
  shards: number,
  overrides: Partial<Parameters<typeof splitPayment>[0]> = {},
) => {
  const root = randomBytes(32);
  const payment = {
    totalMsat,
    shards,
    root,
    setId: randomBytes(32),
    paymentAddr: randomBytes(32),
    random: randomBytes,
  };
  return { root, shards: splitPayment({ ...payment, ...overrides }) };
};

const arrivals = (shards: readonly Shard[], name = 'htlc') =>
  shards.map((shard, i) => arrive(shard, `${name}:${i}`));

describe('a payer splits a payment', () => {
  it('into amounts that sum to it, none of them zero, and shares that XOR to its root', () => {
    const total = fc.bigInt(1n, 2n ** 64n - 1n);
    fc.assert(
      fc.property(total, fc.integer({ min: 1, max: 40 }), bytes32, fc.nat(), (totalMsat, n, root, seed) => {
        fc.pre(BigInt(n) <= totalMsat);
        const { shards } = pay(totalMsat, n, { root, random: seeded(seed) });
        expect(shards).toHaveLength(n);
        expect(sum(shards)).toBe(totalMsat);
        const amounts = shards.map(({ amountMsat }) => amountMsat).sort((a, b) => Number(a - b));
        expect(amounts[0]).toBeGreaterThan(0n);
        expect(amounts.at(-1)! - amounts[0]!).toBeLessThanOrEqual(1n);
        expect(mergeShares(shards.map(({ amp }) => amp.rootShare))).toEqual(root);
        expect(shards.every(({ mpp }) => mpp.totalMsat === totalMsat)).toBe(true);
      }),
    );
  });

  it('with a hash of its own for every shard', () => {
    const { shards } = pay(1_000n, 30);
    expect(new Set(shards.map(({ hash }) => Buffer.from(hash).toString('hex'))).size).toBe(30);
  });

  it('into one shard that carries the root itself', () => {
    const { root, shards } = pay(5n, 1);
    expect(shards[0]!.amp.rootShare).toEqual(root);
  });

  it.each([
    ['totalMsat', 0n, 1],
    ['totalMsat', -1n, 1],
    ['totalMsat', 2n ** 64n, 1],
    ['shards', 5n, 0],
    ['shards', 5n, -1],
    ['shards', 5n, 1.5],
    ['shards', 5n, 6],
    ['shards', 5n, Number.NaN],
  ])('but refuses %s for %s msat in %s shards', (field, totalMsat, shards) => {
    const split = () => pay(totalMsat, shards);
    expect(split).toThrow(ArgumentError);
    expect(split).toThrow(expect.objectContaining({ field }));
  });
});

describe('a payer sends again what failed', () => {
  it('a shard that failed gets another child index and another hash, and keeps its share', () => {
    const { root, shards } = pay(100n, 3);
    const again = retryShard(shards[1]!, root, randomBytes);
    expect(again.amp.rootShare).toEqual(shards[1]!.amp.rootShare);
    expect(again.amp.childIndex).not.toBe(shards[1]!.amp.childIndex);
    expect(again.hash).not.toEqual(shards[1]!.hash);
    expect(again.amountMsat).toBe(shards[1]!.amountMsat);
  });

  it.each([0, 7, 0xffffffff])('even when the index that failed, %i, is drawn again', (index) => {
    const random: Random = (size) => {
      const drawn = Buffer.alloc(size, 9);
      if (size === 4) drawn.writeUInt32BE(index);
      return drawn;
    };
    const { root, shards } = pay(100n, 1, { random });
    expect(shards[0]!.amp.childIndex).toBe(index);
    const { childIndex } = retryShard(shards[0]!, root, random).amp;
    expect(childIndex).not.toBe(index);
    expect(childIndex).toBe(index === 0xffffffff ? 0 : index + 1);
  });

  it('a shard too large is divided, and its parts are worth what it was', () => {
    const { root, shards } = pay(101n, 1);
    const parts = divideShard(shards[0]!, root, randomBytes);
    expect(parts.map(({ amountMsat }) => amountMsat)).toEqual([51n, 50n]);
    expect(Buffer.from(mergeShares(parts.map(({ amp }) => amp.rootShare)))).toEqual(root);
  });

  it('a shard of 1 msat has no halves', () => {
    const { root, shards } = pay(1n, 1);
    expect(() => divideShard(shards[0]!, root, randomBytes)).toThrow(
      expect.objectContaining({ field: 'amountMsat' }),
    );
  });

  it('after any retries and divisions the receiver has the set, in whatever order it came', () => {
    fc.assert(
      fc.property(
        fc.bigInt(2n, 10n ** 12n),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.tuple(fc.boolean(), fc.nat(), fc.nat()), { maxLength: 12 }),
        fc.nat(),
        (totalMsat, n, steps, seed) => {
          fc.pre(BigInt(n) <= totalMsat);
          const random = seeded(seed);
          const payment = pay(totalMsat, n, { random });
          const { root } = payment;
          let { shards } = payment;
          for (const [divide, pick, rotate] of steps) {
            const at = pick % shards.length;
            const shard = shards[at]!;
            const instead =
              divide && shard.amountMsat > 1n
                ? divideShard(shard, root, random)
                : [retryShard(shard, root, random)];
            shards = shards.toSpliced(at, 1, ...instead);
            const turn = rotate % shards.length;
            shards = [...shards.slice(turn), ...shards.slice(0, turn)];
          }
          const collector = new SetCollector();
          const outcomes = arrivals(shards).map((htlc) => collector.add(htlc, 0));
          expect(outcomes.slice(0, -1).every(({ state }) => state === 'held')).toBe(true);
          const last = outcomes.at(-1)!;
          if (last.state !== 'whole') throw new Error(`${last.state}, not whole`);
          expect(last.set.paidMsat).toBe(totalMsat);
          for (const { preimage, hash } of last.set.htlcs)
            expect(sha256(preimage)).toEqual(Buffer.from(hash));
          expect(collector.size).toBe(0);
        },
      ),
    );
  });
});
