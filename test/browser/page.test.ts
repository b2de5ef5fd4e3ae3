import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publicApp } from '../../functions/public/app.ts';
import { encodeLnurl } from '../../shared/contract/lnurl.ts';
import { HOSTILE, type Jar, NOW, openJar } from '../functions/public/jar.ts';
import { openBrowser } from './browser.ts';
import { scan as scanCode } from './scan.ts';

let jar: Jar;
let server: ServerType;
let browser: Browser;
let origin: string;

beforeAll(async () => {
  jar = await openJar();
  const app = publicApp({
    ledger: jar.ledger,
    clock: () => NOW,
    reads: 'each',
    openapi: {},
    get baseUrl() {
      return origin;
    },
  });
  server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await new Promise((resolve) => server?.close(resolve));
  await jar?.close();
});

const PHONE = { viewport: { width: 390, height: 844 } };
const DESKTOP = { viewport: { width: 1280, height: 900 } };

/** Open an address; what the browser complains of and what else it asks for is noted. */
async function open(path: string, options: BrowserContextOptions = PHONE) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(origin + path);
  return { context, page, complaints, requests };
}

/** The codes on the page, each with what stands around it. */
const AMP = 'section.jar >> nth=0';
const OTHER = 'section.other';
const ANY = 'section.other details .qr';

const scan = (page: Page, code = AMP) => scanCode(page.locator(code));

const lnurlOf = (path: string) => encodeLnurl(`${origin}/.well-known/lnurlp/${path}`);

describe.each([
  ['a phone', PHONE],
  ['a desktop', DESKTOP],
  ['a phone in the dark', { ...PHONE, colorScheme: 'dark' as const }],
  ['a phone without JavaScript', { ...PHONE, javaScriptEnabled: false }],
])('on %s', (_, options) => {
  test('the code on the screen is the payment request, and the page fits', async () => {
    const { context, page, complaints, requests } = await open('/@alice', options);
    expect(await scan(page)).toBe(`LIGHTNING:${jar.open.paymentRequest.toUpperCase()}`);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([`${origin}/@alice`]);
    await context.close();
  });

  test('the code beside it is the LNURL, and one code opens page and wallet alike', async () => {
    const { context, page, complaints } = await open('/@alice', options);
    expect(await scan(page, OTHER)).toBe(`LIGHTNING:${lnurlOf('alice')}`);
    expect(await page.locator(ANY).isVisible()).toBe(false);
    await page.getByText('One code for cameras and wallets').click();
    const link = (await scan(page, ANY))!;
    expect(link).toBe(`${origin}/@alice?lightning=${lnurlOf('alice')}`);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.goto(link);
    expect(await scan(page)).toBe(`LIGHTNING:${jar.open.paymentRequest.toUpperCase()}`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('an amount is chosen by a link, and its code is another one', async () => {
    const { context, page, complaints } = await open('/@alice', options);
    await page.getByRole('link', { name: /Coffee/ }).click();
    expect(new URL(page.url()).searchParams.get('option')).toBe(jar.coffee.optionId);
    expect(await scan(page)).toBe(`LIGHTNING:${jar.coffee.paymentRequest.toUpperCase()}`);
    expect(await page.getByLabel('Payment request', { exact: true }).inputValue()).toBe(
      jar.coffee.paymentRequest,
    );
    const wallet = await page.getByRole('link', { name: 'Open in a Lightning wallet' }).getAttribute('href');
    expect(wallet?.toLowerCase()).toBe(`lightning:${jar.coffee.paymentRequest}`);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

test('the copy buttons copy payment request and address', async () => {
  const { context, page, complaints } = await open('/@alice', {
    ...PHONE,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const copied = () => page.evaluate('navigator.clipboard.readText()');
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await copied()).toBe(jar.open.paymentRequest);
  await page.getByRole('button', { name: 'Copy address' }).click();
  await page.getByRole('button', { name: 'Copied' }).nth(1).waitFor();
  expect(await copied()).toBe(`alice@${new URL(origin).host}`);
  expect(complaints).toEqual([]);
  await context.close();
});

test('without JavaScript there is no button that needs it, and the text can be selected', async () => {
  const { context, page } = await open('/@alice', { ...PHONE, javaScriptEnabled: false });
  expect(await page.locator('button:visible, form:visible').count()).toBe(0);
  expect(await page.getByLabel('Lightning Address').isVisible()).toBe(true);
  expect(await page.locator('textarea').isVisible()).toBe(true);
  await context.close();
});

test('hostile text is shown as it was written, and makes no element and no attribute', async () => {
  const { context, page, complaints } = await open('/@alice');
  expect(await page.locator('.tips p', { hasText: 'onmouseover' }).first().textContent()).toBe(HOSTILE);
  expect(await page.locator('[onmouseover], main img, main script').count()).toBe(0);
  await page.locator('h1').hover();
  expect(complaints).toEqual([]);
  await context.close();
});

test('the policy holds: a script and a style that were not there are refused', async () => {
  const { context, page, complaints } = await open('/@alice');
  await page.evaluate(
    `document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))`,
  );
  await page.evaluate(
    `document.body.append(Object.assign(document.createElement('img'), { src: 'https://tracker.example/' }))`,
  );
  expect(await page.evaluate('window.ran')).toBeUndefined();
  await expect.poll(() => complaints.length).toBeGreaterThanOrEqual(2);
  expect(complaints.join()).toMatch(/Content Security Policy/);
  await context.close();
});
