import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import openapi from '../../../functions/public/openapi.json' with { type: 'json' };
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

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
const ask = (path: string, accept?: string) => site.site.request(path, accept ? { headers: { accept } } : {});
const typeOf = ({ headers }: Response) => headers.get('content-type');

describe('whoever comes without a creator’s name', () => {
  test.each(['/', '/docs'])('finds a page at %s, with nothing in it from elsewhere', async (path) => {
    for (const accept of [BROWSER, undefined]) {
      const page = await ask(path, accept);
      expect([page.status, typeOf(page)]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
      const text = await page.text();
      expect(text).toMatch(/<h1>[^<]+<\/h1>/);
      const links = Array.from(text.matchAll(/ (?:href|src)="([^"]*)"/g), ([, link]) => link!);
      expect(links.filter((link) => !/^(\/|data:)/.test(link))).toEqual([]);
      for (const link of links.filter((each) => each.startsWith('/')))
        expect([link, (await ask(link)).status]).toEqual([link, 200]);
    }
  });

  test('reads at /docs of every address that openapi.json has', async () => {
    const text = (await (await ask('/docs', BROWSER)).text()).replaceAll('&lt;', '<').replaceAll('&gt;', '>');
    for (const [path, { get }] of Object.entries(openapi.paths)) {
      expect(text).toContain(`<code>${path}</code>`);
      expect(text).toContain(get.summary);
    }
  });

  test.each([
    ['/robots.txt', 'text/plain; charset=utf-8', 'User-agent'],
    ['/favicon.ico', 'image/png', '\x89PNG'],
  ])('is given %s, where a browser or crawler asks for it', async (path, type, start) => {
    const answer = await ask(path);
    expect([answer.status, typeOf(answer)]).toEqual([200, type]);
    expect(Buffer.from(await answer.arrayBuffer()).toString('latin1')).toMatch(new RegExp(`^${start}`));
    expect(answer.headers.get('cache-control')).toMatch(/max-age=\d{3}/);
  });
});

test('a problem is a page to who asks for one, at every address, and JSON to all others; no cache mixes them up', async () => {
  const good = { option: jar.coffee.optionId, id: 'a'.repeat(22), rest: 'x.js' };
  const bad = [
    ['nobody', 'ab'.repeat(32)],
    ['dora', 'x'],
    ['no_handle', '%20'],
  ].map(([handle, hex]) => ({ ...good, handle: handle!, paymentAddr: hex!, setId: hex! }));
  const paths = [
    ...bad.flatMap((values) => patternsOf(site).map((pattern) => filled(pattern, values))),
    ...['/nowhere', '/v1', '/.well-known/keysend/alice', '/lnurl/x', '/widget/x.js', '/favicon.svg'],
    ...['/v1/creators/alice/tips?limit=0', '/v1/creators/alice/live?after=x', '/@alice?option=-'],
  ];
  let problems = 0;
  for (const path of paths) {
    const [page, other] = [await ask(path, BROWSER), await ask(path)];
    expect([path, page.status]).toEqual([path, other.status]);
    await other.body?.cancel();
    if (page.status < 400) continue;
    problems++;
    expect([path, typeOf(page)]).toEqual([path, 'text/html; charset=utf-8']);
    expect(await page.text()).toMatch(/<h1>[^<]+<\/h1>/);
    const isPage = path.startsWith('/@');
    expect([path, typeOf(other)]).toEqual([path, expect.stringMatching(isPage ? /html/ : /json$/)]);
    if (isPage) continue;
    expect([path, page.headers.get('cache-control')]).toEqual([path, expect.stringMatching(/no-store$/)]);
    expect([page, other].map(({ headers }) => headers.get('vary'))).toEqual(['accept', 'accept']);
  }
  expect(problems).toBeGreaterThan(30);
});
