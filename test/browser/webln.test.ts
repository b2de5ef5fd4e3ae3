import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publicApp } from '../../functions/public/app.ts';
import { readFeed } from '../../shared/ledger/index.ts';
import { openStage, type Stage, until } from '../functions/lnurl/stage.ts';
import { openBrowser } from './browser.ts';

let stage: Stage;
let server: ServerType;
let browser: Browser;
let origin: string;

beforeAll(async () => {
  stage = await openStage();
  const pages = publicApp({
    ledger: stage.ledger,
    clock: stage.clock,
    reads: 'each',
    openapi: {},
    get baseUrl() {
      return origin;
    },
  });
  const lnurl = stage.lnurl();
  const fetch = (request: Request) =>
    new URL(request.url).pathname.startsWith('/@') ? pages.fetch(request) : lnurl.fetch(request);
  server = serve({ fetch, hostname: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await stage.startConnector().live();
  await until(async () => (await fetch(new Request(`${origin}/@alice?option=${stage.coffee.id}`))).ok);
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await new Promise((resolve) => server?.close(resolve));
  await stage?.close();
});

/** The browser's wallet, as WebLN has it: it pays from the development node, or answers what it is told to. */
const WALLET = `window.webln = {
  async enable() { this.enabled = true; },
  async sendPayment(paymentRequest) {
    if (!this.enabled) throw new Error('not enabled');
    return { preimage: await window.payFromNode(paymentRequest) };
  },
};`;

/** Open a page in a browser with a wallet; what the browser complains of and what else it asks for is noted. */
async function open(path: string, wallet: string | undefined = WALLET) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  const paid: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (request.url().includes('/callback')) asked.push(request.url());
  });
  await page.exposeFunction('payFromNode', async (paymentRequest: string) => {
    paid.push(paymentRequest);
    const { status, failureReason, attempts } = await stage.pay(paymentRequest);
    if (status !== 'SUCCEEDED') throw new Error(failureReason);
    return Buffer.from(attempts[0]!.preimage!).toString('hex');
  });
  if (wallet) await page.addInitScript(wallet);
  await page.goto(origin + path);
  return { page, complaints, asked, paid, close: () => context.close() };
}

const button = (page: Page) => page.getByRole('button', { name: 'Pay with this browser’s wallet' });
const said = (page: Page, text: string | RegExp) =>
  page.locator('#browser-wallet output', { hasText: text }).waitFor();
const newest = async () => (await readFeed(stage.ledger, 'alice', { limit: 1 })).tips[0];

describe('in a browser with a wallet', () => {
  test('an amount and a message that are typed become a tip', async () => {
    const { page, complaints, paid, close } = await open('/@alice');
    await page.getByLabel('Satoshi').fill('2100');
    await page.getByLabel('Message').fill('Great post & </script>');
    await button(page).click();
    await said(page, 'Thank you! Your tip has arrived.');
    const tip = await until(async () => {
      const found = await newest();
      return found?.amountMsat === 2_100_000n && found;
    });
    expect(tip).toMatchObject({ via: 'bolt11', message: 'Great post & </script>' });
    expect(paid).toHaveLength(1);
    expect(await button(page).isEnabled()).toBe(true);
    expect(complaints).toEqual([]);
    await close();
  });

  test('an option is paid with its own amount, by the enter key as well', async () => {
    const { page, complaints, close } = await open(`/@alice?option=${stage.coffee.id}`);
    expect(await page.getByLabel('Satoshi').count()).toBe(0);
    await page.getByLabel('Message').press('Enter');
    await said(page, 'Thank you!');
    await until(async () => (await newest())?.optionId === stage.coffee.id);
    expect(await newest()).toMatchObject({ amountMsat: 3_000_000n });
    expect(complaints).toEqual([]);
    await close();
  });

  test.each(['0', '-5', '1.5', '1e3', 'ten', '٣', '12345678901234567'])(
    'an amount of %s is asked for anew, and nothing is asked of the service',
    async (amount) => {
      const { page, asked, complaints, close } = await open('/@alice');
      await page.getByLabel('Satoshi').fill(amount);
      await button(page).click();
      await said(page, 'whole number of satoshi');
      expect(asked).toEqual([]);
      expect(complaints).toEqual([]);
      await close();
    },
    30_000,
  );

  test('what the service refuses is said in its words, and can be mended', async () => {
    const { page, asked, paid, close } = await open('/@alice');
    await page.getByLabel('Satoshi').fill('99999999');
    await button(page).click();
    await said(page, /No invoice came: amount: 99999999000 msat is not from 1000 to 10000000000 msat/);
    expect(paid).toEqual([]);
    await page.getByLabel('Satoshi').fill('5');
    await button(page).click();
    await said(page, 'Thank you!');
    expect(asked).toHaveLength(2);
    await close();
  });

  test('a service that does not answer is told of, and what still works', async () => {
    const { page, paid, close } = await open('/@alice');
    await page.route('**/callback**', (route) => route.abort());
    await page.getByLabel('Satoshi').fill('5');
    await button(page).click();
    await said(page, /did not answer\. The AMP code may still work/);
    expect(paid).toEqual([]);
    await close();
  });

  test.each([
    [
      'a wallet that may not be used',
      `enable: async () => { throw new Error('User rejected') }`,
      'User rejected',
    ],
    [
      'a wallet that fails with markup',
      `enable: async () => {}, sendPayment: async () => { throw new Error('<img src=x onerror=alert(1)>') }`,
      '<img src=x onerror=alert(1)>',
    ],
    [
      'a wallet that gives no reason',
      'enable: async () => {}, sendPayment: () => Promise.reject()',
      'no reason',
    ],
    [
      'a wallet that gives a text',
      `enable: async () => {}, sendPayment: () => Promise.reject('no route')`,
      'no route',
    ],
    ['a wallet without a method', 'enable: async () => {}', 'sendPayment'],
  ])(
    '%s is quoted, as text',
    async (_, methods, words) => {
      const { page, complaints, close } = await open('/@alice', `window.webln = { ${methods} };`);
      await page.getByLabel('Satoshi').fill('5');
      await button(page).click();
      await said(page, `Your wallet did not pay: `);
      expect(await page.locator('#browser-wallet output').textContent()).toContain(words);
      expect(await page.locator('#browser-wallet output *').count()).toBe(0);
      expect(await button(page).isEnabled()).toBe(true);
      expect(complaints).toEqual([]);
      await close();
    },
    30_000,
  );

  test('two clicks are one payment', async () => {
    const { page, asked, paid, close } = await open('/@alice');
    await page.getByLabel('Satoshi').fill('7');
    await page.evaluate(`(() => {
      const form = document.querySelector('#browser-wallet');
      form.requestSubmit();
      form.requestSubmit();
    })()`);
    await said(page, 'Thank you!');
    expect(asked).toHaveLength(1);
    expect(paid).toHaveLength(1);
    await close();
  });
});

describe('the form', () => {
  test('is not shown without a wallet', async () => {
    const { page, complaints, close } = await open('/@alice', '');
    expect(await page.locator('#browser-wallet').isVisible()).toBe(false);
    expect(complaints).toEqual([]);
    await close();
  });

  test.each(['window', 'document'])(
    'is shown when a wallet comes later and tells the %s',
    async (target) => {
      const { page, close } = await open('/@alice', '');
      await page.evaluate(`${WALLET} ${target}.dispatchEvent(new Event('webln:ready'))`);
      await page.locator('#browser-wallet').waitFor({ state: 'visible' });
      await page.getByLabel('Satoshi').fill('6');
      await button(page).click();
      await said(page, 'Thank you!');
      await close();
    },
    30_000,
  );
});
