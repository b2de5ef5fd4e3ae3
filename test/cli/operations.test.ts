import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as bodies from '../../cli/api/bodies.ts';
import { OPERATIONS } from '../../cli/api/operations.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: unknown;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}
interface Answer {
  readonly content?: Record<string, { schema: Schema }>;
}
interface Described {
  readonly operationId: string;
  readonly responses: Record<string, Answer>;
}
const document = JSON.parse(
  readFileSync(new URL('../../functions/manage/openapi.json', import.meta.url), 'utf8'),
) as {
  readonly paths: Record<string, Record<string, Described>>;
  readonly components: { readonly schemas: Record<string, Schema> };
};
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    ...operation,
  })),
);

const resolved = (schema: Schema): Schema =>
  schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)!]! : schema;

/** The fields that a schema has, as `creators[].options[].id`; with `?` those that may be left out. */
function fieldsOf(schema: Schema, at = ''): string[] {
  const parts = [
    resolved(schema),
    ...[schema.allOf, schema.anyOf, schema.oneOf].flatMap((all = []) => all.map(resolved)),
  ];
  return parts.flatMap(({ properties = {}, required = [], items }) => [
    ...(items ? fieldsOf(items, `${at}[]`) : []),
    ...Object.entries(properties).flatMap(([name, property]) => {
      const path = `${at}.${name}`;
      return [required.includes(name) ? path : `${path}?`, ...fieldsOf(property, path)];
    }),
  ]);
}

const good = ({ responses }: Described) =>
  Object.entries(responses).find(([status]) => status.startsWith('2'))![1].content?.['application/json']
    ?.schema;

describe('the API as the command line knows it', () => {
  it('is all of the API', () => {
    const known = Object.entries(OPERATIONS).map(([id, { method, path }]) => `${method} ${path} ${id}`);
    expect(known.sort()).toEqual(
      described.map(({ method, path, operationId }) => `${method} ${path} ${operationId}`).sort(),
    );
  });

  it.each(described.map((each) => [each.operationId, each] as const))(
    'reads of the answer to %s no field that it has not',
    (id, operation) => {
      const { answer } = OPERATIONS[id as keyof typeof OPERATIONS];
      const schema = good(operation);
      if (!schema) return expect(answer).toBe(bodies.nothing);
      const given = new Set(fieldsOf(schema));
      const read = fieldsOf(z.toJSONSchema(answer, { io: 'output' }) as Schema);
      expect(read.length).toBeGreaterThan(0);
      expect(read.filter((field) => !given.has(field))).toEqual([]);
    },
  );
});
