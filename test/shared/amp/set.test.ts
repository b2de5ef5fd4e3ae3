import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  deriveChild,
  isZeroShare,
  mergeShares,
  reconstructSet,
  splitShare,
  verifySet,
  xorShares,
  zeroShare,
} from '../../../shared/amp/index.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

interface LndHtlc {
  amt_msat: string;
  amp: { root_share: string; child_index: number; preimage: string; hash: string } | null;
}
interface LndEvent {
  is_amp: boolean;
  memo: string;
  htlcs: LndHtlc[];
  amp_invoice_state: Record<string, { amt_paid_msat: string }>;
}
const fixture = new URL('../../fixtures/lnd-settled.json', import.meta.url);
const events: LndEvent[] = JSON.parse(readFileSync(fixture, 'utf8')).settled_events;
const ampEvents = events.filter(({ is_amp }) => is_amp);
const reported = (event: LndEvent) =>
  event.htlcs.map(({ amp }) => ({
    share: bytes(amp!.root_share),
    childIndex: amp!.child_index,
    preimage: bytes(amp!.preimage),
    hash: bytes(amp!.hash),
  }));

describe('shares', () => {
  it('a share split in two merges to itself', () => {
    fc.assert(
      fc.property(bytes32, bytes32, (share, drawn) => {
        fc.pre(!isZeroShare(share));
        const [left, right] = splitShare(share, () => drawn);
        expect(left).toEqual(drawn);
        expect(mergeShares([left, right])).toEqual(share);
        expect(xorShares(right, left)).toEqual(share);
      }),
    );
  });

  it('the order of shares means nothing, a share given twice is as if never given, zero changes nothing', () => {
    fc.assert(
      fc.property(fc.array(bytes32), bytes32, (shares, twice) => {
        const merged = mergeShares(shares);
        expect(mergeShares([...shares].reverse())).toEqual(merged);
        expect(mergeShares([twice, ...shares, twice])).toEqual(merged);
        expect(mergeShares([zeroShare(), ...shares])).toEqual(merged);
      }),
    );
  });

  it('the zero share has nothing to split', () => {
    expect(() => splitShare(zeroShare(), () => new Uint8Array(32))).toThrow(ArgumentError);
  });

  it('a zero share is made anew each time', () => {
    zeroShare().fill(1);
    expect(isZeroShare(zeroShare())).toBe(true);
  });

  it.each([
    ['xorShares', () => xorShares(new Uint8Array(32), new Uint8Array(31))],
    ['mergeShares', () => mergeShares([new Uint8Array(32), new Uint8Array(33)])],
    [
      'splitShare, for a source of randomness that gives too little',
      () => splitShare(new Uint8Array(32).fill(1), () => new Uint8Array(16)),
    ],
    ['deriveChild, the root', () => deriveChild(new Uint8Array(31), new Uint8Array(32), 0)],
    ['deriveChild, the share', () => deriveChild(new Uint8Array(32), new Uint8Array(31), 0)],
    ['deriveChild, the child index', () => deriveChild(new Uint8Array(32), new Uint8Array(32), 2 ** 32)],
    ['reconstructSet, an empty set', () => reconstructSet([])],
    ['reconstructSet, a child index', () => reconstructSet([{ share: new Uint8Array(32), childIndex: -1 }])],
  ])('%s refuses what is not 32 bytes, or not of 32 bits', (_, call) => {
    expect(call).toThrow(ArgumentError);
  });
});

describe('a set that lnd settled', () => {
  it('there are sets of one and of five shards among the recorded ones', () => {
    expect(new Set(ampEvents.map(({ htlcs }) => htlcs.length))).toEqual(new Set([1, 5]));
  });

  it.each(ampEvents.map((event, n) => ({ n, memo: event.memo, event })))(
    '$n "$memo" verifies',
    ({ event }) => {
      expect(verifySet(reported(event))).toMatchObject({ ok: true });
      const paid = event.htlcs.reduce((sum, { amt_msat }) => sum + BigInt(amt_msat), 0n);
      expect(paid).toBe(BigInt(Object.values(event.amp_invoice_state)[0]!.amt_paid_msat));
    },
  );

  const five = reported(ampEvents.find(({ htlcs }) => htlcs.length === 5)!);
  const flipped = (data: Uint8Array): Uint8Array => data.with(31, data[31]! ^ 1);

  it.each([
    ['without its shards', [], { ok: false, reason: 'no shards' }],
    ['with one shard missing', five.slice(1), { ok: false, reason: 'preimage differs', shard: 0 }],
    ['with one shard twice', [...five, five[0]!], { ok: false, reason: 'preimage differs', shard: 0 }],
    [
      'with one bit of a share changed',
      five.with(2, { ...five[2]!, share: flipped(five[2]!.share) }),
      { ok: false, reason: 'preimage differs', shard: 0 },
    ],
    [
      'with another child index',
      five.with(3, { ...five[3]!, childIndex: five[3]!.childIndex + 1 }),
      { ok: false, reason: 'preimage differs', shard: 3 },
    ],
    [
      'with one bit of a preimage changed',
      five.with(4, { ...five[4]!, preimage: flipped(five[4]!.preimage) }),
      { ok: false, reason: 'preimage differs', shard: 4 },
    ],
    [
      'with an empty preimage',
      five.with(1, { ...five[1]!, preimage: new Uint8Array() }),
      { ok: false, reason: 'preimage differs', shard: 1 },
    ],
    [
      'with one bit of a hash changed',
      five.with(1, { ...five[1]!, hash: flipped(five[1]!.hash) }),
      { ok: false, reason: 'hash differs', shard: 1 },
    ],
  ])('%s is no such set', (_, shards, verdict) => {
    expect(verifySet(shards)).toEqual(verdict);
  });
});
