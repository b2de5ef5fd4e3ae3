import { createHash } from 'node:crypto';
import Big from 'big.js';
import { validationError } from './errors.ts';
import type { Item, Value } from './value.ts';

/*
 * Keys are bytes whose order is DynamoDB's order, so that a query is a range of lmdb.
 *   item   table id (4) · partition key · sort key
 *   index  table id (4) · index number (1) · index keys · partition key · sort key
 *   stream table id (4) · sequence (8)
 * Each part ends with what sorts before everything it could go on with.
 */

/** Index number of the expiry times; the secondary indexes count from 1. */
export const EXPIRY_INDEX = 0;

// lmdb's limit with pages of 8 kB
const LONGEST = 4026;

const END = Buffer.from([0, 0]);

/** Bytes in their own order: a zero byte becomes 00 FF, the end is 00 00. */
function escapeZeros(bytes: Buffer): Buffer {
  if (!bytes.includes(0)) return bytes;
  const escaped: number[] = [];
  for (const byte of bytes) byte === 0 ? escaped.push(0, 0xff) : escaped.push(byte);
  return Buffer.from(escaped);
}

/**
 * A number in numeric order: sign, exponent (-130 to 125, shifted by 130), digits plus 1, and an end of 0; for
 * negative numbers all bits but the sign's are turned over.
 */
function encodeNumber(text: string): Buffer {
  const { s, e, c } = new Big(text);
  if (c[0] === 0) return Buffer.from([1]);
  const magnitude = [e + 130, ...c.map((digit) => digit + 1), 0];
  return Buffer.from(s === 1 ? [2, ...magnitude] : [0, ...magnitude.map((byte) => 255 - byte)]);
}

/** The bytes of a key attribute without their end: what all keys that begin with it begin with. */
export function encodePrefix(value: Value): Buffer {
  if (value.S !== undefined) return escapeZeros(Buffer.from(value.S));
  return escapeZeros(Buffer.from(value.B ?? '', 'base64'));
}

export function encodePart(value: Value): Buffer {
  return value.N !== undefined ? encodeNumber(value.N) : Buffer.concat([encodePrefix(value), END]);
}

export function tablePrefix(tableId: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(tableId);
  return bytes;
}

export const indexPrefix = (tableId: number, index: number): Buffer =>
  Buffer.concat([tablePrefix(tableId), Buffer.from([index])]);

/** @param names the key attributes, partition key first @throws ValidationException when the key is too long */
export function itemKey(tableId: number, names: string[], item: Item): Buffer {
  const key = Buffer.concat([tablePrefix(tableId), ...names.map((name) => encodePart(item[name]!))]);
  if (key.length > LONGEST) {
    throw validationError(
      `the embedded table holds keys of up to ${LONGEST} encoded bytes, this one has ${key.length}`,
    );
  }
  return key;
}

/** The key of an index entry: its own values, then the item's key, or its hash where lmdb has no room for that. */
export function indexKey(tableId: number, index: number, values: Value[], item: Buffer): Buffer {
  const own = Buffer.concat([indexPrefix(tableId, index), ...values.map(encodePart)]);
  const key = Buffer.concat([own, item.subarray(4)]);
  if (key.length <= LONGEST) return key;
  return Buffer.concat([own, createHash('sha256').update(item).digest()]);
}

export function streamKey(tableId: number, sequence: number): Buffer {
  const key = Buffer.alloc(12);
  key.writeUInt32BE(tableId);
  key.writeBigUInt64BE(BigInt(sequence), 4);
  return key;
}

export const sequenceOf = (key: Buffer): number => Number(key.readBigUInt64BE(4));

/** The first key behind all keys that begin with `prefix`. */
export function after(prefix: Buffer): Buffer {
  let length = prefix.length;
  while (prefix[length - 1] === 0xff) length--;
  const next = Buffer.from(prefix.subarray(0, length));
  next[length - 1] = next[length - 1]! + 1;
  return next;
}
