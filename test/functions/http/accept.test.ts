import { expect, test } from 'vitest';
import { preferred } from '../../../functions/http/accept.ts';

const JSON_TYPE = 'application/json';
const TEXT = 'text/plain';

test.each([
  [null, JSON_TYPE],
  ['', JSON_TYPE],
  ['*/*', JSON_TYPE],
  [JSON_TYPE, JSON_TYPE],
  [TEXT, TEXT],
  ['TEXT/PLAIN; charset=utf-8', TEXT],
  ['text/*', TEXT],
  ['application/*', JSON_TYPE],
  ['application/json;q=0.5, text/plain', TEXT],
  ['text/plain;q=0.5, */*;q=0.1', TEXT],
  ['text/html, */*;q=0.8', JSON_TYPE],
  // The range that fits a type best decides, not the one that likes it most.
  ['application/json;q=0, */*', TEXT],
  ['*/*, application/json;q=0.1', TEXT],
  ['text/plain;q=0, text/*;q=0.9, application/json;q=0.1', JSON_TYPE],
  ['application/json;q=nonsense', JSON_TYPE],
  ['text/html', undefined],
  ['image/*', undefined],
  ['*/*;q=0', undefined],
  ['application/json;q=0, text/plain;q=0', undefined],
  ['json', undefined],
  [',,;;q=,', undefined],
])('Accept: %s is answered with %s', (accept, type) => {
  expect(preferred(accept, [JSON_TYPE, TEXT])).toBe(type);
});

test('an Accept header of megabytes takes no time', () => {
  const start = performance.now();
  preferred('text/x;q=0.1,'.repeat(100_000), [JSON_TYPE, TEXT]);
  expect(performance.now() - start).toBeLessThan(50);
});
