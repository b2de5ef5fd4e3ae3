import { expect, test } from 'vitest';
import { represent, respond } from '../../../functions/http/representation.ts';

const answer = represent({
  body: 'lnbc1…',
  type: 'text/plain; charset=utf-8',
  cacheControl: 'public, max-age=5',
});

test('the tag is strong, and another for other bytes', () => {
  expect(answer.etag).toMatch(/^"[A-Za-z0-9_-]{22}"$/);
  expect(represent({ body: 'lnbc2…', type: 'text/plain', cacheControl: '' }).etag).not.toBe(answer.etag);
});

test.each([
  [null, 200],
  ['"another"', 200],
  ['', 200],
  [answer.etag.slice(1, -1), 200],
  [answer.etag, 304],
  [`W/${answer.etag}`, 304],
  [`"another", ${answer.etag}`, 304],
  ['*', 304],
])('If-None-Match: %s is answered with %i', async (ifNoneMatch, status) => {
  const response = respond(answer, ifNoneMatch);
  expect(response.status).toBe(status);
  expect(response.headers.get('etag')).toBe(answer.etag);
  expect(response.headers.get('cache-control')).toBe('public, max-age=5');
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(await response.text()).toBe(status === 200 ? 'lnbc1…' : '');
});

test('a problem is never "not modified"', () => {
  const problem = represent({
    status: 404,
    body: '{}',
    type: 'application/problem+json',
    cacheControl: 'no-store',
  });
  expect(respond(problem, problem.etag).status).toBe(404);
});
