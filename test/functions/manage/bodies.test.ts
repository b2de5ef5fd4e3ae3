import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addressOf,
  bodyOf,
  bodySchemaOf,
  namesOf,
  type Operation,
  operations,
  type Schema,
  wholeTable,
} from './operations.ts';
import { openStage, type Stage, type Told } from './stage.ts';

const withBody = operations.filter(([, { requestBody }]) => requestBody);

let stage: Stage;
let alices: Awaited<ReturnType<typeof namesOf>>;
const problems: unknown[] = [];
beforeAll(async () => {
  stage = await openStage({ report: (error) => problems.push(error) });
  alices = await namesOf(stage, 'alice');
});
afterAll(() => stage.close());

const send = (operation: Operation, body: unknown, headers: Record<string, string> = {}) =>
  stage.ask(operation.method, addressOf(operation, alices), {
    token: stage.keys.operator.token,
    body,
    headers,
  });

/** What the JSON of a body becomes, and the field that the answer names. */
interface Spoilt {
  readonly body: string | Uint8Array;
  readonly field: string | RegExp;
}

const bytes = (...parts: (string | readonly number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

/** A body with `put` in place of the value of one field, as it stands. */
const withRaw = (body: Record<string, unknown>, field: string, put: string) =>
  `{${Object.entries(body)
    .map(([name, value]) => `${JSON.stringify(name)}:${name === field ? put : JSON.stringify(value)}`)
    .join(',')}}`;

const fieldsOf = (body: Record<string, unknown>) => Object.keys(body);
const members = (body: Record<string, unknown>) => JSON.stringify(body).slice(1, -1);
const DEEP = 8_000;
const nested = `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`;
const nestedObjects = `${'{"a":'.repeat(2_700)}1${'}'.repeat(2_700)}`;

/** Bodies that are no good JSON, made of one that the operation takes. */
const SPOILT: Record<string, (good: Record<string, unknown>) => Spoilt[]> = {
  'bytes that are no UTF-8': (good) =>
    [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]].flatMap((wrong) => [
      ...fieldsOf(good).map((field) => {
        const [before, after] = withRaw(good, field, '"@"').split('@');
        return { body: bytes(before!, wrong, after!), field: 'body' };
      }),
      { body: bytes('{"', wrong, '":1,', members(good), '}'), field: 'body' },
    ]),
  'a byte order mark': (good) => [{ body: bytes([0xef, 0xbb, 0xbf], JSON.stringify(good)), field: 'body' }],
  'UTF-16': (good) => [{ body: Buffer.from(JSON.stringify(good), 'utf16le'), field: 'body' }],
  'a name that comes twice': (good) =>
    fieldsOf(good).flatMap((field) => {
      const again = JSON.stringify(good[field]);
      const escaped = `\\u${field.charCodeAt(0).toString(16).padStart(4, '0')}${field.slice(1)}`;
      return [
        { body: `{${members(good)},${JSON.stringify(field)}:${again}}`, field },
        { body: `{${members(good)} , "${escaped}" : ${again}}`, field },
        { body: withRaw(good, field, '{"a":1,"b":[{"c":"{","c":2}]}'), field: `${field}.b.c` },
      ];
    }),
  'lone surrogates': (good) =>
    fieldsOf(good).flatMap((field) =>
      ['\\ud800', 'a\\udc00b', '\\ud83d\\ud83d\\ude00'].map((wrong) => ({
        body: withRaw(good, field, `"${wrong}"`),
        field,
      })),
    ),
  'text that is not shown, or of which nothing can be seen': (good) =>
    fieldsOf(good).flatMap((field) => {
      const value = good[field];
      if (typeof value !== 'string') return [];
      const unshown = [
        '\u202e',
        '\u200b',
        '\u00ad',
        '\u3164',
        '\ufeff',
        '\ufe0f',
        '\u0378',
        '\ue000',
        '\0',
        '\n',
      ];
      const wrong = unshown.flatMap((each) => [value + each, each + value, each]);
      return [...wrong, '', ' ', '\u2800'].map((text) => ({
        body: withRaw(good, field, JSON.stringify(text)),
        field,
      }));
    }),
  'a name with a lone surrogate': (good) => [{ body: `{${members(good)},"\\ud800":1}`, field: /^\\ud800$/ }],
  'sixteen thousand bytes of nesting': (good) => [
    { body: nested, field: 'body' },
    { body: nestedObjects, field: /^a(\.a)*$/ },
    ...fieldsOf(good).flatMap((field) => [
      { body: withRaw(good, field, nested), field },
      { body: withRaw(good, field, nestedObjects), field: new RegExp(`^${field}(\\.a)+$`) },
    ]),
  ],
  'names that every object has': (good) =>
    ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].flatMap((name) => [
      { body: `{${members(good)},"${name}":{"name":"x"}}`, field: name },
      { body: `{"${name}":{"label":"x","name":"x"},${members(good)}}`, field: name },
    ]),
  'what is not JSON': (good) => {
    const json = JSON.stringify(good);
    const wrong = ['', ' ', json.slice(0, -1), `${json},`, `${json}${json}`, `{${members(good)},}`, 'NaN'];
    return [...wrong, `/**/${json}`, json.replaceAll('"', "'"), `${json}\0`, '{"a":01}', '{a:1}'].map(
      (body) => ({ body, field: 'body' }),
    );
  },
  'what is no object': () =>
    ['null', 'true', '0', '1e999', '"x"', '[]', '[{}]'].map((body) => ({ body, field: 'body' })),
};

const TYPES = ['application/json; charset=utf-16', 'application/jsonp', 'text/json', 'application/x-json'];
const OTHERS = ['multipart/form-data; boundary=x', 'application/json, text/plain', 'json', ''];

/** What no answer says: it is a library's default text, which doesn't tell what the field takes. */
const BY_DEFAULT = /Invalid|expected \w+, received|Unrecognized|Too (small|big)|undefined|\[object/;

const refusalIn = (told: Told, field: string | RegExp) => {
  expect(told.headers.get('content-type')).toBe('application/problem+json');
  expect(told.body.field).toMatch(typeof field === 'string' ? new RegExp(`^${field}$`) : field);
  expect(told.body.expected).toMatch(/\w/);
  expect(told.body.detail).toContain(told.body.field);
  expect(told.body.detail).not.toMatch(BY_DEFAULT);
  expect(told.body.value ?? '').not.toMatch(BY_DEFAULT);
};

/** Values that are not of a type, as JSON. */
const VALUES: Record<string, string[]> = {
  number: ['3000', '0', '-1.5', '1e999'],
  boolean: ['true', 'false'],
  null: ['null'],
  array: ['[]', '["1000"]'],
  object: ['{}', '{"toString":"1000"}'],
  string: ['"x\\u0000"'],
};

const typesOf = ({ type, anyOf = [] }: Schema): string[] => [
  ...[type ?? []].flat(),
  ...anyOf.flatMap((each) => (each.$ref ? ['object'] : typesOf(each))),
];

describe.each(withBody)('%s', (_, operation) => {
  const good = bodyOf(operation)!;
  const refused = async (spoilt: readonly Spoilt[]) => {
    const before = await wholeTable(stage);
    for (const { body, field } of spoilt) {
      const told = await send(operation, body);
      const shown = String(body).slice(0, 120);
      expect([shown, told.status]).toEqual([shown, 400]);
      refusalIn(told, field);
    }
    expect(await wholeTable(stage)).toEqual(before);
    expect(problems).toEqual([]);
  };

  test.each(Object.entries(SPOILT))('refuses %s, and keeps nothing of it', (_, spoil) =>
    refused(spoil(good)),
  );

  test('refuses values of other types, and says which is expected', async () => {
    const { properties, anyOf = [] } = bodySchemaOf(operation);
    const fields = Object.assign({}, properties, ...anyOf.map((each) => each.properties)) as Record<
      string,
      Schema
    >;
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(Object.keys(good)));
    for (const [field, schema] of Object.entries(fields)) {
      const taken = typesOf(schema.$ref ? { type: 'object' } : schema);
      expect(taken.length).toBeGreaterThan(0);
      // A field of the other form of a body with two.
      const body = field in good ? good : { [field]: '' };
      const wrong = Object.entries(VALUES).filter(([type]) => !taken.includes(type));
      for (const value of wrong.flatMap(([, values]) => values)) {
        const told = await send(operation, withRaw(body, field, value));
        expect([field, value, told.status]).toEqual([field, value, 400]);
        refusalIn(told, field);
        if (taken.includes('string') && !schema.enum) expect(told.body.expected).toMatch(/^a string/);
      }
    }
  });

  test('refuses what is not said to be JSON', async () => {
    const before = await wholeTable(stage);
    for (const type of [...TYPES, ...OTHERS]) {
      const told = await send(operation, good, { 'content-type': type });
      expect([type, told.status, told.body.field]).toEqual([type, 415, 'Content-Type']);
    }
    expect(await wholeTable(stage)).toEqual(before);
  });
});

test('there are operations with a body, and their good ones are taken', async () => {
  expect(withBody.length).toBeGreaterThan(8);
  for (const [name, operation] of withBody) {
    const told = await send(operation, bodyOf(operation), {
      'content-type': 'Application/JSON ; charset="UTF-8"',
    });
    expect([name, told.status, told.body]).toMatchObject([
      name,
      expect.toSatisfy((s: number) => s < 300),
      {},
    ]);
  }
});
