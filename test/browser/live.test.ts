import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HOSTILE } from '../functions/public/jar.ts';
import { openJar, serveJar } from '../local/live/stage.ts';
import { openBrowser } from './browser.ts';
import { byAppSync, byEvents, type Ends, eventually, TRANSPORTS } from './liveStage.ts';

let browser: Browser;
const ends: Ends = [];

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Open an address; what the browser complains of is noted. */
async function open(url: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  ends.push(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, complaints };
}

const amounts = (page: Page) => page.locator('.tips b').allTextContents();
/** What the list consists of, but for what only new ones have. */
const list = async (page: Page) => (await page.locator('.tips').innerHTML()).replaceAll(' class="new"', '');
const sats = (...all: number[]) => all.map((sat) => ({ amountMsat: BigInt(sat) * 1000n }));

describe.each(TRANSPORTS)('a tip page that is live by %s', (_, openStage) => {
  test('shows a tip as it is told, once, as a reload would', async () => {
    const { jar, origin, tell, listening } = await openStage(ends);
    const { page, complaints } = await open(`${origin}/@alice`);
    await page.getByText('None yet').waitFor();
    await listening(1);
    const event = await jar.tip('alice', {
      amountMsat: 1_234_567_890n,
      message: `${HOSTILE}\nsecond line`,
      sender: 'Mallory <i>',
    });
    await tell([event]);
    await page.locator('.tips li').waitFor();
    expect(await amounts(page)).toEqual(['1,234,567.89 sat']);
    expect(await page.getByText('None yet').isVisible()).toBe(false);
    expect(await page.locator('.tips p').last().textContent()).toBe(`${HOSTILE}\nsecond line`);
    expect(await page.locator('main img, main script, [onmouseover]').count()).toBe(0);
    await tell([event, event]);
    await tell(await jar.tips('alice', sats(1, 999, 21_000_000)));
    await eventually(() => amounts(page)).toEqual(['21,000,000 sat', '999 sat', '1 sat', '1,234,567.89 sat']);
    const live = await list(page);
    await page.reload();
    const still = (await list(page)).replaceAll('\n', '');
    // The server sets elements apart by line feeds, which are within a message, too.
    expect(live.replaceAll('\n', '')).toBe(still);
    expect(complaints).toEqual([]);
  });

  test('shows what came while the connection was down, once and in order, and goes on', async () => {
    const { jar, origin, tell, listening, cut } = await openStage(ends);
    await jar.tips('alice', sats(1, 2));
    const { page } = await open(`${origin}/@alice`);
    await listening(1);
    await tell(await jar.tips('alice', sats(3)));
    await eventually(() => amounts(page)).toEqual(['3 sat', '2 sat', '1 sat']);
    const restore = await cut();
    await tell(await jar.tips('alice', sats(4, 5))).catch(() => {});
    await restore();
    await listening(1);
    await eventually(() => amounts(page)).toEqual([5, 4, 3, 2, 1].map((sat) => `${sat} sat`));
    await tell(await jar.tips('alice', sats(6)));
    await eventually(async () => (await amounts(page)).length).toBe(6);
    expect((await amounts(page))[0]).toBe('6 sat');
  });

  test('that comes from a cache shows what came since', async () => {
    const { jar, origin } = await openStage(ends);
    await jar.tips('alice', sats(1));
    const { page } = await open(`${origin}/@alice`);
    await page.goto('about:blank');
    await jar.tips('alice', sats(2, 3));
    await page.goto(`${origin}/@alice`);
    const sent = await page.evaluate('performance.getEntriesByType("navigation")[0].transferSize');
    expect(sent).toBe(0);
    await eventually(() => amounts(page)).toEqual(['3 sat', '2 sat', '1 sat']);
  });

  test('listens to nothing while nobody sees it, and catches up when it is seen', async () => {
    const { jar, origin, listening, tell } = await openStage(ends);
    const { page } = await open(`${origin}/@alice`);
    await listening(1);
    const turn = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await turn(true);
    await listening(0);
    await tell(await jar.tips('alice', sats(1)));
    await turn(false);
    await eventually(() => amounts(page)).toEqual(['1 sat']);
  });

  test('has no motion for who wants none, and works as it is without JavaScript', async () => {
    const { jar, origin, tell, listening } = await openStage(ends);
    const calm = await open(`${origin}/@alice`, { reducedMotion: 'reduce' });
    const lively = await open(`${origin}/@alice`, { reducedMotion: 'no-preference' });
    await listening(2);
    await tell(await jar.tips('alice', sats(7)));
    for (const [{ page }, count] of [
      [calm, 0],
      [lively, 1],
    ] as const) {
      await page.locator('.new').waitFor();
      expect(await page.evaluate('document.getAnimations().length')).toBe(count);
    }
    const plain = await open(`${origin}/@alice`, { javaScriptEnabled: false });
    expect(await amounts(plain.page)).toEqual(['7 sat']);
  });
});

describe('by AppSync', () => {
  test('tips told in disorder and twice stand in order, once', async () => {
    const { jar, origin, tell, listening } = await byAppSync(ends);
    const { page } = await open(`${origin}/@alice`);
    await listening(1);
    const events = await jar.tips('alice', sats(1, 2, 3, 4));
    await tell([events[2]!, events[0]!]);
    await tell([events[3]!, events[2]!, events[1]!, events[0]!]);
    await eventually(() => amounts(page)).toEqual(['4 sat', '3 sat', '2 sat', '1 sat']);
  });

  test('a tip that is listed only after the first look is found by the second', async () => {
    const { jar, origin, listening } = await byAppSync(ends);
    const { page } = await open(`${origin}/@alice`);
    const looks: string[] = [];
    page.on('response', (response) => looks.push(response.url()));
    await listening(1);
    await page.waitForTimeout(500);
    await jar.tip('alice');
    await eventually(() => amounts(page)).toEqual(['1 sat']);
    expect(looks.filter((url) => url.includes('after=')).length).toBeLessThanOrEqual(2);
  });

  test('a connection that falls silent is given up, and made anew', async () => {
    const { jar, origin, listening, appsync, tell } = await byAppSync(ends);
    appsync.setTimeoutMs(400);
    const { page } = await open(`${origin}/@alice`);
    let sockets = 0;
    page.on('websocket', () => sockets++);
    await listening(1);
    await eventually(() => sockets).toBeGreaterThan(1);
    appsync.setTimeoutMs(300_000);
    await listening(1);
    await tell(await jar.tips('alice', sats(5)));
    await eventually(() => amounts(page)).toEqual(['5 sat']);
  }, 40_000);
});

describe.each(TRANSPORTS)('an overlay that is live by %s', (_, openStage) => {
  test('is transparent and empty, shows each tip for its seconds as text, one after the other', async () => {
    const { jar, origin, tell, listening } = await openStage(ends);
    await jar.tip('alice');
    const { page, complaints } = await open(`${origin}/@alice/overlay?seconds=2&minimum=2`);
    await listening(1);
    expect(await page.locator('#tip').isVisible()).toBe(false);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgba(0, 0, 0, 0)');
    const big = { amountMsat: 2_000_000n, message: HOSTILE, sender: 'Mallory' };
    await tell(await jar.tips('alice', [{ amountMsat: 1_999n }, big, { amountMsat: 3_000_000n }]));
    const shown = page.locator('#tip b');
    await eventually(() => shown.allTextContents()).toEqual(['2,000 sat']);
    const from = performance.now();
    expect(await page.locator('#tip p').textContent()).toBe(HOSTILE);
    expect(await page.locator('#tip bdi').textContent()).toBe('Mallory');
    expect(await page.locator('img, [onmouseover]').count()).toBe(0);
    await eventually(() => shown.allTextContents()).toEqual(['3,000 sat']);
    expect(performance.now() - from).toBeGreaterThan(1_000);
    await page.locator('#tip').waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });

  test('misses no tip while the connection is down', async () => {
    const { jar, origin, tell, listening, cut } = await openStage(ends);
    const { page } = await open(`${origin}/@alice/overlay?seconds=2`);
    await listening(1);
    const restore = await cut();
    await tell(await jar.tips('alice', sats(4))).catch(() => {});
    await restore();
    await eventually(() => page.locator('#tip b').allTextContents()).toEqual(['4 sat']);
  });
});

test('an overlay shows a sample to be placed by', async () => {
  const { origin } = await byEvents(ends);
  const { page } = await open(`${origin}/@carol/overlay?sample=yes&size=large&seconds=2`);
  await page.getByText('2,100 sat').waitFor();
  await page.locator('#tip').waitFor({ state: 'hidden' });
});

test('the example of the documentation shows tips on another site', async () => {
  const { jar, origin, tell, listening } = await byEvents(ends);
  const docs = readFileSync(new URL('../../docs/live.md', import.meta.url), 'utf8');
  const example = /```html\n(.*?)```/s.exec(docs)![1]!.replace('http://127.0.0.1:8080', origin);
  const site = createServer((_, response) => response.setHeader('content-type', 'text/html').end(example));
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => site.close(resolve)));
  const { page } = await open(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  await listening(1);
  await tell([await jar.tip('alice', { amountMsat: 21_000n, message: HOSTILE })]);
  await eventually(() => page.locator('li').allTextContents()).toEqual([`21 sat ${HOSTILE}`]);
});

/** Connections to a port go through it, until the live ones fall silent: they stay open, and nothing comes any more. New ones work. */
async function openSilencer(port: number) {
  const pairs = new Set<[Socket, Socket]>();
  const all: Socket[] = [];
  let taken = 0;
  const server = createTcpServer((near) => {
    taken++;
    const far = connect(port, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    all.push(near, far);
    near.on('data', (sent) => sent.includes('/live?') && pairs.add(pair));
    near.pipe(far).pipe(near);
    for (const each of pair) each.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    for (const each of all) each.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: () => taken,
    fallSilent: () => {
      for (const [near, far] of pairs) near.unpipe(far).pause() && far.unpipe(near).pause();
    },
  };
}

test('a connection that has gone silent is made anew, and what was told meanwhile is shown', async () => {
  const jar = await openJar();
  ends.push(() => jar.close());
  const served = await serveJar(jar, { heartbeatMs: 400 });
  ends.push(() => served.close());
  const { origin, taken, fallSilent } = await openSilencer(served.port);
  const { page } = await open(`${origin}/@alice`);
  await eventually(() => served.connections()).toBe(1);
  // With it the page has heard a heartbeat, and knows how often one comes.
  await served.hub.publish([await jar.tip('alice', { amountMsat: 1_000n })]);
  await eventually(() => amounts(page)).toEqual(['1 sat']);
  const before = taken();
  fallSilent();
  await served.hub.publish([await jar.tip('alice', { amountMsat: 21_000n })]);
  await eventually(() => amounts(page)).toEqual(['21 sat', '1 sat']);
  expect(taken()).toBeGreaterThan(before);
});
