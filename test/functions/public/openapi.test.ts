import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openapiDocument, openapiText } from '../../../functions/public/openapi.ts';

const COMMITTED = new URL('../../../functions/public/openapi.json', import.meta.url);

test('openapi.json is what the schemas say; `npx tsx functions/public/openapi.ts` writes it anew', () => {
  expect(readFileSync(COMMITTED, 'utf8')).toBe(openapiText());
});

test('every reference in the document leads somewhere, and no schema is there for nothing', () => {
  const document = openapiDocument();
  const text = JSON.stringify(document);
  const used = new Set(Array.from(text.matchAll(/"#\/components\/schemas\/(\w+)"/g), ([, name]) => name));
  expect([...used].sort()).toEqual(Object.keys(document.components.schemas).sort());
});
