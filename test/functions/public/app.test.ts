import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openapiDocument } from '../../../functions/public/api/openapi.ts';
import * as schemas from '../../../functions/public/api/schemas.ts';
import { publicApp } from '../../../functions/public/app.ts';
import { receiptSchema } from '../../../shared/contract/tipSchemas.ts';
import { encodeCursor, openOptionId } from '../../../shared/ledger/index.ts';
import { countingReads, HOSTILE, type Jar, NOW, openJar } from './jar.ts';

let jar: Jar;
let app: ReturnType<typeof publicApp>;
const reported: unknown[] = [];

beforeAll(async () => {
  jar = await openJar();
  app = publicApp({
    ledger: jar.ledger,
    clock: () => NOW,
    reads: 'each',
    openapi: openapiDocument(),
    report: (error) => reported.push(error),
  });
});
afterAll(() => jar.close());

const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });
const json = async <T = Record<string, unknown>>(path: string) => (await (await get(path)).json()) as T;
const feed = (path: string) => json<schemas.FeedBody>(path);
const totals = (path: string) => json<schemas.TotalsBody>(path);

describe('every answer is what its schema says', () => {
  test.each([
    ['/v1/creators/alice', schemas.creatorSchema],
    ['/v1/creators/bob', schemas.creatorSchema],
    ['/v1/creators/carol', schemas.creatorSchema],
    ['/v1/creators/alice/invoice', schemas.invoiceSchema],
    ['/v1/creators/alice/invoice?option=COFFEE', schemas.invoiceSchema],
    ['/v1/creators/alice/tips', schemas.feedSchema],
    ['/v1/creators/bob/tips', schemas.feedSchema],
    ['/v1/creators/carol/tips', schemas.feedSchema],
    ['/v1/creators/alice/totals', schemas.totalsSchema],
    ['/v1/creators/carol/totals', schemas.totalsSchema],
    ['/v1/invoices/ADDR', schemas.namedInvoiceSchema],
    ['/v1/tips/SET', receiptSchema],
    ['/v1/creators/nobody', schemas.problemSchema],
    ['/v1/creators/dora', schemas.problemSchema],
    ['/v1/creators/erin/invoice', schemas.problemSchema],
    ['/v1/creators/alice/tips?limit=0', schemas.problemSchema],
    ['/v1/tips/zz', schemas.problemSchema],
    ['/nowhere', schemas.problemSchema],
  ])('%s', async (path, schema) => {
    const body = await json(jar.fill(path));
    expect(schema.parse(body)).toEqual(body);
  });
});

describe('the invoice', () => {
  test('is the one that the open option hands out now', async () => {
    const invoice = await json('/v1/creators/alice/invoice');
    expect(invoice).toMatchObject({
      handle: 'alice',
      optionId: openOptionId('alice'),
      paymentRequest: jar.open.paymentRequest,
      uri: expect.stringMatching(/^lightning:/i),
      paymentAddr: jar.open.paymentAddr,
      payee: jar.open.payee,
      amountMsat: null,
      expiresAt: jar.open.expiresAt.toISOString(),
    });
  });

  test('of a fixed option has its amount', async () => {
    const invoice = await json(`/v1/creators/alice/invoice?option=${jar.coffee.optionId}`);
    expect(invoice).toMatchObject({ paymentRequest: jar.coffee.paymentRequest, amountMsat: '3000000' });
  });

  test('comes as text by name or by Accept', async () => {
    const byName = await get('/v1/creators/alice/invoice.txt');
    const byAccept = await get('/v1/creators/alice/invoice', { accept: 'text/plain' });
    for (const response of [byName, byAccept]) {
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(await response.text()).toBe(`${jar.open.paymentRequest}\n`);
    }
    expect(byAccept.headers.get('vary')).toBe('accept');
  });

  test('that isn’t minted yet is 503, with the time to ask again, and kept by nobody', async () => {
    const response = await get('/v1/creators/erin/invoice');
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ type: 'urn:problem-type:ampjar:invoice-pending' });
  });

  test('is no longer handed out from the moment that it expires', async () => {
    const at = async (time: Date) => {
      const then = publicApp({ ledger: jar.ledger, clock: () => time, reads: 'each', openapi: {} });
      const response = await then.request('/v1/creators/alice/invoice');
      return [response.status, response.headers.get('cache-control')];
    };
    const end = jar.open.expiresAt.getTime();
    expect(await at(new Date(end - 1))).toEqual([200, 'no-store']);
    expect(await at(new Date(end))).toEqual([503, 'no-store']);
  });

  test('by its payment address says nothing about payments', async () => {
    const body = await json(`/v1/invoices/${jar.open.paymentAddr.toUpperCase()}`);
    expect(body).toMatchObject({ paymentAddr: jar.open.paymentAddr, status: 'current' });
    expect(Object.keys(body).filter((key) => /count|received|tips|index/i.test(key))).toEqual([]);
  });

  test.each([
    ['/v1/creators/alice/qr.svg', 'image/svg+xml'],
    ['/v1/creators/alice/qr.svg?option=COFFEE', 'image/svg+xml'],
    ['/v1/creators/alice/qr.png', 'image/png'],
    ['/v1/invoices/ADDR/qr.svg', 'image/svg+xml'],
  ])('is a picture at %s', async (path, type) => {
    const response = await get(jar.fill(path));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const start = type === 'image/png' ? '\x89PNG' : '<svg';
    expect(Buffer.from(bytes.subarray(0, 4)).toString('latin1')).toBe(start);
  });

  test('as a QR code by its payment address may be kept for as long as it can be paid', async () => {
    const response = await get(`/v1/invoices/${jar.open.paymentAddr}/qr.svg`);
    const seconds = Number(
      /^public, max-age=(\d+), stale-if-error=0, immutable$/.exec(
        response.headers.get('cache-control')!,
      )?.[1],
    );
    expect(seconds).toBeGreaterThan(86_400);
    expect(NOW.getTime() + seconds * 1000).toBeLessThanOrEqual(jar.open.expiresAt.getTime());
  });
});

describe('the feed', () => {
  test('goes from the newest tip to the first by cursor, each once', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: schemas.FeedBody = await feed(
        `/v1/creators/alice/tips?limit=10${cursor ? `&cursor=${cursor}` : ''}`,
      );
      seen.push(...page.tips.map((tip) => tip.amountMsat));
      cursor = page.nextCursor;
      pages++;
    } while (cursor !== null);
    expect(seen).toEqual(jar.tips.map((tip) => tip.amountMsat.toString()).reverse());
    expect(pages).toBe(Math.ceil(jar.tips.length / 10));
  });

  test('tells where newer tips will be, with tips in it or without', async () => {
    for (const path of ['alice/tips?limit=3', 'alice/tips', 'erin/tips']) {
      const { tips, newestCursor } = await feed(`/v1/creators/${path}`);
      expect(newestCursor).toBe(tips[0]?.cursor ?? encodeCursor('erin', 0n));
    }
    const { tips, newestCursor } = await feed(
      `/v1/creators/alice/tips?limit=3&after=${encodeCursor('alice', 0n)}`,
    );
    expect(newestCursor).toBe(tips[2]!.cursor);
  });

  test('goes from any tip to the newest by ?after=, each once', async () => {
    const whole = (await feed('/v1/creators/alice/tips?limit=100')).tips.reverse();
    const seen: string[] = [];
    let after: string | null = whole[4]!.cursor;
    do {
      const page: schemas.FeedBody = await feed(`/v1/creators/alice/tips?limit=7&after=${after}`);
      seen.push(...page.tips.map((tip) => tip.id));
      after = page.nextCursor;
    } while (after !== null);
    expect(seen).toEqual(whole.slice(5).map((tip) => tip.id));
    const newest = whole.at(-1)!.cursor;
    expect(await json(`/v1/creators/alice/tips?after=${newest}`)).toMatchObject({
      tips: [],
      newestCursor: newest,
      nextCursor: null,
    });
    expect((await feed(`/v1/creators/alice/tips?limit=1&cursor=${newest}`)).tips[0]).toEqual(whole.at(-2));
  });

  test('after a cursor is kept for a second, never longer', async () => {
    const [newest] = (await feed('/v1/creators/alice/tips?limit=1')).tips;
    const answer = await get(`/v1/creators/alice/tips?after=${newest!.cursor}`);
    expect(answer.headers.get('cache-control')).toBe(
      'public, max-age=1, s-maxage=1, stale-while-revalidate=0, stale-if-error=0',
    );
  });

  test('takes a place from one end alone', async () => {
    const [newest] = (await feed('/v1/creators/alice/tips?limit=1')).tips;
    const both = await get(`/v1/creators/alice/tips?after=${newest!.cursor}&cursor=${newest!.cursor}`);
    expect(both.status).toBe(400);
    expect(await both.json()).toMatchObject({ field: 'after' });
    expect((await get(`/v1/creators/bob/tips?after=${newest!.cursor}`)).status).toBe(400);
  });

  test('has twenty tips, if it isn’t told how many', async () => {
    expect((await feed('/v1/creators/alice/tips')).tips).toHaveLength(20);
  });

  test('never shows a set id, nor anything that it could be looked up by', async () => {
    const text = await (await get('/v1/creators/alice/tips?limit=100')).text();
    for (const { setId } of jar.tips) {
      expect(text).not.toContain(setId);
      expect(text).not.toContain(setId.slice(0, 16));
    }
    const { tips } = JSON.parse(text) as schemas.FeedBody;
    expect((await get(`/v1/tips/${tips[0]?.id}`)).status).not.toBe(200);
  });

  test('rounds times down to the minute', async () => {
    const [newest] = (await feed('/v1/creators/alice/tips?limit=1')).tips;
    const exact = jar.tips.at(-1)!.settledAt;
    expect(exact.getTime() % 60_000).not.toBe(0);
    expect(newest?.settledAt).toBe(`${exact.toISOString().slice(0, 16)}:00.000Z`);
  });

  test('has the payers’ words only where the creator shows messages', async () => {
    const [alices] = (await feed('/v1/creators/alice/tips?limit=1')).tips;
    const [bobs] = (await feed('/v1/creators/bob/tips?limit=1')).tips;
    expect(alices?.message).toBe(HOSTILE);
    expect(Object.keys(bobs!).sort()).toEqual(['amountMsat', 'cursor', 'id', 'optionId', 'settledAt']);
  });

  test('of a creator who shows nothing is empty and says so, as totals are null', async () => {
    expect(await json('/v1/creators/carol/tips')).toEqual({
      shows: 'nothing',
      tips: [],
      newestCursor: encodeCursor('carol', 0n),
      nextCursor: null,
    });
    expect(await json('/v1/creators/carol/totals')).toEqual({
      shows: 'nothing',
      count: null,
      amountMsat: null,
      options: [],
    });
    expect((await json('/v1/creators/carol')).totals).toBeNull();
  });

  test('agrees with the totals, exact to the msat beyond 2^53', async () => {
    const all = await totals('/v1/creators/alice/totals');
    const sum = jar.tips.reduce((sofar, tip) => sofar + tip.amountMsat, 0n);
    expect(sum).toBeGreaterThan(2n ** 53n);
    expect(all).toMatchObject({ count: String(jar.tips.length), amountMsat: sum.toString() });
    expect(all.options[0]).toEqual({
      id: openOptionId('alice'),
      count: String(jar.tips.length),
      amountMsat: sum.toString(),
    });
    expect(all.options[1]).toMatchObject({ count: '0', amountMsat: '0' });
    const { shows: _, ...alike } = all;
    expect((await json('/v1/creators/alice')).totals).toEqual(alike);
  });
});

describe('a payer’s own tip', () => {
  test('is whole for who knows its set id', async () => {
    const tip = jar.tips.at(-1)!;
    expect(await json(`/v1/tips/${tip.setId}`)).toMatchObject({
      setId: tip.setId,
      handle: 'alice',
      amountMsat: tip.amountMsat.toString(),
      settledAt: tip.settledAt.toISOString(),
      message: HOSTILE,
    });
  });

  test.each([
    ['a hit', () => jar.tips[0]!.setId, 200],
    ['a miss', () => 'f'.repeat(64), 404],
    ['a malformed one', () => 'abc', 400],
    ['a public id', () => 'x'.repeat(64), 400],
  ])('is kept by no cache and passed on by no referrer: %s', async (_, setId, status) => {
    const response = await get(`/v1/tips/${setId()}`);
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    if (status !== 200) expect(await response.text()).not.toContain(setId());
  });

  test('is looked up by the same id that the feed shows it under', async () => {
    const [newest] = (await feed('/v1/creators/alice/tips?limit=1')).tips;
    expect((await json(`/v1/tips/${jar.tips.at(-1)!.setId}`)).id).toBe(newest?.id);
  });
});

describe('what can’t be answered', () => {
  const long = 'a'.repeat(10_000);
  test.each([
    ['/v1/creators/nobody', 404, 'unknown-creator'],
    ['/v1/creators/nobody/tips', 404, 'unknown-creator'],
    ['/v1/creators/nobody/invoice', 404, 'unknown-creator'],
    ['/v1/creators/dora', 410, 'closed-creator'],
    ['/v1/creators/dora/invoice', 410, 'closed-creator'],
    ['/v1/creators/dora/invoice.txt', 410, 'closed-creator'],
    ['/v1/creators/dora/qr.svg', 410, 'closed-creator'],
    ['/v1/creators/dora/qr.png', 410, 'closed-creator'],
    ['/v1/creators/dora/tips', 410, 'closed-creator'],
    ['/v1/creators/dora/totals', 410, 'closed-creator'],
    ['/v1/creators/alice/invoice?option=aaaaaaaaaa', 404, 'unknown-option'],
    ['/v1/creators/alice/qr.png?option=aaaaaaaaaa', 404, 'unknown-option'],
    [`/v1/invoices/${'0'.repeat(64)}`, 404, 'unknown-invoice'],
    [`/v1/invoices/${'0'.repeat(64)}/qr.svg`, 404, 'unknown-invoice'],
    ['/v1', 404, 'unknown-path'],
    ['/v1/creators/alice/invoice.pdf', 404, 'unknown-path'],
  ])('%s is %i %s', async (path, status, kind) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toMatchObject({ type: `urn:problem-type:ampjar:${kind}`, status });
  });

  test.each([
    ['/v1/creators/a%2Fb', 404, 'handle', 'a/b'],
    ['/v1/creators/..%2F..%2Fetc', 404, 'handle', '../../etc'],
    ['/v1/creators/al.ice', 404, 'handle', 'al.ice'],
    ['/v1/creators/%F0%9D%92%B6lice', 404, 'handle', '\u{1d4b6}lice'],
    ['/v1/creators/alic%D0%B5', 404, 'handle', 'alic\u0435'],
    ['/v1/creators/alice%00', 404, 'handle', 'alice\0'],
    ['/v1/creators/alice%20', 404, 'handle', 'alice '],
    ['/v1/creators/%', 404, 'handle', '%'],
    ['/v1/creators/creator%23alice', 404, 'handle', 'creator#alice'],
    [`/v1/creators/${long}`, 404, 'handle', `${'a'.repeat(40)}…`],
    [`/v1/creators/${long}/invoice`, 404, 'handle', `${'a'.repeat(40)}…`],
    ['/v1/creators/alice/invoice?option=', 400, 'option', ''],
    ['/v1/creators/alice/invoice?option=../x', 400, 'option', '../x'],
    [`/v1/creators/alice/invoice?option=${long}`, 400, 'option', `${'a'.repeat(40)}…`],
    ['/v1/creators/alice/tips?limit=0', 400, 'limit', '0'],
    ['/v1/creators/alice/tips?limit=101', 400, 'limit', '101'],
    ['/v1/creators/alice/tips?limit=-1', 400, 'limit', '-1'],
    ['/v1/creators/alice/tips?limit=1.5', 400, 'limit', '1.5'],
    ['/v1/creators/alice/tips?limit=1e1', 400, 'limit', '1e1'],
    ['/v1/creators/alice/tips?limit=', 400, 'limit', ''],
    ['/v1/creators/alice/tips?cursor=', 400, 'cursor', ''],
    ['/v1/creators/alice/tips?cursor=newest', 400, 'cursor', 'newest'],
    [`/v1/creators/alice/tips?cursor=${'A'.repeat(22)}`, 400, 'cursor', 'A'.repeat(22)],
    [`/v1/creators/alice/tips?cursor=${long}`, 400, 'cursor', `${'a'.repeat(40)}…`],
    ['/v1/invoices/abc', 400, 'paymentAddr', 'abc'],
    ['/v1/tips/abc', 400, 'setId', undefined],
  ])('%s is %i and names %s, without touching the table', async (path, status, field, value) => {
    const reads = countingReads(jar.ledger);
    const response = await publicApp({ ...reads, clock: () => NOW, reads: 'each', openapi: {} }).request(
      path,
    );
    expect(response.status).toBe(status);
    const body = (await response.json()) as schemas.ProblemBody;
    expect(body).toMatchObject({ status, field, expected: expect.any(String) });
    expect(body.value).toBe(value);
    expect(JSON.stringify(body).length).toBeLessThan(700);
    expect(reads.count()).toBe(0);
  });

  test('a cursor of another creator is refused', async () => {
    const cursor = encodeCursor('bob', 1n);
    expect((await get(`/v1/creators/bob/tips?cursor=${cursor}`)).status).toBe(200);
    expect((await get(`/v1/creators/alice/tips?cursor=${cursor}`)).status).toBe(400);
  });

  test.each(['image/png', 'application/xml', '*/*;q=0'])(
    'Accept: %s on the invoice is 406',
    async (accept) => {
      const response = await get('/v1/creators/alice/invoice', { accept });
      expect(response.status).toBe(406);
      expect(await response.json()).toMatchObject({ field: 'Accept', value: accept });
    },
  );

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])(
    '%s is 405, with what is allowed',
    async (method) => {
      for (const path of [
        '/v1/creators/alice/invoice',
        '/v1/creators/alice',
        `/v1/tips/${'0'.repeat(64)}`,
        '/@alice',
      ]) {
        const response = await app.request(path, { method });
        expect(response.status).toBe(405);
        expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
      }
      expect((await app.request('/nowhere', { method })).status).toBe(404);
    },
  );

  test('a table that can’t be read is 503 for now, and the report has no address in it', async () => {
    reported.length = 0;
    const gone = publicApp({
      ledger: { ...jar.ledger, table: 'another-table' },
      clock: () => NOW,
      reads: 'each',
      openapi: {},
      report: (error) => reported.push(error),
    });
    const setId = 'e'.repeat(64);
    for (const path of [
      '/v1/creators/alice/invoice',
      '/v1/creators/alice/tips',
      `/v1/tips/${setId}`,
      '/@alice',
    ]) {
      const response = await gone.request(path);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('1');
      expect(response.headers.get('cache-control')).toMatch(/no-store$/);
      expect(await response.text()).not.toMatch(/another-table|ResourceNotFound/);
    }
    expect(reported.length).toBeGreaterThanOrEqual(4);
    expect(String(reported)).not.toContain(setId);
  });
});

describe('HTTP', () => {
  const PATHS = [
    '/v1/creators/alice',
    '/v1/creators/alice/invoice',
    '/v1/creators/alice/invoice.txt',
    '/v1/creators/alice/qr.svg',
    '/v1/creators/alice/qr.png',
    '/v1/creators/alice/tips',
    '/v1/creators/alice/totals',
    '/v1/invoices/ADDR',
    '/v1/tips/SET',
    '/openapi.json',
    '/@alice',
  ];

  test.each(PATHS)(
    '%s has a strong tag that holds while nothing changes, and is 304 to who has it',
    async (path) => {
      const first = await get(jar.fill(path));
      const etag = first.headers.get('etag')!;
      expect(etag).toMatch(/^"[^"]+"$/);
      const again = await get(jar.fill(path), { 'if-none-match': etag });
      expect(again.status).toBe(304);
      expect(await again.text()).toBe('');
      for (const name of ['etag', 'cache-control', 'access-control-allow-origin', 'vary']) {
        expect(again.headers.get(name)).toBe(first.headers.get(name));
      }
      expect(again.headers.get('content-type')).toBeNull();
      expect((await get(jar.fill(path), { 'if-none-match': '"other"' })).status).toBe(200);
    },
  );

  test.each(PATHS)('%s answers HEAD with the headers of GET, and OPTIONS to any site', async (path) => {
    const got = await get(jar.fill(path));
    const head = await app.request(jar.fill(path), { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(got.headers));
    const preflight = await app.request(jar.fill(path), { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
  });

  test.each(PATHS)('%s has Cache-Control, and no cookie', async (path) => {
    const { headers } = await get(jar.fill(path));
    expect(headers.get('cache-control')).toBeTruthy();
    expect(headers.get('set-cookie')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a query that we don’t know changes neither the answer nor what is shared', async () => {
    const reads = countingReads(jar.ledger);
    const shared = publicApp({ ...reads, clock: () => NOW, reads: 'shared', openapi: {} });
    const asked = ['', '?utm_source=x'].map((query) => shared.request(`/v1/creators/alice/invoice${query}`));
    const [first, second] = await Promise.all(asked.map(async (response) => (await response).text()));
    expect(second).toBe(first);
    expect(reads.count()).toBe(1);
  });

  test('a hundred requests of one turn read the table once, and get their own responses', async () => {
    const reads = countingReads(jar.ledger);
    const shared = publicApp({ ...reads, clock: () => NOW, reads: 'shared', openapi: {} });
    const asked = Array.from({ length: 100 }, () => shared.request('/v1/creators/alice/invoice'));
    const texts = await Promise.all(asked.map(async (response) => (await response).text()));
    expect(new Set(texts).size).toBe(1);
    expect(reads.count()).toBe(1);
  });

  test('a payer’s own tip is never shared in the process', async () => {
    const reads = countingReads(jar.ledger);
    const shared = publicApp({ ...reads, clock: () => NOW, reads: 'shared', openapi: {} });
    const path = `/v1/tips/${jar.tips[0]!.setId}`;
    await Promise.all([shared.request(path), shared.request(path)]);
    expect(reads.count()).toBe(2);
  });
});
