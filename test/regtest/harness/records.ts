import { randomBytes } from 'node:crypto';

/** TLV types of custom records that payers use. */
export const TEXT_MESSAGE = 34349334n;
export const BOOST_METADATA = 7629169n;
export const KEYSEND_PREIMAGE = 5482373484n;

/** What lnd's JSON-like messages hold for a `map<uint64, bytes>`. */
export type WireRecords = Record<string, Buffer>;

/** Custom records as a request wants them: keys in decimal digits. */
export const writeRecords = (records: ReadonlyMap<bigint, Uint8Array> = new Map()): WireRecords =>
  Object.fromEntries([...records].map(([type, value]) => [String(type), Buffer.from(value)]));

/**
 * Custom records as a response holds them. The proto loader gives each key as the eight bytes of the number, little
 * endian, in a string of eight characters.
 */
export const readRecords = (records: WireRecords): Map<bigint, Buffer> =>
  new Map(
    Object.entries(records).map(([key, value]) => [Buffer.from(key, 'latin1').readBigUInt64LE(), value]),
  );

/** A fresh preimage, for a payment whose hash the payer chooses. */
export const randomPreimage = (): Buffer => randomBytes(32);
