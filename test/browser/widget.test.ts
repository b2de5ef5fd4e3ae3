import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { publicApp } from '../../functions/public/app.ts';
import { widgetRoutes } from '../../local/widget.ts';
import { encodeLnurl } from '../../shared/contract/lnurl.ts';
import { HOSTILE, type Jar, NOW, openJar } from '../functions/public/jar.ts';
import { openBrowser } from './browser.ts';
import { byEvents, type Ends, eventually, TRANSPORTS } from './liveStage.ts';
import { scan } from './scan.ts';

let browser: Browser;
let jar: Jar;
const ends: Ends = [];

beforeAll(async () => {
  [browser, jar] = await Promise.all([openBrowser(), openJar()]);
});
afterAll(async () => {
  await browser?.close();
  await jar?.close();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** The service that has the jar: its reading side and the widget's files. */
async function serveJar(port = 0) {
  let origin = '';
  const app = new Hono();
  app.route('/', widgetRoutes());
  const reading = publicApp({
    ledger: jar.ledger,
    clock: () => NOW,
    reads: 'each',
    openapi: {},
    get baseUrl() {
      return origin;
    },
  });
  app.all('*', (c) => reading.fetch(c.req.raw));
  const server: ServerType = serve({ fetch: app.fetch, hostname: '127.0.0.1', port });
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${address.port}`;
  const close = async () => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  ends.push(close);
  return { origin, port: address.port, close };
}

/** All that docs/widget.md says a site's policy has to allow, and nothing else. */
const policyFor = (origin: string, realtime = '') =>
  [
    "default-src 'none'",
    `script-src ${origin}`,
    `img-src ${origin}`,
    `connect-src ${origin} ${realtime}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

/** Open a page of another site that has a widget in it; what the browser complains of and asks for is noted. */
async function openSite(
  service: { origin: string; realtime?: string },
  markup: string,
  options: BrowserContextOptions = {},
  before: (page: Page) => Promise<unknown> = async () => {},
) {
  const body = `<!doctype html><meta charset="utf-8"><title>A site</title>
<script type="module" src="${service.origin}/widget.js"></script><h1>A site</h1>${markup}`;
  const site = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.setHeader('content-security-policy', policyFor(service.origin, service.realtime));
    response.end(body);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const context = await browser.newContext(options);
  ends.push(() => new Promise((resolve) => site.close(resolve)));
  ends.push(() => context.close());
  const page = await context.newPage();
  await before(page);
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  return { page, complaints, requests };
}

const ALICE = '<tip-jar handle="alice"></tip-jar>';
const code = (page: Page) => page.locator('tip-jar [part=qr]').first();

/** What an expression gives, in which `root` is the widget's shadow root and `jar` the element. */
const inJar = (page: Page, expression: string) =>
  page.evaluate(`((jar, root = jar.shadowRoot) => (${expression}))(document.querySelector('tip-jar'))`);

/** Wait for the code's picture, and read it as a wallet does. */
async function scanned(page: Page, at = code(page)) {
  await at.waitFor();
  await inJar(
    page,
    "Promise.all([...root.querySelectorAll('img')].filter((each) => each.checkVisibility()).map((each) => each.decode()))",
  );
  return scan(at);
}

describe('on a page of another site with a strict policy', () => {
  test.each<[string, BrowserContextOptions]>([
    ['on a desktop', {}],
    ['on a phone in the dark', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
  ])('the code is the payment request, %s', async (_, options) => {
    const service = await serveJar();
    const { page, complaints, requests } = await openSite(service, ALICE, options);
    expect(await scanned(page)).toBe(`LIGHTNING:${jar.open.paymentRequest.toUpperCase()}`);
    const open = page.getByRole('link', { name: 'Open in a Lightning wallet' });
    expect(await open.getAttribute('href')).toBe(`lightning:${jar.open.paymentRequest}`);
    expect(await page.getByRole('link', { name: 'Tip page' }).getAttribute('href')).toBe(
      `${service.origin}/@alice`,
    );
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
    // The page, loader and module, profile, invoice, and the picture of its code: no other.
    expect(requests).toHaveLength(6);
  });

  test('a name that means no good is shown as it was written, and makes no element', async () => {
    const { page, complaints } = await openSite(await serveJar(), ALICE);
    const name = `Alice ${HOSTILE}`.slice(0, 60);
    expect(await page.locator('[part=name] bdi').textContent()).toBe(name);
    expect(await page.locator('tip-jar b, tip-jar script, [onmouseover], [onerror]').count()).toBe(0);
    await page.locator('[part=name]').hover();
    expect(complaints).toEqual([]);
  });

  test('an amount is picked by a button, by keyboard as well, and its code is another one', async () => {
    const { page, complaints } = await openSite(await serveJar(), ALICE);
    const coffee = page.getByRole('button', { name: 'Coffee 3,000 sat' });
    await coffee.waitFor();
    expect(await page.locator('[aria-pressed=true]').textContent()).toBe('Any amount');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await inJar(page, 'root.activeElement.textContent')).toBe('Coffee3,000 sat');
    await page.keyboard.press('Enter');
    await eventually(() => scanned(page)).toBe(`LIGHTNING:${jar.coffee.paymentRequest.toUpperCase()}`);
    expect(await page.getByRole('textbox', { name: 'Payment request' }).inputValue()).toBe(
      jar.coffee.paymentRequest,
    );
    expect(await page.locator('[aria-pressed=true]').textContent()).toContain('Coffee');
    expect(await page.getByAltText('QR code of the invoice, 3,000 sat').count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test('a handle may be written with capitals', async () => {
    const { page } = await openSite(await serveJar(), '<tip-jar handle="Alice"></tip-jar>');
    await code(page).waitFor();
    expect(await scanned(page)).toBe(`LIGHTNING:${jar.open.paymentRequest.toUpperCase()}`);
  });

  test('the attribute option names the one to begin with', async () => {
    const { page } = await openSite(
      await serveJar(),
      `<tip-jar handle="alice" option="${jar.coffee.optionId}"></tip-jar>`,
    );
    await code(page).waitFor();
    expect(await scanned(page)).toBe(`LIGHTNING:${jar.coffee.paymentRequest.toUpperCase()}`);
  });

  test('wallets that can’t pay AMP have an LNURL and the Lightning Address, fetched when they are looked for', async () => {
    const service = await serveJar();
    const { page, complaints, requests } = await openSite(service, ALICE);
    await code(page).waitFor();
    expect(requests.some((url) => url.includes('code=lnurl'))).toBe(false);
    await page.getByText('Any other wallet').click();
    const lnurl = encodeLnurl(`${service.origin}/.well-known/lnurlp/alice`);
    expect(await scanned(page, page.locator('[part=other] [part=qr]'))).toBe(`LIGHTNING:${lnurl}`);
    expect(await page.getByRole('textbox', { name: 'Lightning Address' }).inputValue()).toBe(
      `alice@${new URL(service.origin).host}`,
    );
    expect(complaints).toEqual([]);
  });

  test('the copy button copies the payment request, and says so', async () => {
    const { page } = await openSite(await serveJar(), ALICE, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await page.getByRole('button', { name: 'Copy' }).first().click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(jar.open.paymentRequest);
  });

  test('its colours are the page’s to choose, and its parts too', async () => {
    const { page } = await openSite(await serveJar(), ALICE);
    await page.evaluate(`{
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('tip-jar{--tip-jar-accent:rgb(1,2,3)} tip-jar::part(name){color:rgb(4,5,6)}');
      document.adoptedStyleSheets = [sheet];
    }`);
    const style = (part: string, name: string) =>
      inJar(page, `getComputedStyle(root.querySelector('[part=${part}]')).${name}`);
    await code(page).waitFor();
    expect(await style('open', 'backgroundColor')).toBe('rgb(1, 2, 3)');
    expect(await style('name', 'color')).toBe('rgb(4, 5, 6)');
  });

  test('another handle makes it another jar', async () => {
    const { page } = await openSite(await serveJar(), ALICE);
    await code(page).waitFor();
    await inJar(page, "jar.setAttribute('handle', 'bob')");
    await page.getByText('Tip Bob').waitFor();
    expect(await page.locator('[part=name]').count()).toBe(1);
  });
});

test('a jar far below what is seen asks for nothing until a reader comes near', async () => {
  const { page, requests } = await openSite(await serveJar(), '<br>'.repeat(300) + ALICE);
  await page.waitForFunction("customElements.get('tip-jar')");
  // By the second frame sight would have been told.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  expect(requests.filter((url) => url.includes('/v1/'))).toEqual([]);
  await page.mouse.wheel(0, 100_000);
  await code(page).waitFor();
});

test('a page that stays open asks for a new invoice every six hours, and keeps the old one where none comes', async () => {
  const service = await serveJar();
  const { page, requests } = await openSite(service, ALICE, {}, (page) => page.clock.install());
  await code(page).waitFor();
  const asked = () => requests.filter((url) => url.includes('/invoice?')).length;
  expect(asked()).toBe(1);
  await page.clock.fastForward('06:00:01');
  await eventually(asked).toBe(2);
  await service.close();
  await page.clock.fastForward('06:00:01');
  await eventually(asked).toBe(3);
  expect(await page.getByText('The tip jar can’t be reached now.').count()).toBe(0);
  expect(await scanned(page)).toBe(`LIGHTNING:${jar.open.paymentRequest.toUpperCase()}`);
});

describe('what can’t be shown is said, above what the page put into the element', () => {
  test.each([
    ['handle="nobody"', 'There is no such tip jar here.'],
    ['handle="dora"', 'This tip jar has closed.'],
    ['handle="Al ice"', 'handle: "Al ice", expected the handle of a creator'],
    ['', 'handle: not set, expected the handle of a creator'],
    ['handle="alice" option="?"', 'option: "?", expected the id of a tip option'],
    [
      'handle="alice" host="javascript:alert(1)"',
      'host: "javascript:alert(1)", expected the address of the service, like https://tips.example',
    ],
  ])('%s: %s', async (attributes, text) => {
    const { page } = await openSite(
      await serveJar(),
      `<tip-jar ${attributes}><a href="#">Tip me</a></tip-jar>`,
    );
    expect(await page.locator('[part=problem]').textContent()).toBe(text);
    expect(await page.getByText('Tip me').isVisible()).toBe(true);
  });

  test('a creator without an invoice yet has the other ways to pay', async () => {
    const { page } = await openSite(await serveJar(), '<tip-jar handle="erin"></tip-jar>');
    await page.getByText('The invoice is not ready yet.').waitFor();
    expect(await code(page).isVisible()).toBe(false);
    await page.getByText('Any other wallet').click();
    expect(await page.locator('[part=other] [part=qr]').isVisible()).toBe(true);
  });

  test('a service that is down can be asked again', async () => {
    const script = await serveJar();
    const service = await serveJar();
    await service.close();
    const { page, complaints } = await openSite(
      { ...script, realtime: service.origin },
      `<tip-jar handle="bob" host="${service.origin}">Tip me</tip-jar>`,
    );
    await page.getByText('The tip jar can’t be reached now.').waitFor();
    expect(await page.getByText('Tip me').isVisible()).toBe(true);
    // The browser itself notes the request that failed; the widget adds nothing.
    expect(complaints.filter((each) => !each.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
    await serveJar(service.port);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[part=name]', { hasText: 'Tip Bob' }).waitFor();
  });
});

test('until the script is there, and without JavaScript, the page’s own content stands', async () => {
  const { page } = await openSite(
    await serveJar(),
    '<tip-jar handle="alice"><a href="#">Tip me</a></tip-jar>',
    {
      javaScriptEnabled: false,
    },
  );
  expect(await page.getByText('Tip me').isVisible()).toBe(true);
});

const sats = (...all: number[]) => all.map((sat) => ({ amountMsat: BigInt(sat) * 1000n }));
const amounts = (page: Page) => page.locator('[part=tip] b').allTextContents();

describe.each(TRANSPORTS)('with the attribute live, by %s', (_, openStage) => {
  const LIVE = '<tip-jar handle="alice" live></tip-jar>';

  test('a new tip appears, once, as text; the newest five stay', async () => {
    const stage = await openStage(ends);
    const { page, complaints } = await openSite(stage, LIVE);
    await stage.listening(1);
    const event = await stage.jar.tip('alice', {
      amountMsat: 1_234_567n,
      message: HOSTILE,
      sender: 'Mallory <i>',
    });
    await stage.tell([event]);
    await eventually(() => amounts(page)).toEqual(['1,234.567 sat']);
    expect(await page.locator('[part=tip] p').textContent()).toBe(HOSTILE);
    expect(await page.locator('[part=tip] bdi').textContent()).toBe('Mallory <i>');
    expect(await page.locator('tip-jar i, [onmouseover]').count()).toBe(0);
    const more = await stage.jar.tips('alice', sats(1, 2, 3, 4, 5));
    await stage.tell([more[1]!, more[0]!]);
    await stage.tell([...more, event]);
    await eventually(() => amounts(page)).toEqual(['5 sat', '4 sat', '3 sat', '2 sat', '1 sat']);
    expect(complaints).toEqual([]);
  });

  test('the tips that there are stand there first, and what came while the line was down is made up for', async () => {
    const stage = await openStage(ends);
    await stage.jar.tips('alice', sats(1, 2));
    const { page } = await openSite(stage, LIVE);
    await stage.listening(1);
    expect(await amounts(page)).toEqual(['2 sat', '1 sat']);
    const restore = await stage.cut();
    await stage.tell(await stage.jar.tips('alice', sats(3))).catch(() => {});
    await restore();
    await eventually(() => amounts(page)).toEqual(['3 sat', '2 sat', '1 sat']);
  });

  test('a jar that was taken off the page, or that nobody sees, listens to nothing', async () => {
    const stage = await openStage(ends);
    const { page } = await openSite(stage, LIVE);
    await stage.listening(1);
    const hide = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await hide(true);
    await stage.listening(0);
    await hide(false);
    await stage.listening(1);
    await inJar(page, 'jar.remove()');
    await stage.listening(0);
  });

  test('a creator who shows nothing is not listened to', async () => {
    const stage = await openStage(ends);
    await stage.jar.tip('carol');
    const { page, requests } = await openSite(stage, '<tip-jar handle="carol" live></tip-jar>');
    await code(page).waitFor();
    expect(requests.filter((url) => /tips|live|realtime/.test(url))).toEqual([]);
  });
});

const lists = (page: Page) =>
  page
    .locator('tip-jar')
    .evaluateAll((jars) =>
      jars.map((jar) => [...jar.shadowRoot!.querySelectorAll('[part=tip] b')].map((b) => b.textContent)),
    );

test('a page holds one live connection to a service, however many jars of whomever are on it', async () => {
  const stage = await byEvents(ends);
  const { page, requests } = await openSite(
    stage,
    '<tip-jar handle="alice" live></tip-jar><tip-jar handle="bob" live></tip-jar>'.repeat(4),
    { viewport: { width: 400, height: 8_000 } },
  );
  await stage.listening(1);
  await eventually(async () => (await page.locator('tip-jar [part=qr]').count()) >= 8).toBe(true);
  await stage.tell([
    await stage.jar.tip('alice', { amountMsat: 21_000n }),
    await stage.jar.tip('bob', { amountMsat: 34_000n }),
  ]);
  await eventually(() => lists(page)).toEqual(
    Array.from({ length: 8 }, (_, at) => [at % 2 ? '34 sat' : '21 sat']),
  );
  expect(requests.filter((url) => url.includes('/live'))).toHaveLength(1);
  // The other creator's jars have the connection when its own are gone.
  await page.evaluate("document.querySelectorAll('tip-jar[handle=alice]').forEach((jar) => jar.remove())");
  await eventually(() => requests.filter((url) => url.includes('/bob/live'))).toHaveLength(1);
  await stage.listening(1);
});

test('while an option’s invoice is on its way, the card is busy and shows no other one’s', async () => {
  const service = await serveJar();
  const { page } = await openSite(service, ALICE);
  await code(page).waitFor();
  let answer = () => {};
  const asked = new Promise<void>((resolve) => {
    void page.route('**/invoice?*', async (route) => {
      resolve();
      await new Promise<void>((go) => {
        answer = go;
      });
      await route.continue();
    });
  });
  await page.locator('[part=option][aria-pressed=false]').first().click();
  await asked;
  expect(await page.locator('[part=card]').getAttribute('aria-busy')).toBe('true');
  expect(await code(page).isVisible()).toBe(false);
  answer();
  await code(page).waitFor({ state: 'visible' });
  expect(await page.locator('[part=card]').getAttribute('aria-busy')).toBeNull();
});
