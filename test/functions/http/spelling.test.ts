import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalPath } from '../../../functions/http/spelling.ts';
import { type Jar, NOW, openJar } from '../public/jar.ts';
import { filled, openSite, patternsOf, type Site } from '../public/site.ts';

let jar: Jar;
let site: Site;
beforeAll(async () => {
  jar = await openJar();
  site = openSite(jar.ledger, NOW);
});
afterAll(async () => {
  site.close();
  await jar.close();
});

const ask = (path: string, method = 'GET') => site.site.request(`https://tips.example${path}`, { method });

/** Ways in which people and programs spell an address that is `/a/b`; those of a handle where there is one. */
const SPELLINGS: readonly [string, (path: string) => string | undefined][] = [
  ['a slash at the end', (path) => `${path}/`],
  ['slashes at the end', (path) => `${path}//`],
  ['a doubled slash before', (path) => `/${path}`],
  ['doubled slashes within', (path) => path.replace(/(?<=.)\//g, '//')],
  ['@ encoded', (path) => (path.includes('@') ? path.replace('@', '%40') : undefined)],
  ['a letter encoded', (path) => path.replace(/[a-z](?=[^/]*$)/, (letter) => hexOf(letter))],
  [
    'the handle in upper case',
    (path) => (path.includes('alice') ? path.replace('alice', 'ALICE') : undefined),
  ],
  [
    'the handle with a capital',
    (path) => (path.includes('alice') ? path.replace('alice', 'Alice') : undefined),
  ],
  ['a capital encoded', (path) => (path.includes('alice') ? path.replace('alice', '%41lice') : undefined)],
  ['all at once', (path) => `/${path.replace('@', '%40').replace('alice', 'ALIC%65')}//`],
];
const hexOf = (letter: string) => `%${letter.charCodeAt(0).toString(16)}`;

/** Spellings that come to the server as the canonical one, for whoever asks resolves them. */
const RESOLVED: readonly [string, (path: string) => string][] = [
  ['dots', (path) => `/x/..${path}`],
  ['encoded dots', (path) => `/%2e${path}`],
  ['backslashes', (path) => path.replaceAll('/', '\\')],
  ['a fragment', (path) => `${path}#x`],
];

/** Of all but the files, which a bucket answers on AWS. */
const addresses = () =>
  patternsOf(site, ['lnurl', 'live', 'reading'])
    .map((pattern) =>
      filled(pattern, {
        handle: 'alice',
        option: jar.coffee.optionId,
        paymentAddr: jar.open.paymentAddr,
        setId: jar.tips[0]!.setId,
        id: 'a'.repeat(22),
        rest: 'x.js',
      }),
    )
    .filter((path) => path !== '/');

const isWallets = (path: string) => /^\/(\.well-known\/lnurlp|lnurl)\//.test(path);
const bodyOf = async (response: Response) =>
  response.headers.get('content-type') === 'text/event-stream' ? response.body?.cancel() : response.text();

test('every public address leads from another spelling to its own by one redirection that any cache may keep', async () => {
  expect(addresses().length).toBeGreaterThan(15);
  for (const path of addresses().filter((each) => !isWallets(each)))
    for (const [name, spell] of SPELLINGS) {
      const spelled = spell(path);
      if (spelled === undefined || spelled === path) continue;
      const response = await ask(`${spelled}?option=x&lightning=Y%20Z`);
      expect([name, spelled, response.status]).toEqual([name, spelled, 308]);
      expect(response.headers.get('location')).toBe(`${path}?option=x&lightning=Y%20Z`);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      const isSecret = path.startsWith('/v1/tips/');
      expect(response.headers.get('cache-control')).toBe(
        isSecret ? 'private, no-store' : 'public, max-age=86400',
      );
      expect(response.headers.get('referrer-policy')).toBe(isSecret ? 'no-referrer' : null);
      expect(await response.text()).toBe('');
      expect((await ask(spelled, 'HEAD')).status).toBe(308);
      expect((await ask(spelled, 'OPTIONS')).status).toBe(204);
    }
});

test('every address of wallets answers in each spelling as in its own', async () => {
  const wallets = addresses().filter(isWallets);
  expect(wallets.length).toBeGreaterThan(2);
  for (const path of wallets) {
    const expected = await (await ask(path)).text();
    for (const [name, spell] of SPELLINGS) {
      const spelled = spell(path);
      if (spelled === undefined || spelled === path) continue;
      const response = await ask(spelled);
      // What doesn't begin as wallets' addresses do is led there first, as CloudFront tells them apart by it.
      const answer = response.status === 308 ? await ask(response.headers.get('location')!) : response;
      expect([name, spelled, answer.status, await answer.text()]).toEqual([name, spelled, 200, expected]);
    }
  }
});

test('what whoever asks resolves comes as it should', async () => {
  for (const path of addresses())
    for (const [name, spell] of RESOLVED) {
      const [one, other] = [await ask(spell(path)), await ask(path)];
      expect([name, path, one.status]).toEqual([name, path, other.status]);
      await bodyOf(one);
      await bodyOf(other);
    }
});

describe('a path', () => {
  test.each([
    ['/', '/'],
    ['//', '/'],
    ['//evil.example/', '/evil.example'],
    ['/@Al-Ice2', '/@al-ice2'],
    ['/%40alice', '/@alice'],
    ['/v1/creators/ALICE/tips', '/v1/creators/alice/tips'],
    ['/.well-known/lnurlp/Alice', '/.well-known/lnurlp/alice'],
    // An encoded slash is a letter of a name, and one that no name has.
    ['/@alice%2foverlay', '/@alice%2Foverlay'],
    ['/v1/creators/a%2Fb', '/v1/creators/a%2Fb'],
    // Neither are other names in lower case, nor is what can't be read.
    ['/Widget.js', '/Widget.js'],
    ['/@alice%', '/@alice%'],
    ['/@%C4%B0', '/@%C4%B0'],
    ['/@%f0%9f%98%80', '/@%F0%9F%98%80'],
  ])('%s is spelled %s', (path, canonical) => {
    expect(canonicalPath(path)).toBe(canonical);
  });

  test('that is canonical leads nowhere else, and never to another host', () => {
    const part = fc.oneof(
      fc.constantFrom(
        '/',
        '//',
        '@',
        '%40',
        '%2F',
        '%2f',
        '%5C',
        '\\',
        '%',
        'A',
        'alice',
        '%41',
        'v1',
        'creators',
        '.',
        '%C4%B0',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const { pathname } = new URL(`https://tips.example/${parts.join('').replace(/[?#]/g, '')}`);
        const canonical = canonicalPath(pathname);
        expect(canonicalPath(canonical)).toBe(canonical);
        const led = new URL(canonical, 'https://tips.example');
        expect([led.origin, led.pathname]).toEqual(['https://tips.example', canonical]);
      }),
      { numRuns: 2_000 },
    );
  });
});
