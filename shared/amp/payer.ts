import { ArgumentError, checkBytes32, checkU64 } from './argument.ts';
import { deriveChild } from './child.ts';
import type { AmpRecord, MppRecord } from './record.ts';
import { type Random, splitShare } from './share.ts';

/** One HTLC that a payer is to send: its amount in msat, its onion records, and the hash that locks it (32 bytes). */
export interface Shard {
  amountMsat: bigint;
  amp: AmpRecord;
  mpp: MppRecord;
  hash: Uint8Array;
}

/** A payment to be split. `root`, `setId` and `paymentAddr` are 32 bytes; the payer makes the first two at random. */
export interface Payment {
  totalMsat: bigint;
  /** how many HTLCs, at least 1, at most one for each msat */
  shards: number;
  root: Uint8Array;
  setId: Uint8Array;
  paymentAddr: Uint8Array;
  random: Random;
}

const randomIndex = (random: Random): number => {
  const bytes = random(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
};

const lock = (root: Uint8Array, amountMsat: bigint, amp: AmpRecord, mpp: MppRecord): Shard => {
  return { amountMsat, amp, mpp, hash: deriveChild(root, amp.rootShare, amp.childIndex).hash };
};

/**
 * Split a payment into shards whose amounts differ by 1 msat at most and whose shares XOR to the root.
 * All but the last share are random, the last is what is left of the root; child indexes are random.
 * @throws ArgumentError for a total of 0, no shards, or more shards than msat
 */
export function splitPayment({ totalMsat, shards, root, setId, paymentAddr, random }: Payment): Shard[] {
  checkU64('totalMsat', totalMsat, 1n);
  checkBytes32('root', root);
  checkBytes32('setId', setId);
  checkBytes32('paymentAddr', paymentAddr);
  if (!Number.isSafeInteger(shards) || shards < 1 || BigInt(shards) > totalMsat) {
    throw new ArgumentError('shards', String(shards), `a whole number from 1 to ${totalMsat}`);
  }
  const mpp: MppRecord = { paymentAddr, totalMsat };
  const each = totalMsat / BigInt(shards);
  const larger = Number(totalMsat % BigInt(shards));
  const split: Shard[] = [];
  let rest = root;
  for (let i = 0; i < shards; i++) {
    let rootShare = rest;
    if (i < shards - 1) [rootShare, rest] = splitShare(rest, random);
    const amp: AmpRecord = { rootShare, setId, childIndex: randomIndex(random) };
    split.push(lock(root, i < larger ? each + 1n : each, amp, mpp));
  }
  return split;
}

/** The shard to send in place of one that failed on its way: another child index, so another hash, the same share. */
export function retryShard(shard: Shard, root: Uint8Array, random: Random): Shard {
  const failed = shard.amp.childIndex;
  const drawn = randomIndex(random);
  const childIndex = drawn === failed ? (drawn + 1) >>> 0 : drawn;
  return lock(root, shard.amountMsat, { ...shard.amp, childIndex }, shard.mpp);
}

/**
 * The two shards to send in place of one that was too large for its way: half the amount each, shares that XOR to its share.
 * @throws ArgumentError for a shard of 1 msat, or one with the zero share
 */
export function divideShard(shard: Shard, root: Uint8Array, random: Random): [Shard, Shard] {
  const { amountMsat, amp, mpp } = shard;
  if (amountMsat < 2n)
    throw new ArgumentError('amountMsat', String(amountMsat), 'an amount that can be divided');
  const [left, right] = splitShare(amp.rootShare, random);
  const half = amountMsat / 2n;
  const part = (amount: bigint, rootShare: Uint8Array): Shard =>
    lock(root, amount, { ...amp, rootShare, childIndex: randomIndex(random) }, mpp);
  return [part(amountMsat - half, left), part(half, right)];
}
