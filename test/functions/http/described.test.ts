import { describe, expect, test } from 'vitest';
import { documentOf } from '../../../functions/manage/document.ts';
import { openapiDocument } from '../../../functions/public/api/openapi.ts';
import type { Ledger } from '../../../shared/ledger/index.ts';
import { NOW } from '../public/jar.ts';
import { openSite, patternsOf } from '../public/site.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: string[];
  readonly security?: object[];
  readonly responses: Record<string, object>;
}

interface Document {
  readonly info: { readonly contact?: object; readonly license?: object };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly security?: object[];
  readonly paths: Record<string, Record<string, Operation>>;
}

const open = openapiDocument() as unknown as Document;
const keyed = documentOf() as unknown as Document;
const site = openSite({ client: {}, table: 'none' } as Ledger, NOW);

/** A route as a document writes it. */
const written = (pattern: string) => pattern.replace('/*', '/{file}').replace(/:(\w+)/g, '{$1}');

test('openapi.json describes every public route, and nothing that is not one', () => {
  expect(Object.keys(open.paths).sort()).toEqual(patternsOf(site).map(written).sort());
});

test('that of the creator’s API describes every route of it, but itself', () => {
  const patterns = patternsOf(site, ['manage']).map(written);
  const described = Object.keys(keyed.paths).filter((path) => keyed.paths[path]!.get);
  expect([...described, '/v1/manage/openapi.json'].sort()).toEqual(patterns.sort());
});

/*
 * What public linters ask of a document. To ask themselves:
 * npx @redocly/cli lint functions/public/openapi.json functions/manage/openapi.json
 * npx @stoplight/spectral-cli lint, with a ruleset that extends spectral:oas
 */
describe.each([
  ['openapi.json', open],
  ['that of the creator’s API', keyed],
])('%s', (_, document) => {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

  test('says of each operation by words of its own what it is, and whether a key is asked for', () => {
    expect(operations.length).toBeGreaterThan(20);
    for (const { operationId, summary, description, tags, security, responses } of operations) {
      expect([operationId, summary, description]).toEqual([
        operationId,
        expect.stringMatching(/\.$/),
        expect.stringMatching(/\.$/),
      ]);
      expect([operationId, description]).not.toEqual([operationId, summary]);
      expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining(tags));
      expect(tags).toHaveLength(1);
      expect([operationId, security ?? document.security]).toEqual([
        operationId,
        document === open ? [] : [{ apiKey: [] }],
      ]);
      expect(Object.keys(responses).some((status) => status.startsWith('4'))).toBe(true);
    }
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  test('says who answers for it, and uses each of its tags', () => {
    expect(document.info).toMatchObject({ contact: expect.anything(), license: expect.anything() });
    const used = new Set(operations.flatMap(({ tags }) => tags));
    expect([...used].sort()).toEqual(document.tags.map(({ name }) => name).sort());
  });
});
