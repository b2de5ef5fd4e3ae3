import { checkBytes32, checkU32, checkU64 } from './argument.ts';

/** TLV type of the MPP record (`payment_data`) in an onion payload, BOLT 4. */
export const MPP_TYPE = 8;
/** TLV type of the AMP record in an onion payload, lnd record/amp.go. */
export const AMP_TYPE = 14;

/** Says which invoice an HTLC is for, and how much its whole set is to bring. */
export interface MppRecord {
  /** 32 bytes */
  paymentAddr: Uint8Array;
  /** msat, unsigned, 64 bits */
  totalMsat: bigint;
}

/** Says which set an HTLC belongs to, and carries its share of the set's root. */
export interface AmpRecord {
  /** 32 bytes */
  rootShare: Uint8Array;
  /** 32 bytes */
  setId: Uint8Array;
  /** unsigned, 32 bits */
  childIndex: number;
}

/** What can be wrong with the bytes of a record. */
export type RecordFault =
  | 'wrong type'
  | 'too short'
  | 'too long'
  | 'length mismatch'
  | 'trailing bytes'
  | 'leading zero byte';

/** Bytes that were refused as a TLV record: which record, and why. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly record: 'MPP' | 'AMP';
  readonly reason: RecordFault;
  constructor(record: 'MPP' | 'AMP', reason: RecordFault, detail: string) {
    super(`${record} record: ${reason}, ${detail}`);
    this.record = record;
    this.reason = reason;
  }
}

interface Layout {
  name: 'MPP' | 'AMP';
  type: number;
  /** bytes before the truncated integer */
  fixed: number;
  /** bytes of the integer at most */
  integer: number;
}

const MPP: Layout = { name: 'MPP', type: MPP_TYPE, fixed: 32, integer: 8 };
const AMP: Layout = { name: 'AMP', type: AMP_TYPE, fixed: 64, integer: 4 };

// Below 0xfd a BigSize is its own byte (BOLT 1). Both types and all valid lengths are.
const LONGEST_ONE_BYTE_BIGSIZE = 0xfc;
const HEADER_BYTES = 2;

/** `tu32` and `tu64` of BOLT 1: big-endian without leading zero bytes, so that zero has no bytes at all. */
const truncated = (value: bigint): Uint8Array => {
  const bytes: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  return Uint8Array.from(bytes);
};

const encode = (layout: Layout, parts: readonly Uint8Array[], integer: bigint): Uint8Array => {
  const tail = truncated(integer);
  const value = [...parts, tail].flatMap((part) => [...part]);
  return Uint8Array.of(layout.type, value.length, ...value);
};

/** Check type, length and integer of a record; gives its value's bytes and the integer. */
const decode = (layout: Layout, bytes: Uint8Array): { value: Uint8Array; integer: bigint } => {
  const { name, type, fixed } = layout;
  const max = fixed + layout.integer;
  const refuse = (reason: RecordFault, detail: string): never => {
    throw new RecordError(name, reason, detail);
  };
  if (bytes.length < HEADER_BYTES) refuse('too short', `${bytes.length} bytes have no type and length`);
  if (bytes[0] !== type) refuse('wrong type', `${bytes[0]} is not ${type}`);
  const length = bytes[1]!;
  if (length > LONGEST_ONE_BYTE_BIGSIZE)
    refuse('too long', `its length takes more than a byte, ${max} is most`);
  if (length < fixed) refuse('too short', `${length} is not ${fixed} to ${max} bytes`);
  if (length > max) refuse('too long', `${length} is not ${fixed} to ${max} bytes`);
  const value = bytes.subarray(HEADER_BYTES);
  if (value.length < length) refuse('length mismatch', `${value.length} bytes follow a length of ${length}`);
  if (value.length > length) refuse('trailing bytes', `${value.length - length} after the record`);
  if (length > fixed && value[fixed] === 0) refuse('leading zero byte', 'the integer is not minimal');
  let integer = 0n;
  for (const byte of value.subarray(fixed)) integer = (integer << 8n) | BigInt(byte);
  return { value, integer };
};

/**
 * Write an MPP record: TLV type 8, length 32 to 40, payment address, total as a truncated u64.
 * @throws ArgumentError
 */
export function encodeMppRecord({ paymentAddr, totalMsat }: MppRecord): Uint8Array {
  checkBytes32('paymentAddr', paymentAddr);
  checkU64('totalMsat', totalMsat);
  return encode(MPP, [paymentAddr], totalMsat);
}

/**
 * Read an MPP record, TLV type and length included, and nothing after it.
 * @throws RecordError
 */
export function decodeMppRecord(bytes: Uint8Array): MppRecord {
  const { value, integer } = decode(MPP, bytes);
  return { paymentAddr: Uint8Array.from(value.subarray(0, 32)), totalMsat: integer };
}

/**
 * Write an AMP record: TLV type 14, length 64 to 68, root share, set id, child index as a truncated u32.
 * @throws ArgumentError
 */
export function encodeAmpRecord({ rootShare, setId, childIndex }: AmpRecord): Uint8Array {
  checkBytes32('rootShare', rootShare);
  checkBytes32('setId', setId);
  checkU32('childIndex', childIndex);
  return encode(AMP, [rootShare, setId], BigInt(childIndex));
}

/**
 * Read an AMP record, TLV type and length included, and nothing after it.
 * @throws RecordError
 */
export function decodeAmpRecord(bytes: Uint8Array): AmpRecord {
  const { value, integer } = decode(AMP, bytes);
  return {
    rootShare: Uint8Array.from(value.subarray(0, 32)),
    setId: Uint8Array.from(value.subarray(32, 64)),
    childIndex: Number(integer),
  };
}
