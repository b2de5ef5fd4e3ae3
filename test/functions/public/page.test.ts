import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicApp } from '../../../functions/public/app.ts';
import { HOSTILE, type Jar, NOW, openJar } from './jar.ts';

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
      (each) => !/^(\/@|lightning:|data:image\/svg\+xml,|https:\/\/tips\.example\/)/i.test(each),
    ),
  ).toEqual([]);
  expect(Buffer.byteLength(text)).toBeLessThan(40_000);
});

test.each([
  ['/@nobody', 404],
  ['/@Alice', 404],
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
