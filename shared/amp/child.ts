import { hash } from 'node:crypto';
import { ArgumentError, checkBytes32, checkU32 } from './argument.ts';
import { mergeShares, SHARE_BYTES } from './share.ts';

/** What an HTLC of a set carries of the root: its share, and the index that its preimage is derived with. */
export interface ChildDescription {
  /** 32 bytes */
  share: Uint8Array;
  /** unsigned, 32 bits */
  childIndex: number;
}

/** The preimage that settles one HTLC of a set, and the payment hash of that HTLC; 32 bytes each. */
export interface Child {
  preimage: Uint8Array;
  hash: Uint8Array;
}

// A plain array instead of a Buffer, whose slice() would share memory.
const sha256 = (bytes: Uint8Array): Uint8Array => {
  const digest = hash('sha256', bytes, 'buffer');
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
};

// Hashing is synchronous, so one buffer serves every derivation.
const seed = new Uint8Array(SHARE_BYTES + SHARE_BYTES + 4);
const seedView = new DataView(seed.buffer);

const derive = (root: Uint8Array, share: Uint8Array, childIndex: number): Child => {
  seed.set(root, 0);
  seed.set(share, SHARE_BYTES);
  seedView.setUint32(SHARE_BYTES * 2, childIndex);
  const preimage = sha256(seed);
  return { preimage, hash: sha256(preimage) };
};

/**
 * Derive the preimage SHA256(root || share || be32(childIndex)) and its hash, the payment hash of the HTLC.
 * @param root 32 bytes, the XOR of all shares of the set
 * @param share 32 bytes
 * @param childIndex unsigned, 32 bits
 * @throws ArgumentError
 * @see lnd amp/derivation.go
 */
export function deriveChild(root: Uint8Array, share: Uint8Array, childIndex: number): Child {
  checkBytes32('root', root);
  checkBytes32('share', share);
  checkU32('childIndex', childIndex);
  return derive(root, share, childIndex);
}

/**
 * Put a whole set together: its root, and a child for each description, in their order.
 *
 * A set that lacks a share gives another root and children that no HTLC was locked to; only comparing the hashes
 * tells, see {@link verifySet}.
 * @throws ArgumentError for no descriptions at all, or a malformed one
 */
export function reconstructSet(descriptions: readonly ChildDescription[]): {
  root: Uint8Array;
  children: Child[];
} {
  if (descriptions.length === 0) throw new ArgumentError('descriptions', 'an empty list', 'a set');
  const root = mergeShares(descriptions.map((description) => description.share));
  const children = descriptions.map(({ share, childIndex }) => {
    checkU32('childIndex', childIndex);
    return derive(root, share, childIndex);
  });
  return { root, children };
}
