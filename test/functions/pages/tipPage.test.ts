import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publicApp } from '../../../functions/public/app.ts';
import { encodeLnurl } from '../../../shared/contract/lnurl.ts';
import { HOSTILE, type Jar, NOW, openJar } from '../public/jar.ts';

let jar: Jar;
let app: ReturnType<typeof publicApp>;
beforeAll(async () => {
  jar = await openJar();
  app = publicApp({
    ledger: jar.ledger,
    clock: () => NOW,
    reads: 'each',
    openapi: {},
    baseUrl: 'https://tips.example',
  });
});
afterAll(() => jar.close());

const page = async (path: string) => (await app.request(path)).text();

test('the page has name, amounts, QR code, payment request and a link that opens a wallet', async () => {
  const text = await page('/@alice');
  expect(text).toContain('<svg');
  expect(text).toContain(`>${jar.open.paymentRequest}</textarea>`);
  expect(text).toMatch(/href="lightning:/i);
  expect(text).toContain(`href="/@alice?option=${jar.coffee.optionId}"`);
  expect(text).toContain('3,000 sat');
  expect(text).toMatch(/\bstatic\b/);
  expect(text).toMatch(/\breusable\b/);
  expect(text).toMatch(/AMP/);
  expect(text).toContain('<link rel="canonical" href="https://tips.example/@alice">');
});

test('?option= chooses the amount and marks the choice', async () => {
  const text = await page(`/@alice?option=${jar.coffee.optionId}`);
  expect(text).toContain(`>${jar.coffee.paymentRequest}</textarea>`);
  expect(text).toContain(`href="/@alice?option=${jar.coffee.optionId}" aria-current="page"`);
});

describe('beside the AMP invoice', () => {
  const hrefs = (text: string) => Array.from(text.matchAll(/ href="([^"]*)"/g), ([, href]) => href!);
  const lnurlOf = (path: string) => encodeLnurl(`https://tips.example/.well-known/lnurlp/${path}`);

  test('stand Lightning Address, LNURL and a code for cameras and wallets', async () => {
    const text = await page('/@alice');
    expect(text).toContain('value="alice@tips.example"');
    expect(hrefs(text)).toEqual(
      expect.arrayContaining([
        `lightning:${lnurlOf('alice').toLowerCase()}`,
        'lnurlp://tips.example/.well-known/lnurlp/alice',
        `https://tips.example/@alice?lightning=${lnurlOf('alice')}`,
      ]),
    );
    expect(text.match(/<svg/g)).toHaveLength(3);
    expect(text.indexOf(jar.open.paymentRequest)).toBeLessThan(text.indexOf('alice@tips.example'));
    expect(text).toMatch(/AMP code may still work/);
  });

  test('an option has an LNURL of its own, which asks for its amount', async () => {
    const { optionId } = jar.coffee;
    const text = await page(`/@alice?option=${optionId}`);
    const lnurl = lnurlOf(`alice?option=${optionId}`);
    expect(hrefs(text)).toContain(`lightning:${lnurl.toLowerCase()}`);
    expect(hrefs(text).map((href) => href.replaceAll('&amp;', '&'))).toContain(
      `https://tips.example/@alice?option=${optionId}&lightning=${lnurl}`,
    );
    expect(text).toContain(`data-callback="/.well-known/lnurlp/alice/callback/${optionId}"`);
    expect(text).toContain('data-amount="3000000"');
    expect(text).not.toContain('name="amount"');
  });

  test('the open option by its id has no other LNURL than the creator', async () => {
    expect(await page(`/@alice?option=${jar.open.optionId}`)).toContain(
      `lightning:${lnurlOf('alice').toLowerCase()}`,
    );
  });

  test('stands nothing where the service does not know its address, and the page is whole', async () => {
    const options = { ledger: jar.ledger, clock: () => NOW, reads: 'each', openapi: {} } as const;
    for (const more of [{}, { baseUrl: '' }]) {
      const text = await (await publicApp({ ...options, ...more }).request('/@alice')).text();
      expect(text).toContain(jar.open.paymentRequest);
      expect(text).not.toMatch(/lnurl|Lightning Address|<form/i);
    }
  });

  test('a link with the LNURL along opens the same page', async () => {
    const path = `/@alice?lightning=${lnurlOf('alice')}`;
    expect(await page(path)).toBe(await page('/@alice'));
  });

  test('the form is hidden until a wallet is there, and asks this origin alone', async () => {
    const response = await app.request('/@alice');
    expect(await response.text()).toMatch(/<form id="browser-wallet"[^>]* hidden>/);
    expect(response.headers.get('content-security-policy')).toContain("connect-src 'self';");
    expect(response.headers.get('content-security-policy')).toContain("form-action 'none'");
  });
});

test('what payers and creators wrote is text, never markup', async () => {
  const text = await page('/@alice');
  expect(text).not.toContain(HOSTILE);
  expect(text).not.toMatch(/<b onmouseover|<img|javascript:/i);
  expect(text.match(/<script/g)).toHaveLength(1);
  expect(text.match(/<\/script/g)).toHaveLength(1);
  expect(text.match(/onmouseover=&quot;alert\(1\)&quot;/g)!.length).toBeGreaterThan(1);
});

test('tips are shown as far as the creator shows them, and never under their set id', async () => {
  expect(await page('/@alice')).toContain('Recent tips');
  expect(await page('/@bob')).toContain('Recent tips');
  expect(await page('/@bob')).not.toContain('onmouseover');
  expect(await page('/@carol')).not.toContain('Recent tips');
  for (const { setId } of jar.tips) expect(await page('/@alice')).not.toContain(setId);
});

test('the policy lets in its own style and script by hash, and nothing inline besides', async () => {
  const response = await app.request('/@alice');
  const policy = response.headers.get('content-security-policy')!;
  const text = await response.text();
  expect(policy).toMatch(/^default-src 'none';/);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  for (const element of ['style', 'script']) {
    const inline = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(text)![1]!;
    const hash = createHash('sha256').update(inline).digest('base64');
    expect(policy).toContain(`${element}-src 'sha256-${hash}'`);
  }
  const markup = text.replace(/"[^"]*"/g, '""').replace(/<(style|script)>.*?<\/\1>/gs, '');
  expect(markup.match(/<[^>]*( style| on[a-z]+)=/g)).toBeNull();
  const addresses = Array.from(text.matchAll(/ (?:src|href)="([^"]*)"/g), ([, address]) => address!);
  expect(
    addresses.filter(
      (each) =>
        !/^(#other$|\/@|lightning:|data:image\/svg\+xml,|(https|lnurlp):\/\/tips\.example\/)/i.test(each),
    ),
  ).toEqual([]);
  expect(Buffer.byteLength(text)).toBeLessThan(40_000);
});

test.each([
  ['/@nobody', 404],
  ['/@', 404],
  [`/@${'a'.repeat(10_000)}`, 404],
  ['/@%3Cscript%3Ealert(1)%3C%2Fscript%3E', 404],
  ['/@alice/more', 404],
  ['/@alice?option=aaaaaaaaaa', 404],
  ['/@alice?option=%3Cb%3E', 400],
  ['/@dora', 410],
  ['/@erin', 503],
])('%s is a page of its own, with status %i', async (path, status) => {
  const response = await app.request(path);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
  const text = await response.text();
  expect(text).toMatch(/^<!doctype html>/);
  expect(text).not.toMatch(/<b>|alert\(1\)<\/script>/);
  expect(text.includes('http-equiv="refresh"')).toBe(status === 503);
});
