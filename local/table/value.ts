import Big from 'big.js';
import validations from 'dynalite/validations/index.js';
import { validationError } from './errors.ts';

/** An attribute value as it travels: one field, named by its type; numbers are decimal text, bytes base64. */
export type Value = {
  S?: string;
  N?: string;
  B?: string;
  BOOL?: boolean;
  NULL?: boolean;
  SS?: string[];
  NS?: string[];
  BS?: string[];
  L?: Value[];
  M?: Item;
};

export type Item = Record<string, Value>;

export type ValueType = keyof Value;

export const typeOf = (value: Value): ValueType => Object.keys(value)[0] as ValueType;

const setOf = (value: Value): string[] | undefined => value.SS ?? value.NS ?? value.BS;

const bytesOf = (base64: string) => Buffer.from(base64, 'base64');

/** Equality as conditions see it: sets without order, documents all the way down. */
export function equalValues(a: Value, b: Value): boolean {
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  const set = setOf(a);
  if (set) {
    const other = new Set(setOf(b));
    return set.length === other.size && set.every((member) => other.has(member));
  }
  if (a.L) return a.L.length === b.L!.length && a.L.every((member, i) => equalValues(member, b.L![i]!));
  if (a.M) return equalItems(a.M, b.M!);
  return a[type] === b[type];
}

export function equalItems(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && equalValues(a[name]!, b[name]!));
}

/** Order of two strings, numbers or byte strings; undefined when their types differ or have no order. */
export function compareValues(a: Value, b: Value): number | undefined {
  if (a.S !== undefined && b.S !== undefined) return Buffer.compare(Buffer.from(a.S), Buffer.from(b.S));
  if (a.N !== undefined && b.N !== undefined) return new Big(a.N).cmp(b.N);
  if (a.B !== undefined && b.B !== undefined) return Buffer.compare(bytesOf(a.B), bytesOf(b.B));
  return undefined;
}

/** What `size()` of a condition gives: bytes of a string or byte string, members of a set, list or map. */
export function sizeOperand(value: Value): number | undefined {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.B !== undefined) return bytesOf(value.B).length;
  if (value.M) return Object.keys(value.M).length;
  return (setOf(value) ?? value.L)?.length;
}

// Sizes after https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
function valueSize(value: Value): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberSize(value.N);
  if (value.B !== undefined) return bytesOf(value.B).length;
  if (value.M) return 3 + Object.keys(value.M).length + itemSize(value.M);
  if (value.L) return value.L.reduce((sum, member) => sum + 1 + valueSize(member), 3);
  if (value.NS) return value.NS.reduce((sum, member) => sum + numberSize(member), 0);
  if (value.SS) return value.SS.reduce((sum, member) => sum + Buffer.byteLength(member), 0);
  if (value.BS) return value.BS.reduce((sum, member) => sum + bytesOf(member).length, 0);
  return 1;
}

function numberSize(text: string): number {
  const digits = text.replace(/[-.]/g, '').replace(/^0+|0+$/g, '').length;
  return 1 + Math.ceil(digits / 2) + (text.startsWith('-') ? 1 : 0);
}

/** Bytes that an item counts for: attribute names and values in UTF-8. */
export function itemSize(item: Item): number {
  let size = 0;
  for (const name in item) size += Buffer.byteLength(name) + valueSize(item[name]!);
  return size;
}

/**
 * Checks values and brings their numbers into one notation, in place.
 *
 * @throws ValidationException for a number beyond 38 digits or its magnitude, an empty set, two types in one value
 */
export function checkValues(values: Record<string, Value> | undefined, what = ''): void {
  for (const name in values) {
    const message = validations.validateAttributeValue(values[name]);
    if (message) throw validationError(what ? `${what}: ${message} for key ${name}` : message);
    if (values[name]!.N === '-0') values[name] = { N: '0' };
  }
}

/** Adds or subtracts two numbers exactly. @throws ValidationException when the result needs more than 38 digits */
export function addNumbers(a: string, b: string, sign: 1 | -1): Value {
  const sum = { value: { N: sign === 1 ? new Big(a).plus(b).toFixed() : new Big(a).minus(b).toFixed() } };
  checkValues(sum);
  return sum.value;
}
