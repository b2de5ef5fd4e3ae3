import { ArgumentError, checkBytes32 } from './argument.ts';

/** Bytes of a share, a root, a set id, a payment address, a hash and a preimage. */
export const SHARE_BYTES = 32;

/** A source of random bytes, as `node:crypto`'s randomBytes: gives exactly `size` bytes. */
export type Random = (size: number) => Uint8Array;

/** The share that changes nothing when it is merged: 32 zero bytes, made anew for each caller. */
export const zeroShare = (): Uint8Array => new Uint8Array(SHARE_BYTES);

/** Whether a share is 32 zero bytes. */
export const isZeroShare = (share: Uint8Array): boolean => {
  checkBytes32('share', share);
  return share.every((byte) => byte === 0);
};

/**
 * XOR two shares into a new one.
 * @throws ArgumentError when one is not 32 bytes
 */
export function xorShares(a: Uint8Array, b: Uint8Array): Uint8Array {
  checkBytes32('share', a);
  checkBytes32('share', b);
  const result = new Uint8Array(SHARE_BYTES);
  for (let i = 0; i < SHARE_BYTES; i++) result[i] = a[i]! ^ b[i]!;
  return result;
}

/**
 * Put shares together: the XOR of all of them, which is the root when none of a set is missing.
 * @throws ArgumentError when one is not 32 bytes
 */
export function mergeShares(shares: Iterable<Uint8Array>): Uint8Array {
  const merged = zeroShare();
  for (const share of shares) {
    checkBytes32('share', share);
    for (let i = 0; i < SHARE_BYTES; i++) merged[i]! ^= share[i]!;
  }
  return merged;
}

/**
 * Split a share into a random left one and the right one that makes up for it: their XOR is the share.
 * @param random asked once, for 32 bytes
 * @throws ArgumentError for the zero share: nothing is left of it to give away (as in lnd, amp/sharer.go)
 */
export function splitShare(share: Uint8Array, random: Random): [left: Uint8Array, right: Uint8Array] {
  if (isZeroShare(share)) throw new ArgumentError('share', 'the zero share', 'one that can be split');
  const left = random(SHARE_BYTES);
  return [left, xorShares(share, left)];
}
