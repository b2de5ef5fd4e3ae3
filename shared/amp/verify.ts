import { type Child, type ChildDescription, reconstructSet } from './child.ts';

/** What a node reports of one settled HTLC of a set. */
export interface ReportedShard extends ChildDescription, Child {}

/** The verdict on a set: its root, or the first shard (by position) that isn't what its shares make it. */
export type SetVerdict =
  | { ok: true; root: Uint8Array }
  | { ok: false; reason: 'no shards' }
  | { ok: false; reason: 'preimage differs' | 'hash differs'; shard: number };

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/**
 * Check that a reported set is a real one: its shares make a root from which every reported preimage and hash follows.
 * One share too few, too many or altered changes the root, and with it every child.
 *
 * Amounts are not looked at: that they sum to what was paid is the caller's to check.
 * @throws ArgumentError when a share is not 32 bytes or a child index not an unsigned 32-bit number
 */
export function verifySet(shards: readonly ReportedShard[]): SetVerdict {
  if (shards.length === 0) return { ok: false, reason: 'no shards' };
  const { root, children } = reconstructSet(shards);
  for (const [shard, derived] of children.entries()) {
    const reported = shards[shard]!;
    if (!sameBytes(derived.preimage, reported.preimage))
      return { ok: false, reason: 'preimage differs', shard };
    if (!sameBytes(derived.hash, reported.hash)) return { ok: false, reason: 'hash differs', shard };
  }
  return { ok: true, root };
}
