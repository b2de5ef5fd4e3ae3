import {
  AMP_TYPE,
  type AmpRecord,
  decodeAmpRecord,
  decodeMppRecord,
  encodeAmpRecord,
  encodeMppRecord,
  MPP_TYPE,
  type MppRecord,
} from '../../shared/amp/index.ts';

/** What the last hop of a route reads in its onion. Custom records are keyed by TLV type, 65536 and up. */
export interface FinalHopPayload {
  amountMsat: bigint;
  /** block height */
  cltvExpiry: number;
  mpp?: MppRecord;
  amp?: AmpRecord;
  customRecords: ReadonlyMap<bigint, Uint8Array>;
}

/** A payload that was refused: the TLV type in question, and why. */
export class OnionError extends Error {
  override readonly name = 'OnionError';
  readonly type: bigint;
  readonly reason: string;
  constructor(type: bigint, reason: string) {
    super(`onion payload, type ${type}: ${reason}`);
    this.type = type;
    this.reason = reason;
  }
}

/** BOLT 1: types from here on are for custom records. */
export const FIRST_CUSTOM_TYPE = 65_536n;
const AMOUNT_TYPE = 2;
const CLTV_TYPE = 4;
const METADATA_TYPE = 16;

const bigSize = (value: bigint): Uint8Array => {
  if (value < 0xfdn) return Uint8Array.of(Number(value));
  const wide = value < 0x1_0000n ? 2 : value < 0x1_0000_0000n ? 4 : 8;
  const bytes = Buffer.alloc(1 + wide);
  if (wide === 2) bytes.writeUInt16BE(Number(value), 1);
  if (wide === 4) bytes.writeUInt32BE(Number(value), 1);
  if (wide === 8) bytes.writeBigUInt64BE(value, 1);
  bytes[0] = wide === 2 ? 0xfd : wide === 4 ? 0xfe : 0xff;
  return bytes;
};

const record = (type: bigint, value: Uint8Array): Uint8Array =>
  Buffer.concat([bigSize(type), bigSize(BigInt(value.length)), value]);

const truncated = (value: bigint): Uint8Array => {
  const hex = value === 0n ? '' : value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
};

/** Write custom records as a TLV stream, in order of type: this is what lnd calls custom channel data. */
export function encodeCustomRecords(records: ReadonlyMap<bigint, Uint8Array>): Uint8Array {
  const sorted = [...records].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(sorted.map(([type, value]) => record(type, value)));
}

/**
 * Write the payload of a final hop as a TLV stream: amount (2), expiry (4), MPP (8), AMP (14), custom records.
 * @see BOLT 4, "`payload` format"
 */
export function encodePayload({
  amountMsat,
  cltvExpiry,
  mpp,
  amp,
  customRecords,
}: FinalHopPayload): Uint8Array {
  const parts = [
    record(BigInt(AMOUNT_TYPE), truncated(amountMsat)),
    record(BigInt(CLTV_TYPE), truncated(BigInt(cltvExpiry))),
  ];
  if (mpp !== undefined) parts.push(encodeMppRecord(mpp));
  if (amp !== undefined) parts.push(encodeAmpRecord(amp));
  if (customRecords.size > 0) parts.push(encodeCustomRecords(customRecords));
  return Buffer.concat(parts);
}

interface TlvRecord {
  type: bigint;
  value: Uint8Array;
  /** type and length included */
  bytes: Uint8Array;
}

function* readStream(bytes: Uint8Array): Generator<TlvRecord> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let last = -1n;
  const take = (size: number): number => {
    if (at + size > view.length) throw new OnionError(last, 'the payload ends within the record after it');
    at += size;
    return at - size;
  };
  const readBigSize = (): bigint => {
    const first = view[take(1)]!;
    if (first < 0xfd) return BigInt(first);
    const wide = first === 0xfd ? 2 : first === 0xfe ? 4 : 8;
    const start = take(wide);
    const value = wide === 8 ? view.readBigUInt64BE(start) : BigInt(view.readUIntBE(start, wide));
    if (value < (wide === 2 ? 0xfdn : wide === 4 ? 0x1_0000n : 0x1_0000_0000n)) {
      throw new OnionError(last, 'a number after it is not minimal');
    }
    return value;
  };
  while (at < view.length) {
    const start = at;
    const type = readBigSize();
    if (type <= last) throw new OnionError(type, `comes after type ${last}`);
    last = type;
    const length = readBigSize();
    if (length > BigInt(view.length - at)) throw new OnionError(type, 'is longer than the payload');
    const valueAt = take(Number(length));
    yield { type, value: view.subarray(valueAt, at), bytes: view.subarray(start, at) };
  }
}

const readTruncated = ({ type, value }: TlvRecord, most: number): bigint => {
  if (value.length > most) throw new OnionError(type, `${value.length} bytes are more than ${most}`);
  if (value[0] === 0) throw new OnionError(type, 'has a leading zero byte');
  return value.length === 0 ? 0n : BigInt(`0x${Buffer.from(value).toString('hex')}`);
};

/**
 * Read the payload of a final hop.
 * @throws OnionError when types aren't in order, a record is malformed, one is missing, or an unknown one is even
 * @throws RecordError for a malformed MPP or AMP record
 */
export function decodePayload(bytes: Uint8Array): FinalHopPayload {
  let amountMsat: bigint | undefined;
  let cltvExpiry: number | undefined;
  let mpp: MppRecord | undefined;
  let amp: AmpRecord | undefined;
  const customRecords = new Map<bigint, Uint8Array>();
  for (const tlv of readStream(bytes)) {
    if (tlv.type >= FIRST_CUSTOM_TYPE) customRecords.set(tlv.type, Uint8Array.from(tlv.value));
    else if (tlv.type === BigInt(AMOUNT_TYPE)) amountMsat = readTruncated(tlv, 8);
    else if (tlv.type === BigInt(CLTV_TYPE)) cltvExpiry = Number(readTruncated(tlv, 4));
    else if (tlv.type === BigInt(MPP_TYPE)) mpp = decodeMppRecord(tlv.bytes);
    else if (tlv.type === BigInt(AMP_TYPE)) amp = decodeAmpRecord(tlv.bytes);
    else if (tlv.type % 2n === 0n && tlv.type !== BigInt(METADATA_TYPE)) {
      throw new OnionError(tlv.type, 'is even and unknown');
    }
  }
  if (amountMsat === undefined) throw new OnionError(BigInt(AMOUNT_TYPE), 'is missing');
  if (cltvExpiry === undefined) throw new OnionError(BigInt(CLTV_TYPE), 'is missing');
  return { amountMsat, cltvExpiry, ...(mpp && { mpp }), ...(amp && { amp }), customRecords };
}
