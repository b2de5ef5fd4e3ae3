import db from 'dynalite/db/index.js';
import { type Condition, NAME, type Operand } from './expressions.ts';
import { compareValues, equalValues, type Item, sizeOperand, typeOf, type Value } from './value.ts';

/** Whether an item (`{}` when there is none) meets a condition or filter. */
export function matches(condition: Condition, item: Item, values: Item): boolean {
  if (condition.type === 'and') return condition.args.every((part) => matches(part, item, values));
  if (condition.type === 'or') return condition.args.some((part) => matches(part, item, values));
  if (condition.type === 'not') return !matches(condition.args[0] as Condition, item, values);
  const args = (condition.args as Operand[]).map((operand) => resolve(operand, item, values));
  return holds(condition.type === 'function' ? condition.name : condition.type, args);
}

function resolve(operand: Operand, item: Item, values: Item): Value | undefined {
  if (Array.isArray(operand)) return (db.mapPath(operand, item) ?? undefined) as Value | undefined;
  if (NAME in operand) return values[operand[NAME]];
  // Of the functions only size() can be an operand; the parser sees to that.
  const value = resolve(operand.args[0]!, item, values);
  const size = value && sizeOperand(value);
  return size === undefined ? undefined : { N: String(size) };
}

function holds(operator: string, [value, other, upper, ...more]: (Value | undefined)[]): boolean {
  if (operator === 'attribute_exists') return value !== undefined;
  if (operator === 'attribute_not_exists') return value === undefined;
  if (operator === '<>') return !value || !other || !equalValues(value, other);
  if (!value || !other) return false;
  switch (operator) {
    case '=':
      return equalValues(value, other);
    case 'in':
      return [other, upper, ...more].some((candidate) => candidate && equalValues(value, candidate));
    case 'between':
      return ordered(other, value) && upper !== undefined && ordered(value, upper);
    case '<=':
      return ordered(value, other);
    case '>=':
      return ordered(other, value);
    case '<':
      return ordered(value, other) && !ordered(other, value);
    case '>':
      return ordered(other, value) && !ordered(value, other);
    case 'begins_with':
      return beginsWith(value, other);
    case 'contains':
      return contains(value, other);
    case 'attribute_type':
      return typeOf(value) === other.S;
    default:
      throw new Error(`condition operator is ${operator}, expected one that the parser knows`);
  }
}

function ordered(lower: Value, upper: Value): boolean {
  const order = compareValues(lower, upper);
  return order !== undefined && order <= 0;
}

const bytesOf = (base64: string) => Buffer.from(base64, 'base64');

function beginsWith(value: Value, prefix: Value): boolean {
  if (value.S !== undefined && prefix.S !== undefined) return value.S.startsWith(prefix.S);
  if (value.B === undefined || prefix.B === undefined) return false;
  const start = bytesOf(prefix.B);
  return bytesOf(value.B).subarray(0, start.length).equals(start);
}

function contains(value: Value, member: Value): boolean {
  if (value.L) return value.L.some((candidate) => equalValues(candidate, member));
  if (member.S !== undefined) return value.S?.includes(member.S) ?? value.SS?.includes(member.S) ?? false;
  if (member.N !== undefined) return value.NS?.includes(member.N) ?? false;
  if (member.B === undefined) return false;
  if (value.B !== undefined) return bytesOf(value.B).includes(bytesOf(member.B));
  return value.BS?.includes(member.B) ?? false;
}
