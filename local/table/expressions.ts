import validations from 'dynalite/validations/index.js';
import { validationError } from './errors.ts';
import { checkValues, type Item, typeOf, type Value, type ValueType } from './value.ts';

/** A value's place in an expression; the value itself is looked up when the expression is run. */
export const NAME = Symbol('name of an expression attribute value');

export type Path = (string | number)[];
export type Placeholder = { [NAME]: string };
export type Call = { type: 'function'; name: string; args: Operand[] };
export type Arithmetic = { type: 'add' | 'subtract'; args: Operand[] };
export type Operand = Path | Placeholder | Call | Arithmetic;
export type Condition =
  | { type: 'and' | 'or' | 'not'; args: Condition[] }
  | { type: '=' | '<>' | '<' | '<=' | '>' | '>=' | 'between' | 'in'; args: Operand[] }
  | Call;
export type Section = {
  type: 'set' | 'remove' | 'add' | 'delete';
  path: Path;
  val: Operand;
  attrType?: ValueType;
};

type Nested = { nestedPaths: Record<string, boolean> };
export type Conditions = Nested & { expression: Condition; pathHeads: Record<string, boolean> };
export type Updates = Nested & { sections: Section[]; paths: Path[] };
export type Projection = Nested & { paths: Path[] };

/** The parsed expressions of a request, and the values that their placeholders stand for. */
export type Expressions = {
  condition?: Conditions;
  keyCondition?: Conditions;
  filter?: Conditions;
  update?: Updates;
  projection?: Projection;
  values: Item;
};

const TEXTS = [
  'ConditionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'UpdateExpression',
  'ProjectionExpression',
] as const;

export type ExpressionRequest = Partial<Record<(typeof TEXTS)[number], string>> & {
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Item;
};

// Where the parser looks at a value and not only at its type, nothing parsed can serve for another value.
const DEPENDS_ON_VALUES = /\bbetween\b|attribute_type/i;

const EXAMPLES: Required<Value> = {
  S: 's',
  N: '0',
  B: 'AA==',
  BOOL: true,
  NULL: true,
  SS: ['s'],
  NS: ['0'],
  BS: ['AA=='],
  L: [],
  M: {},
};

const CACHED = 500;
const cache = new Map<string, Omit<Expressions, 'values'>>();

/**
 * Parses and checks the expressions of a request. Parsing costs more than all the rest of a write, so what was
 * parsed is kept by text, names and types of values.
 *
 * @throws ValidationException with dynalite's wording
 */
export function readExpressions(request: ExpressionRequest): Expressions {
  const given = TEXTS.filter((text) => request[text] !== undefined);
  const values = request.ExpressionAttributeValues ?? {};
  if (given.length === 0 || request.ExpressionAttributeValues === undefined) {
    const message = validations.validateExpressionParams(request, given, []);
    if (message) throw validationError(message);
    if (given.length === 0 && request.ExpressionAttributeValues) {
      throw validationError('ExpressionAttributeValues can only be specified when using expressions');
    }
    if (given.length === 0) return { values };
  }
  checkValues(values, 'ExpressionAttributeValues contains invalid value');
  const texts = given.map((text) => request[text]);
  if (texts.some((text) => DEPENDS_ON_VALUES.test(text!))) return { ...parse(request, values), values };

  let key = JSON.stringify([given, texts, request.ExpressionAttributeNames]);
  for (const name in values) key += `${name}${typeOf(values[name]!)}`;
  let parsed = cache.get(key);
  if (parsed) cache.delete(key);
  else parsed = parse(request, undefined);
  cache.set(key, parsed);
  if (cache.size > CACHED) cache.delete(cache.keys().next().value!);
  return { ...parsed, values };
}

function parse(request: ExpressionRequest, values: Item | undefined): Omit<Expressions, 'values'> {
  const named = Object.entries(request.ExpressionAttributeValues ?? {}).map(([name, value]) => {
    const type = typeOf(value);
    return [name, { ...(values ? value : { [type]: EXAMPLES[type] }), [NAME]: name }] as const;
  });
  const probe: Record<string, unknown> = {
    ExpressionAttributeNames: request.ExpressionAttributeNames,
    ExpressionAttributeValues: request.ExpressionAttributeValues && Object.fromEntries(named),
  };
  for (const text of TEXTS) probe[text] = request[text];
  const message = validations.validateExpressions(probe);
  if (message) throw validationError(message);
  return {
    condition: probe._condition as Conditions | undefined,
    keyCondition: probe._keyCondition as Conditions | undefined,
    filter: probe._filter as Conditions | undefined,
    update: probe._updates as Updates | undefined,
    projection: probe._projection as Projection | undefined,
  };
}
