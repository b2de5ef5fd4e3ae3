import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type IncomingHtlc, SetCollector, splitPayment } from '../../../shared/amp/index.ts';

const setOf = (totalMsat: bigint, shards: number, name: string): IncomingHtlc[] =>
  splitPayment({
    totalMsat,
    shards,
    root: randomBytes(32),
    setId: randomBytes(32),
    paymentAddr: randomBytes(32),
    random: randomBytes,
  }).map((shard, i) => ({ key: `${name}:${i}`, ...shard }));

const addAll = (collector: SetCollector, htlcs: readonly IncomingHtlc[]) =>
  htlcs.map((htlc) => collector.add(htlc, 0));

describe('a set is held until its sum reaches its total', () => {
  it('says what is missing, and gives no preimage before', () => {
    const collector = new SetCollector();
    const [a, b, c] = setOf(10n, 3, 'set');
    expect(collector.add(a!, 0)).toEqual({ state: 'held', missingMsat: 6n });
    expect(collector.add(b!, 0)).toEqual({ state: 'held', missingMsat: 3n });
    const outcome = collector.add(c!, 0);
    expect(outcome).toMatchObject({
      state: 'whole',
      set: { setId: a!.amp.setId, paymentAddr: a!.mpp.paymentAddr, totalMsat: 10n, paidMsat: 10n },
    });
    if (outcome.state !== 'whole') return;
    expect(outcome.set.htlcs.map(({ key }) => key)).toEqual(['set:0', 'set:1', 'set:2']);
    for (const { preimage, hash } of outcome.set.htlcs) {
      expect(createHash('sha256').update(preimage).digest().equals(hash)).toBe(true);
    }
    expect(collector.size).toBe(0);
  });

  it('sets that come interleaved do not mix', () => {
    const collector = new SetCollector();
    const sets = ['a', 'b', 'c'].map((name) => setOf(1_000n, 5, name));
    const mixed = [0, 1, 2, 3, 4].flatMap((i) => sets.map((set) => set[i]!));
    const states = addAll(collector, mixed).map(({ state }) => state);
    expect(states).toEqual([...Array(12).fill('held'), 'whole', 'whole', 'whole']);
  });

  it('a set that brings more than its total is whole, with what it really brought', () => {
    const collector = new SetCollector();
    const [a, b] = setOf(10n, 2, 'set');
    collector.add(a!, 0);
    const outcome = collector.add({ ...b!, amountMsat: 900n }, 0);
    expect(outcome).toMatchObject({ state: 'whole', set: { totalMsat: 10n, paidMsat: 905n } });
  });

  it('what else a caller knows of an HTLC comes back with it', () => {
    const collector = new SetCollector<IncomingHtlc & { message: string }>();
    const outcome = collector.add({ ...setOf(1n, 1, 'set')[0]!, message: 'hello' }, 0);
    expect(outcome).toMatchObject({ state: 'whole', set: { htlcs: [{ message: 'hello' }] } });
  });
});

describe('one HTLC is refused and its set goes on', () => {
  const blank = new Uint8Array(32);
  it.each<[string, (htlc: IncomingHtlc) => IncomingHtlc]>([
    ['payment address disagrees', (h) => ({ ...h, mpp: { ...h.mpp, paymentAddr: randomBytes(32) } })],
    ['total disagrees', (h) => ({ ...h, mpp: { ...h.mpp, totalMsat: 11n } })],
    ['no total', (h) => ({ ...h, mpp: { ...h.mpp, totalMsat: 0n } })],
    ['blank set id', (h) => ({ ...h, amp: { ...h.amp, setId: blank } })],
    ['key in use', (h) => ({ ...h, key: 'set:0' })],
  ])('%s', (reason, spoil) => {
    const collector = new SetCollector();
    const [a, b] = setOf(10n, 2, 'set');
    collector.add(a!, 0);
    expect(collector.add(spoil(b!), 0)).toEqual({ state: 'refused', reason });
    expect(collector.add(b!, 0)).toMatchObject({ state: 'whole' });
  });

  it('an HTLC that is held and comes again unaltered counts once', () => {
    const collector = new SetCollector();
    const [a, b, c] = setOf(9n, 3, 'set');
    collector.add(a!, 0);
    collector.add(b!, 0);
    expect(collector.add({ ...b! }, 0)).toEqual({ state: 'held', missingMsat: 3n });
    expect(collector.add(c!, 0)).toMatchObject({ state: 'whole', set: { paidMsat: 9n } });
  });

  it('a key that another set uses is refused, until that set is gone', () => {
    const collector = new SetCollector();
    const [a] = setOf(10n, 2, 'same');
    const other = setOf(10n, 1, 'same')[0]!;
    collector.add(a!, 0);
    expect(collector.add(other, 0)).toEqual({ state: 'refused', reason: 'key in use' });
    collector.drop(a!.amp.setId);
    expect(collector.add(other, 0)).toMatchObject({ state: 'whole' });
  });
});

describe('a set whose shares do not fit its hashes fails as a whole', () => {
  const spoilt: [string, (htlc: IncomingHtlc) => IncomingHtlc][] = [
    ['a hash that no share leads to', (h) => ({ ...h, hash: randomBytes(32) })],
    ['an altered share', (h) => ({ ...h, amp: { ...h.amp, rootShare: randomBytes(32) } })],
    [
      'an altered child index',
      (h) => ({ ...h, amp: { ...h.amp, childIndex: h.amp.childIndex ^ 1 ? 1 : 2 } }),
    ],
  ];
  it.each(spoilt.flatMap(([name, spoil]) => [0, 1, 2].map((at) => ({ name, spoil, at }))))(
    '$name, in HTLC $at',
    ({ spoil, at }) => {
      const collector = new SetCollector();
      const good = setOf(9n, 3, 'set');
      const htlcs = good.with(at, spoil(good[at]!));
      const outcomes = addAll(collector, htlcs);
      expect(outcomes.at(-1)).toEqual({ state: 'failed', reason: 'hash mismatch', htlcs });
      expect(collector.size).toBe(0);
      expect(addAll(collector, good).at(-1)).toMatchObject({ state: 'whole' });
    },
  );

  it('one shard paid twice, in place of the one that is missing', () => {
    const collector = new SetCollector();
    const [a, b] = setOf(9n, 3, 'set');
    const outcomes = addAll(collector, [a!, b!, { ...b!, key: 'set:again' }]);
    expect(outcomes.at(-1)).toMatchObject({ state: 'failed' });
  });
});

describe('a set that stays incomplete is let go', () => {
  it('by the time of its first HTLC, and its HTLCs are given back to be failed', () => {
    const collector = new SetCollector();
    const [a, b, c] = setOf(9n, 3, 'old');
    const [young] = setOf(9n, 3, 'young');
    collector.add(a!, 1_000);
    collector.add(b!, 60_000);
    collector.add(young!, 2_000);
    expect(collector.expire(1_000)).toEqual([]);
    expect(collector.expire(1_001)).toEqual([a, b]);
    expect(collector.size).toBe(1);
    expect(collector.add(c!, 61_001)).toEqual({ state: 'held', missingMsat: 6n });
  });

  it('and may be sent again from the start', () => {
    const collector = new SetCollector();
    const htlcs = setOf(9n, 3, 'set');
    addAll(collector, htlcs.slice(0, 2));
    expect(collector.drop(htlcs[0]!.amp.setId)).toEqual(htlcs.slice(0, 2));
    expect(collector.drop(htlcs[0]!.amp.setId)).toEqual([]);
    expect(addAll(collector, htlcs).at(-1)).toMatchObject({ state: 'whole' });
  });
});

describe('an HTLC that is none is refused at the door', () => {
  const good = setOf(9n, 1, 'set')[0]!;
  it.each<[string, IncomingHtlc]>([
    ['hash', { ...good, hash: new Uint8Array(20) }],
    ['amountMsat', { ...good, amountMsat: 0n }],
    ['amountMsat', { ...good, amountMsat: -9n }],
    ['mpp.paymentAddr', { ...good, mpp: { ...good.mpp, paymentAddr: new Uint8Array() } }],
    ['mpp.totalMsat', { ...good, mpp: { ...good.mpp, totalMsat: 2n ** 64n } }],
    ['amp.rootShare', { ...good, amp: { ...good.amp, rootShare: new Uint8Array(31) } }],
    ['amp.setId', { ...good, amp: { ...good.amp, setId: new Uint8Array(31) } }],
    ['amp.childIndex', { ...good, amp: { ...good.amp, childIndex: 2 ** 32 } }],
  ])('%s', (field, htlc) => {
    const collector = new SetCollector();
    expect(() => collector.add(htlc, 0)).toThrow(expect.objectContaining({ name: 'ArgumentError', field }));
    expect(collector.size).toBe(0);
  });
});
