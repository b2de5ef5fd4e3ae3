import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type ServerOptions } from 'node:http';
import { BlockList, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Hono } from 'hono';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localEvents } from '../../local/events.ts';
import { paymentRoutes } from '../../local/payments.ts';
import { makeTable, seedAlice } from '../../local/seed.ts';
import { openSite, type SiteParts } from '../../local/site.ts';
import { type EmbeddedTables, openEmbeddedTable } from '../../local/table/index.ts';
import { WakeMessageQueue } from '../../local/wakeMessages.ts';
import type { Ledger } from '../../shared/ledger/index.ts';

const ORIGIN = 'https://tips.example';
const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

let dir: string;
let tables: EmbeddedTables;
let ledger: Ledger;
let stop: AbortController;
let close: () => void;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-site-'));
  tables = await openEmbeddedTable({ dir: join(dir, 'data'), clock: Date.now });
  ledger = { client: tables.client(), table: 'ampjar' };
  await makeTable(ledger);
  await seedAlice(ledger, new Date(), random);
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  close();
  await tables.close();
  rmSync(dir, { recursive: true });
});

/** @returns the URL on loopback */
async function open(parts: Partial<SiteParts> = {}): Promise<string> {
  const log = pino({ level: 'silent' });
  const site = await openSite(
    { address: '127.0.0.1', port: 0 },
    {
      ledger,
      log,
      events: localEvents(tables, ledger, log),
      wakeMessages: new WakeMessageQueue(),
      signal: stop.signal,
      ...parts,
    },
  );
  close = site.close;
  return site.localUrl;
}

/** Ask with headers that fetch would not send. */
async function ask(url: string, headers: Record<string, string>, body?: string) {
  const asking = request(url, { method: body === undefined ? 'GET' : 'POST', headers, agent: false });
  asking.end(body);
  const [answer] = await once(asking, 'response');
  return { status: answer.statusCode as number, body: await text(answer) };
}

/** An address of each part of the site. */
const PATHS = [
  '/@alice',
  '/v1/creators/alice',
  '/v1/creators/alice/live',
  '/.well-known/lnurlp/alice',
  '/v1/manage/creators',
  '/widget.js',
  '/dev/payments',
  '/nothing',
];

describe('the host that a request names', () => {
  it.each(PATHS)('is one of this machine’s own, or %s is not answered', async (path) => {
    const url = await open({ more: new Hono().get('/dev/payments', (c) => c.text('dev')) });
    const { port } = new URL(url);
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.nip.io'])
      expect((await ask(url + path, { host })).status, host).toBe(421);
    if (path.endsWith('/live')) return;
    for (const host of [`127.0.0.1:${port}`, `LocalHost:${port}`, '[::1]:1', '127.0.0.1'])
      expect((await ask(url + path, { host })).status, host).not.toBe(421);
  });

  it('is that of the origin, too, and says so', async () => {
    const url = await open({ origin: ORIGIN });
    for (const host of ['tips.example', 'TIPS.example:443'])
      expect((await ask(`${url}/@alice`, { host })).status).not.toBe(421);
    const { status, body } = await ask(`${url}/@alice`, { host: 'a.tips.example' });
    expect(status).toBe(421);
    expect(JSON.parse(body)).toMatchObject({
      type: 'urn:problem-type:ampjar:unknown-host',
      detail: 'Host: expected tips.example or 127.0.0.1.',
    });
  });
});

describe('addresses in answers', () => {
  const HEADERS = {
    host: 'tips.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '81',
    forwarded: 'for=192.0.2.1;host=evil.example;proto=http',
  };

  it.each(['/@alice', '/v1/creators/alice', '/.well-known/lnurlp/alice', '/openapi.json'])(
    'of %s carry the origin, whatever the request forwards',
    async (path) => {
      const url = await open({ origin: ORIGIN });
      const { status, body } = await ask(url + path, HEADERS);
      expect([200, 503]).toContain(status);
      expect(body).not.toMatch(/127\.0\.0\.1|evil\.example|http:\/\/(?!www\.w3\.org)/);
      if (status === 200 && path !== '/openapi.json') expect(body).toContain('tips.example');
    },
  );
});

describe('who asks', () => {
  /** Callbacks of LNURL are bounded by address. @returns whether one was let through */
  const isHeard = async (url: string, headers: Record<string, string>) => {
    const { body } = await ask(`${url}/.well-known/lnurlp/alice/callback?amount=1`, headers);
    return !JSON.parse(body).reason.includes('too many');
  };
  const heardOf = async (url: string, forwarded: (time: number) => string | undefined) => {
    let heard = 0;
    for (let time = 0; time < 40; time++) {
      const value = forwarded(time);
      if (await isHeard(url, value === undefined ? {} : { 'x-forwarded-for': value })) heard++;
    }
    return heard;
  };
  const proxies = new BlockList();
  proxies.addSubnet('127.0.0.0', 8, 'ipv4');

  it('is the address that connects, whatever it forwards, where there is no proxy', async () => {
    const url = await open();
    expect(await heardOf(url, (time) => `192.0.2.${time}`)).toBeLessThan(40);
  });

  it('is the last address that a proxy forwards, not what was written before it', async () => {
    const url = await open({ origin: ORIGIN, proxies });
    expect(await heardOf(url, (time) => `192.0.2.${time}`)).toBe(40);
    expect(await heardOf(url, (time) => `192.0.2.${time}, 198.51.100.7`)).toBeLessThan(40);
    expect(await heardOf(url, (time) => `192.0.2.${time}, "x`)).toBeLessThan(40);
  });
});

describe('what pays with play money', () => {
  const paid: unknown[] = [];
  const more = paymentRoutes({
    pay: async (order) => {
      paid.push(order);
      return { shards: [] };
    },
  });
  const order = JSON.stringify({ paymentRequest: 'lnbcrt1', amountMsat: '1000' });
  const type = 'application/json';

  it.each<[string, Record<string, string>, string, number]>([
    ['pays what a program sends', {}, order, 200],
    ['refuses a page of another origin', { origin: 'https://evil.example' }, order, 403],
    ['refuses a page that hides its origin', { origin: 'null' }, order, 403],
    ['refuses what a form sends', { 'content-type': 'text/plain' }, order, 415],
    ['refuses a large body', {}, JSON.stringify({ message: 'x'.repeat(20_000) }), 413],
  ])('%s', async (_, headers, body, status) => {
    const url = await open({ more });
    paid.length = 0;
    expect((await ask(`${url}/dev/payments`, { 'content-type': type, ...headers }, body)).status).toBe(
      status,
    );
    expect(paid).toHaveLength(status === 200 ? 1 : 0);
  });

  it('does not wait for the end of a large body', async () => {
    const url = await open({ more });
    const sending = request(`${url}/dev/payments`, { method: 'POST', headers: { 'content-type': type } });
    sending.write('x'.repeat(20_000));
    const [answer] = await once(sending, 'response');
    expect(answer.statusCode).toBe(413);
    sending.destroy();
  });
});

describe('a slow client', () => {
  const LIMITS: ServerOptions = {
    headersTimeout: 100,
    requestTimeout: 200,
    connectionsCheckingInterval: 20,
    keepAliveTimeout: 100,
  };

  /** Send a part of a request, and go on a byte at a time. @returns what was answered once the server has hung up */
  async function drip(url: string, begun: string): Promise<string> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(begun);
    const dripping = setInterval(() => socket.write('x'), 20);
    try {
      return await text(socket).catch(() => '');
    } finally {
      clearInterval(dripping);
    }
  }

  const BEGUN = [
    'GET /@alice HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ',
    ...['/@alice', '/v1/manage/creators', '/.well-known/lnurlp/alice/callback', '/dev/payments'].map(
      (path) =>
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{`,
    ),
  ];

  it.each(BEGUN)('is hung up on: %j', async (begun) => {
    const more = paymentRoutes({ pay: async () => ({ shards: [] }) });
    const url = await open({ limits: LIMITS, more });
    // Each comes to its end.
    const answers = await Promise.all(Array.from({ length: 100 }, () => drip(url, begun)));
    expect(answers).toHaveLength(100);
  });

  it('is not one who listens to a live stream for longer than that', async () => {
    const url = await open({ limits: LIMITS });
    const asking = request(`${url}/v1/creators/alice/live`).end();
    const [answer] = await once(asking, 'response');
    answer.resume();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(answer.complete || answer.destroyed).toBe(false);
    asking.destroy();
  });
});
