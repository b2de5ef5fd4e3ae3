import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as schemas from '../../../functions/public/api/schemas.ts';
import { publicApp } from '../../../functions/public/app.ts';
import { decodeLnurl, encodeLnurl } from '../../../shared/contract/lnurl.ts';
import { linkQrPng, linkQrSvg, qrPng, qrSvg } from '../../../shared/qr/qr.ts';
import { countingReads, type Jar, NOW, openJar } from '../public/jar.ts';

const BASE_URL = 'https://tips.example';
const options = { clock: () => NOW, reads: 'each', openapi: {} } as const;

let jar: Jar;
let app: ReturnType<typeof publicApp>;
let homeless: ReturnType<typeof publicApp>;
beforeAll(async () => {
  jar = await openJar();
  app = publicApp({ ...options, ledger: jar.ledger, baseUrl: BASE_URL });
  homeless = publicApp({ ...options, ledger: jar.ledger });
});
afterAll(() => jar.close());

const lnurlOf = (path: string) => encodeLnurl(`${BASE_URL}/.well-known/lnurlp/${path}`);
const body = async (path: string, of = app) =>
  Buffer.from(await (await of.request(jar.fill(path))).arrayBuffer());

describe('the QR code by name', () => {
  const CODES: [string, (path: string) => string | Uint8Array][] = [
    ['svg?code=lnurl', () => qrSvg(lnurlOf('alice'), { title: 'LNURL' })],
    ['png?code=lnurl', () => qrPng(lnurlOf('alice'))],
    [
      'svg?code=any',
      () => linkQrSvg(`${BASE_URL}/@alice?lightning=${lnurlOf('alice')}`, { title: 'Tip page and LNURL' }),
    ],
    ['png?code=any', () => linkQrPng(`${BASE_URL}/@alice?lightning=${lnurlOf('alice')}`)],
    ['svg?code=lnurl&option=COFFEE', (id) => qrSvg(lnurlOf(`alice?option=${id}`), { title: 'LNURL' })],
    [
      'png?code=any&option=COFFEE',
      (id) => linkQrPng(`${BASE_URL}/@alice?option=${id}&lightning=${lnurlOf(`alice?option=${id}`)}`),
    ],
    ['svg?code=amp', () => qrSvg(jar.open.paymentRequest)],
    ['svg', () => qrSvg(jar.open.paymentRequest)],
    ['png?code=amp&option=COFFEE', () => qrPng(jar.coffee.paymentRequest)],
  ];

  test.each(CODES)('qr.%s', async (path, expected) => {
    const drawn = await body(`/v1/creators/alice/qr.${path}`);
    expect(drawn.equals(Buffer.from(expected(jar.coffee.optionId)))).toBe(true);
  });

  test.each(['svg', 'png'])(
    'as %s has a type, a tag, and may be kept as long as that of the invoice',
    async (form) => {
      const amp = await app.request(`/v1/creators/alice/qr.${form}`);
      for (const code of ['lnurl', 'any']) {
        const response = await app.request(`/v1/creators/alice/qr.${form}?code=${code}`);
        for (const name of [
          'content-type',
          'cache-control',
          'cross-origin-resource-policy',
          'access-control-allow-origin',
        ])
          expect(response.headers.get(name), name).toBe(amp.headers.get(name));
        const etag = response.headers.get('etag')!;
        expect(etag).not.toBe(amp.headers.get('etag'));
        const again = await app.request(`/v1/creators/alice/qr.${form}?code=${code}`, {
          headers: { 'if-none-match': etag },
        });
        expect(again.status).toBe(304);
      }
    },
  );

  test('is there before the option has an AMP invoice, which is what the node is needed for', async () => {
    expect((await app.request('/v1/creators/erin/qr.svg')).status).toBe(503);
    expect((await app.request('/v1/creators/erin/qr.svg?code=lnurl')).status).toBe(200);
  });

  test('that is shared is another one for each code and option', async () => {
    const shared = publicApp({ ...options, ledger: jar.ledger, reads: 'shared', baseUrl: BASE_URL });
    const paths = CODES.map(([path]) => `/v1/creators/alice/qr.${path}`).filter(
      (path) => !path.endsWith('svg'),
    );
    const asked = await Promise.all([...paths, ...paths].map((path) => body(path, shared)));
    const [once, again] = [asked.slice(0, paths.length), asked.slice(paths.length)];
    expect(again).toEqual(once);
    expect(new Set(once.map((each) => each.toString('base64'))).size).toBe(paths.length);
  });

  test.each([
    ['/v1/creators/alice/qr.svg?code=', 400, 'bad-value'],
    ['/v1/creators/alice/qr.svg?code=AMP', 400, 'bad-value'],
    ['/v1/creators/alice/qr.png?code=bitcoin', 400, 'bad-value'],
    ['/v1/creators/alice/qr.svg?code=lnurl&option=%3Cb%3E', 400, 'bad-value'],
    ['/v1/creators/alice/qr.svg?code=lnurl&option=aaaaaaaaaa', 404, 'unknown-option'],
    ['/v1/creators/nobody/qr.svg?code=any', 404, 'unknown-creator'],
    ['/v1/creators/dora/qr.png?code=any', 410, 'closed-creator'],
  ])('%s is %i %s', async (path, status, kind) => {
    const response = await app.request(path);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ type: `urn:problem-type:ampjar:${kind}`, status });
  });

  test('is a problem where the service does not know its address, without a look at the table', async () => {
    const reads = countingReads(jar.ledger);
    const response = await publicApp({ ...options, ...reads }).request('/v1/creators/alice/qr.svg?code=any');
    expect(response.status).toBe(404);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(schemas.problemSchema.parse(await response.json())).toMatchObject({
      type: 'urn:problem-type:ampjar:no-origin',
      field: 'code',
    });
    expect(reads.count()).toBe(0);
    expect((await homeless.request('/v1/creators/alice/qr.svg')).status).toBe(200);
  });
});

describe('the profile', () => {
  const profile = async (of: typeof app) =>
    schemas.creatorSchema.parse(await (await of.request('/v1/creators/alice')).json());

  test('tells Lightning Address and LNURL, and that of each option', async () => {
    const { lightningAddress, lnurl, options } = await profile(app);
    expect(lightningAddress).toBe('alice@tips.example');
    expect(decodeLnurl(lnurl!)).toBe(`${BASE_URL}/.well-known/lnurlp/alice`);
    expect(options.map((option) => decodeLnurl(option.lnurl!))).toEqual([
      `${BASE_URL}/.well-known/lnurlp/alice`,
      `${BASE_URL}/.well-known/lnurlp/alice?option=${jar.coffee.optionId}`,
    ]);
  });

  test('has null where the service does not know its address', async () => {
    const { lightningAddress, lnurl, options } = await profile(homeless);
    expect([lightningAddress, lnurl, ...options.map((option) => option.lnurl)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  test('tells them as soon as the address is known', async () => {
    let known: string | undefined;
    const lazy = publicApp({
      ...options,
      ledger: jar.ledger,
      get baseUrl() {
        return known;
      },
    });
    expect((await profile(lazy)).lightningAddress).toBeNull();
    known = 'http://127.0.0.1:8080';
    expect((await profile(lazy)).lightningAddress).toBe('alice@127.0.0.1:8080');
    expect(await (await lazy.request('/@alice')).text()).not.toContain('lnurlp://');
  });
});
