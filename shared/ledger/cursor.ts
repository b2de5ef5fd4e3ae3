import { createHash } from 'node:crypto';

/** Thrown for a cursor that this feed did not give. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
  constructor() {
    super('cursor: not a cursor of this feed; leave it out to start with the newest tip');
  }
}

const TAG_BYTES = 8;

const tag = (handle: string, position: Uint8Array) =>
  createHash('sha256')
    .update(`ampjar cursor of ${handle}\n`)
    .update(position)
    .digest()
    .subarray(0, TAG_BYTES);

/**
 * A cursor of a creator's feed: the sequence number of the last tip shown, as 8 bytes, and a check over it and the
 * handle, base64url. The check tells a cursor of another creator or a damaged one; it keeps no secret, for a position
 * in a public feed is none.
 */
export function encodeCursor(handle: string, sequence: bigint): string {
  const position = Buffer.alloc(8);
  position.writeBigUInt64BE(sequence);
  return Buffer.concat([position, tag(handle, position)]).toString('base64url');
}

/**
 * The sequence number in a cursor.
 * @throws CursorError
 */
export function decodeCursor(handle: string, cursor: string): bigint {
  const all = /^[A-Za-z0-9_-]{22}$/.test(cursor) ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0);
  if (all.length !== 8 + TAG_BYTES || all.toString('base64url') !== cursor) throw new CursorError();
  const position = all.subarray(0, 8);
  if (!tag(handle, position).equals(all.subarray(8))) throw new CursorError();
  return position.readBigUInt64BE();
}
