import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKey } from '../../../shared/ledger/index.ts';
import { scan } from '../../shared/ledger/book.ts';
import { type Jar, NOW, openJar } from '../public/jar.ts';
import { filled, openSite, PUBLIC, patternsOf, type Site } from '../public/site.ts';

let jar: Jar;
let site: Site;
let token: string;
beforeAll(async () => {
  jar = await openJar();
  site = openSite(jar.ledger, NOW);
  ({ token } = await createKey(
    jar.ledger,
    { scope: 'write', name: 'operator' },
    NOW,
    (length) => new Uint8Array(length),
  ));
});
afterAll(async () => {
  site.close();
  await jar.close();
});

const at = (pattern: string) =>
  filled(pattern, {
    handle: 'alice',
    option: jar.coffee.optionId,
    optionId: jar.coffee.optionId,
    paymentAddr: jar.open.paymentAddr,
    setId: jar.tips[0]!.setId,
    id: 'a'.repeat(22),
    endpointId: 'we_aaaaaaaaaaaaaaaa',
    keyId: 'key_aaaaaaaaaaaa',
    rest: 'x.js',
  });

test('HEAD makes nothing at any address, and says there what GET would', async () => {
  const [before, mints] = [await scan(jar.ledger), site.mints()];
  const paths = patternsOf(site, [...PUBLIC, 'manage']).map(at);
  expect(paths.length).toBeGreaterThan(30);
  for (const path of paths) {
    const answer = await site.site.request(`${path}?amount=1000`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': 'one' },
    });
    expect([path, answer.status]).not.toEqual([path, 500]);
    expect(await answer.text()).toBe('');
  }
  expect(site.mints()).toBe(mints);
  // That a key is in use is noted at whatever it asks.
  const written = (items: Awaited<ReturnType<typeof scan>>) =>
    items.map(({ usedAt, lastUsedAt, ...item }) => JSON.stringify(item)).sort();
  expect(written(await scan(jar.ledger))).toEqual(written(before));
});

/** What clients send with a request to another site's service, of themselves or by their libraries' habit. */
const SENT = [
  'accept',
  'cache-control',
  'content-type',
  'if-none-match',
  'last-event-id',
  'pragma',
  'x-requested-with',
];

test('a preflight is answered alike at every public address, and admits what clients send', async () => {
  const answers = new Set<string>();
  for (const path of [...patternsOf(site).map(at), '/', '/nowhere', '/.well-known/nostr.json', '/@nobody']) {
    const answer = await site.site.request(path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://wallet.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': SENT.join(','),
      },
    });
    expect([path, answer.status]).toEqual([path, 204]);
    answers.add(JSON.stringify([...answer.headers].sort()));
  }
  expect(answers.size).toBe(1);
  const headers = Object.fromEntries(JSON.parse([...answers][0]!) as [string, string][]);
  expect(headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  });
  const admitted = headers['access-control-allow-headers']!.split(', ');
  expect(admitted).toEqual(expect.arrayContaining([...SENT, '*']));
  const docs = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8');
  expect(docs).toContain('admits any header that a client sends along');
});

test.each([
  'keysend/alice',
  'nostr.json?name=alice',
  'openid-configuration',
  'lnurlp',
  'lnurlp/alice/else',
  'lnurlp/alice/callback/a/b',
])('/.well-known/%s is not there, and says so by its status and as wallets know it', async (path) => {
  const answer = await site.site.request(`/.well-known/${path}`);
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(await answer.json()).toEqual({
    status: 'ERROR',
    reason: expect.stringContaining('No such address'),
  });
});
