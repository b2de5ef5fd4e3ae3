import { createHash } from 'node:crypto';
import { HANDLE, OPTION_ID } from '../contract/forms.ts';

/** Names that would read as a part of the service, or of the web, and so may not be a creator's. */
export const RESERVED_HANDLES: ReadonlySet<string> = new Set(
  `about abuse account accounts admin administrator ampjar anonymous api app assets auth billing blog cdn
  contact dashboard dev docs embed favicon feed goal health help home hostmaster info invoice invoices legal lightning
  lnurl lnurlp login logout mail me node null oembed official openapi owner pay payment payments postmaster press privacy
  public qr receipt receipts register robots root security settings setup signup static stats status support system team
  terms test tip tips totals undefined user users v1 v2 webhook webhooks webmaster well-known widget www`.split(
    /\s+/,
  ),
);

/** Whether a text can be a handle at all; reserved names are handles in form. */
export const isHandle = (value: string) => HANDLE.test(value);

/** Thrown for a handle that can't be given to a creator. */
export class HandleError extends Error {
  override readonly name = 'HandleError';
}

/**
 * Check a handle that someone wants for a creator.
 * @throws HandleError when it is malformed or reserved
 */
export function parseHandle(value: string): string {
  if (!isHandle(value)) {
    throw new HandleError(
      `handle: ${JSON.stringify(value.slice(0, 40))} is not 2 to 30 lower case letters, digits and single hyphens within`,
    );
  }
  if (RESERVED_HANDLES.has(value)) throw new HandleError(`handle: "${value}" is reserved`);
  return value;
}

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Ten letters for 50 bits, without l, o, 0 and 1: short enough for a memo, opaque, unlikely to meet twice. */
const toOptionId = (bytes: Uint8Array) =>
  Array.from(bytes.subarray(0, 10), (byte) => ALPHABET[byte & 31]).join('');

/** Whether a text has the form of a tip option's id. */
export const isOptionId = (value: string) => OPTION_ID.test(value);

/** A new tip option's id from 10 or more random bytes. */
export const newOptionId = (random: (length: number) => Uint8Array) => toOptionId(random(10));

/**
 * The id of a creator's open option. It follows from the handle, so that a request without `?option=` needs one read
 * alone.
 */
export const openOptionId = (handle: string) =>
  toOptionId(createHash('sha256').update(`ampjar open option of ${handle}`).digest());
