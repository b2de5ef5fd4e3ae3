import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isJsonType, MOST_DEPTH, parseJson } from '../../../functions/http/json.ts';

const parse = (text: string) => parseJson(Buffer.from(text));
const refusal = (text: string) => {
  try {
    parse(text);
  } catch (error) {
    return error as { given: { field: string } };
  }
  return undefined;
};

/** JSON as someone writes it, with names that may come twice. */
type Written = string | number | boolean | null | Written[] | { members: [string, Written][] };

/**
 * Names that any engine reads as they are written: V8 of Node 24.21 takes a name of one character that is written by an
 * escape, as "\n", for "\\" now and then, depending on what it read before. No name of the API is so short.
 */
const name = fc.constantFrom('aa', 'ba', 'a b', 'ää', '"a', 'a\\', '}}', '::', '__proto__', '\u{1f600}', '');
const ONE_ESCAPE = /"\\(?:u.{4}|.)"\s*:/;
const { written } = fc.letrec<{ written: Written }>((tie) => ({
  written: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(name, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('written'), { maxLength: 4 }),
    fc.record({ members: fc.array(fc.tuple(name, tie('written')), { maxLength: 4 }) }),
  ),
}));

const isObject = (value: Written): value is { members: [string, Written][] } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text, with spaces between all tokens and each character of names and texts escaped, or without. */
function textOf(value: Written, spaced: boolean): string {
  const space = spaced ? ' \n\t' : '';
  const quoted = (text: string) =>
    spaced
      ? `"${text
          .split('')
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join('')}"`
      : JSON.stringify(text);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value))
    return `[${space}${value.map((each) => textOf(each, spaced)).join(`${space},${space}`)}${space}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = value.members.map(
    ([key, each]) => `${quoted(key)}${space}:${space}${textOf(each, spaced)}`,
  );
  return `{${space}${members.join(`${space},${space}`)}${space}}`;
}

function saysTwice(value: Written): boolean {
  if (Array.isArray(value)) return value.some(saysTwice);
  if (!isObject(value)) return false;
  const names = value.members.map(([key]) => key);
  return new Set(names).size < names.length || value.members.some(([, each]) => saysTwice(each));
}

describe('JSON of a body', () => {
  test('is what JSON.parse makes of it, and refused exactly where an object has a name twice', () => {
    fc.assert(
      fc.property(written, fc.boolean(), (value, spaced) => {
        const text = textOf(value, spaced);
        if (saysTwice(value)) expect(refusal(text)).toBeDefined();
        else expect(parse(text)).toStrictEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is refused where JSON.parse refuses it, whatever the bytes are', () => {
    const near = fc
      .array(
        fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'a', '1', ' ', '"a"', '"a":', '\u{1f600}'),
      )
      .map((tokens) => tokens.join(''));
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), (text) => {
        const bytes = Buffer.from(text);
        let value: unknown;
        try {
          value = parseJson(bytes);
        } catch (error) {
          expect((error as { name: string }).name).toBe('Problem');
          return;
        }
        if (!ONE_ESCAPE.test(text)) expect(value).toStrictEqual(JSON.parse(text));
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"a":{"b":[{"c":1,"\\u0063":2}]}}', 'a.b.c'],
    ['[[{"":1,"":2}]]', 'body'],
    ['{"a":"\\"a\\":","a":1}', 'a'],
    ['{"a":"\\ud800"}', 'a'],
    ['{"a":["\\ude00\\ud83d"]}', 'a'],
    ['{"a":{"\\ud83d":1}}', 'a.\\ud83d'],
    [`${'['.repeat(MOST_DEPTH + 1)}${']'.repeat(MOST_DEPTH + 1)}`, 'body'],
    [`{"deep":${'['.repeat(MOST_DEPTH)}${']'.repeat(MOST_DEPTH)}}`, 'deep'],
    ['\ufeff{}', 'body'],
    ['', 'body'],
  ])('%j is refused for %s', (text, field) => {
    expect(refusal(text)?.given.field).toBe(field);
  });

  test.each([
    '{"a":"\\ud83d\\ude00","b":"\u{1f600}"}',
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
    `${'['.repeat(MOST_DEPTH)}${']'.repeat(MOST_DEPTH)}`,
    '{"__proto__":{"a":1}}',
    ' "a:b" ',
  ])('%j is taken', (text) => {
    expect(parse(text)).toStrictEqual(JSON.parse(text));
  });
});

test.each([
  ['application/json', true],
  ['Application/JSON;charset=UTF-8', true],
  ['application/json ; charset = "utf-8"', true],
  ['application/json; charset=latin1', false],
  ['application/json; version=2', false],
  ['application/json-patch+json', false],
  ['application/jsonx', false],
  ['text/plain; application/json', false],
  ['', false],
  [undefined, false],
])('the type %j says JSON: %s', (type, isJson) => {
  expect(isJsonType(type)).toBe(isJson);
});
