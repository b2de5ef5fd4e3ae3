import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Live } from '../../../functions/pages/live.ts';
import { publicApp } from '../../../functions/public/app.ts';
import { decodeCursor } from '../../../shared/ledger/index.ts';
import { HOSTILE, type Jar, NOW, openJar } from '../public/jar.ts';

const APPSYNC = {
  realtime: 'wss://abc.appsync-realtime-api.eu-central-1.amazonaws.com/event/realtime',
  host: 'abc',
};

let jar: Jar;
beforeAll(async () => {
  jar = await openJar();
});
afterAll(() => jar.close());

const get = (path: string, live?: Live) =>
  publicApp({ ledger: jar.ledger, clock: () => NOW, reads: 'each', openapi: {}, live }).request(path);
const text = async (path: string, live?: Live) => (await get(path, live)).text();
const policyOf = ({ headers }: Response) => headers.get('content-security-policy')!;
const directive = (policy: string, name: string) => new RegExp(`${name} ([^;]*)`).exec(policy)![1]!;

describe.each<[string, Live]>([
  ['server-sent events', 'sse'],
  ['AppSync', APPSYNC],
])('a page that is live by %s', (_, live) => {
  test.each(['/@alice', '/@alice/overlay'])('%s runs its own scripts, known by hash', async (path) => {
    const response = await get(path, live);
    const policy = policyOf(response);
    const body = await response.text();
    for (const element of ['style', 'script']) {
      const inline = Array.from(
        body.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs')),
        ([, each]) => each!,
      );
      const hashes = inline.map((each) => `'sha256-${createHash('sha256').update(each).digest('base64')}'`);
      expect(directive(policy, `${element}-src`).split(' ')).toEqual(hashes);
    }
    expect(policy).not.toMatch(/unsafe|\*/);
    const markup = body.replace(/"[^"]*"/g, '""').replace(/<(style|script)>.*?<\/\1>/gs, '');
    expect(markup.match(/<[^>]*( style| on[a-z]+)=/g)).toBeNull();
  });

  test('connects to its own origin and to where tips are told, and nowhere else', async () => {
    const realtime = live === 'sse' ? '' : ' wss://abc.appsync-realtime-api.eu-central-1.amazonaws.com';
    for (const path of ['/@alice', '/@alice/overlay'])
      expect(directive(policyOf(await get(path, live)), 'connect-src')).toBe(`'self'${realtime}`);
  });

  test('is told of by the profile, for other clients', async () => {
    expect(await (await get('/v1/creators/alice', live)).json()).toMatchObject({ live });
  });

  test('goes on from the newest tip that it shows, and tells each one’s place', async () => {
    const body = await text('/@alice', live);
    const places = Array.from(body.matchAll(/<li data-cursor="([\w-]+)">/g), ([, cursor]) =>
      decodeCursor('alice', cursor!),
    );
    expect(places).toEqual(Array.from({ length: 10 }, (_, at) => BigInt(25 - at)));
    const after = / data-handle="alice" data-after="([\w-]+)"/.exec(body)![1]!;
    expect(decodeCursor('alice', after)).toBe(25n);
    expect(body).toMatch(/<ul class="tips" aria-live="polite"/);
    expect(body.includes('data-socket=')).toBe(live !== 'sse');
  });

  test('has no live script where nothing is shown', async () => {
    const body = await text('/@carol', live);
    expect(body.match(/<script/g)).toHaveLength(1);
    expect(body).not.toContain('data-handle');
  });

  test('stays small', async () => {
    const more = (await text('/@alice', live)).length - (await text('/@alice')).length;
    expect(more).toBeLessThan(5_000);
    expect((await text('/@alice/overlay', live)).length).toBeLessThan(6_000);
  });
});

test('a page that is not live has no trace of it, and no overlay', async () => {
  expect(await text('/@alice')).not.toMatch(/data-cursor|data-after|EventSource/);
  expect((await get('/@alice/overlay')).status).toBe(404);
});

describe('the overlay', () => {
  test('is kept by nobody, for it begins after the newest tip', async () => {
    const response = await get('/@alice/overlay', 'sse');
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    const after = /data-after="([\w-]+)"/.exec(await response.text())![1]!;
    expect(decodeCursor('alice', after)).toBe(25n);
  });

  test('has no tip in it, nor markup of the creator’s name', async () => {
    const body = await text('/@alice/overlay', 'sse');
    expect(body).not.toContain(HOSTILE);
    expect(body).not.toMatch(/<b onmouseover|Mallory/);
  });

  test('is told its options', async () => {
    const body = await text('/@alice/overlay?seconds=20&minimum=1000&size=large&sample=yes', 'sse');
    expect(body).toContain('data-seconds="20" data-minimum="1000000" data-sample="yes"');
    expect(body).toContain('<body class="large">');
    expect(await text('/@alice/overlay', 'sse')).toContain('data-seconds="8" data-minimum="0">');
  });

  test.each([
    'seconds=1',
    'seconds=61',
    'seconds=08',
    'seconds=',
    'seconds=8&seconds=9',
    'minimum=-1',
    'minimum=1.5',
    'minimum=9999999999999999',
    'size=huge',
    'size=%22%3E%3Cscript%3E',
    'sample=no',
    'second=5',
    'constructor=1',
    '__proto__=1',
  ])('refuses ?%s, and says what it takes', async (query) => {
    const response = await get(`/@alice/overlay?${query}`, 'sse');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).not.toContain('"><script>');
  });

  test.each([
    ['/@nobody/overlay', 404],
    ['/@dora/overlay', 410],
    ['/@erin/overlay', 200],
    ['/@carol/overlay', 200],
    ['/@alice/overlay/more', 404],
  ])('%s is answered %i', async (path, status) => {
    expect((await get(path, 'sse')).status).toBe(status);
  });
});
