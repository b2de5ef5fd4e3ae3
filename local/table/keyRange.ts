import { validationError } from './errors.ts';
import { type Condition, NAME, type Operand } from './expressions.ts';
import { after, encodePart, encodePrefix } from './keys.ts';
import type { TableRecord } from './schema.ts';
import type { Item, Value } from './value.ts';

/** Encoded keys from `start` on, before `end`. */
export type KeyRange = { start: Buffer; end: Buffer };

type KeyCondition = { name: string; operator: string; operands: Value[] };

const TURNED: Record<string, string> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** The conditions of a KeyConditionExpression, each with its key attribute in front. */
function conditionsOf(condition: Condition, values: Item): KeyCondition[] {
  if (condition.type === 'and') return condition.args.flatMap((part) => conditionsOf(part, values));
  const operator = condition.type === 'function' ? condition.name : condition.type;
  if (!(operator in TURNED) && operator !== 'between' && operator !== 'begins_with') {
    throw validationError(`Invalid operator used in KeyConditionExpression: ${operator}`);
  }
  const args = condition.args as Operand[];
  const turned = operator in TURNED && !Array.isArray(args[0]);
  const [path, ...rest] = turned ? [...args].reverse() : args;
  if (!Array.isArray(path) || path.length !== 1) {
    throw validationError('Invalid condition in KeyConditionExpression: No key attribute specified');
  }
  const operands = rest.map((operand) => {
    if (Array.isArray(operand) || !(NAME in operand)) {
      throw validationError('KeyConditionExpressions cannot contain nested operations');
    }
    return values[operand[NAME]]!;
  });
  return [{ name: String(path[0]), operator: turned ? TURNED[operator]! : operator, operands }];
}

/**
 * The range of keys that a KeyConditionExpression means.
 *
 * @param names the key attributes of what is searched, partition key first
 * @throws ValidationException when it isn't one value of the partition key and at most one range of the sort key
 */
export function keyRange(
  expression: Condition,
  values: Item,
  names: string[],
  table: TableRecord,
  prefix: Buffer,
): KeyRange {
  const conditions = conditionsOf(expression, values);
  const [partitionName, sortName] = names;
  const partition = conditions.find(({ name }) => name === partitionName);
  const sort = conditions.find((condition) => condition.name === sortName && condition !== partition);
  if (!partition) throw validationError(`Query condition missed key schema element: ${partitionName}`);
  if (conditions.length > 2 || (conditions.length === 2 && !sort)) {
    throw validationError(`Query condition missed key schema element: ${sortName ?? partitionName}`);
  }
  if (partition.operator !== '=') throw validationError('Query key condition not supported');
  for (const { name, operands } of conditions) {
    const { AttributeType } = table.AttributeDefinitions.find((one) => one.AttributeName === name)!;
    if (operands.some((operand) => operand[AttributeType] === undefined)) {
      throw validationError(
        'One or more parameter values were invalid: Condition parameter type does not match schema type',
      );
    }
  }
  const own = Buffer.concat([prefix, encodePart(partition.operands[0]!)]);
  return sort ? sortRange(own, sort) : { start: own, end: after(own) };
}

function sortRange(own: Buffer, { operator, operands }: KeyCondition): KeyRange {
  const [first, second] = operands as [Value, Value];
  if (operator === 'begins_with') {
    const start = Buffer.concat([own, encodePrefix(first)]);
    return { start, end: after(start) };
  }
  const at = Buffer.concat([own, encodePart(first)]);
  switch (operator) {
    case '=':
      return { start: at, end: after(at) };
    case '<':
      return { start: own, end: at };
    case '<=':
      return { start: own, end: after(at) };
    case '>':
      return { start: after(at), end: after(own) };
    case '>=':
      return { start: at, end: after(own) };
    default:
      return { start: at, end: after(Buffer.concat([own, encodePart(second)])) };
  }
}
