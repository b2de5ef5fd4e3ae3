import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KEYED_KINDS } from '../../../functions/http/keyedKinds.ts';
import { ConfigError } from '../../../functions/lambda/environment.ts';
import { readConfig } from '../../../functions/manage/config.ts';
import { documentOf } from '../../../functions/manage/document.ts';
import { openapiText } from '../../../functions/manage/openapi.ts';

const COMMITTED = new URL('../../../functions/manage/openapi.json', import.meta.url);

test('openapi.json is what the schemas say; `npm run openapi` writes it anew', () => {
  expect(readFileSync(COMMITTED, 'utf8')).toBe(openapiText());
});

test('every reference in the document leads somewhere, and no schema is there for nothing', () => {
  const document = documentOf();
  const text = JSON.stringify(document);
  const used = new Set(Array.from(text.matchAll(/"#\/components\/schemas\/(\w+)"/g), ([, name]) => name));
  expect([...used].sort()).toEqual(Object.keys(document.components!.schemas!).sort());
});

test('docs/api.md names every operation', () => {
  const docs = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
  const operations = Object.entries(documentOf().paths!).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `\`${method.toUpperCase()} ${path}`),
  );
  expect(
    operations.filter((operation) => !new RegExp(`${operation.replaceAll(/[{}]/g, '\\$&')}[\`?]`).test(docs)),
  ).toEqual([]);
});

test('docs/api.md names each kind of problem with its status', () => {
  const docs = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
  for (const [kind, [status]] of Object.entries(KEYED_KINDS))
    expect(docs).toMatch(new RegExp(`^\\| \`${kind}\` +\\| ${status} `, 'm'));
});

describe('the environment', () => {
  const base = { TABLE_NAME: 'ampjar', AWS_REGION: 'eu-central-1' };

  test('names table, region, and the queues that there are', () => {
    expect(readConfig(base)).toEqual({ table: 'ampjar', region: 'eu-central-1' });
    const queues = {
      INVOICE_REQUESTS_QUEUE_URL: 'https://sqs.example/asks',
      DELIVERIES_QUEUE_URL: 'https://sqs.example/out',
    };
    expect(readConfig({ ...base, ...queues })).toEqual({
      table: 'ampjar',
      region: 'eu-central-1',
      invoiceRequestsQueueUrl: queues.INVOICE_REQUESTS_QUEUE_URL,
      deliveriesQueueUrl: queues.DELIVERIES_QUEUE_URL,
    });
  });

  test.each([
    ['TABLE_NAME', undefined],
    ['AWS_REGION', 'x y'],
    ['INVOICE_REQUESTS_QUEUE_URL', 'invoice-requests'],
    ['DELIVERIES_QUEUE_URL', 'arn:aws:sqs'],
  ])('is refused with %s %j', (variable, value) => {
    expect(() => readConfig({ ...base, [variable]: value })).toThrow(ConfigError);
    expect(() => readConfig({ ...base, [variable]: value })).toThrow(variable);
  });
});
