import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicApp } from '../../functions/public/app.ts';
import openapi from '../../functions/public/openapi.json' with { type: 'json' };
import { type Jar, NOW, openJar } from '../functions/public/jar.ts';
import { synthesise } from '../infra/synthesise.ts';
import { CloudFront } from './cloudFront.ts';

const { resources } = synthesise();
let jar: Jar;
beforeAll(async () => {
  jar = await openJar();
});
afterAll(() => jar.close());

/** The public function behind the cache of the template, at times that are set by hand. */
function openEdge(startMs = NOW.getTime()) {
  const world = { now: startMs, down: false, asked: [] as string[] };
  const clock = () => new Date(world.now);
  const app = publicApp({
    ledger: jar.ledger,
    clock,
    reads: 'each',
    openapi,
    baseUrl: 'https://tips.example',
    report: () => {},
  });
  const edge = new CloudFront(
    resources,
    async (url, headers) => {
      world.asked.push(url);
      if (world.down) throw new Error('unreachable');
      return app.request(url, { headers });
    },
    clock,
  );
  const pass = (seconds: number) => {
    world.now += seconds * 1000;
  };
  return { world, edge, pass };
}

const INVOICE = '/v1/creators/alice/invoice';
const TEXT = { accept: 'text/plain' };

describe('an invoice at the edge', () => {
  it('is kept for a minute, given out while it is fetched anew for five, and for a day while the function is down', async () => {
    const { world, edge, pass } = openEdge();
    const from = async () => (await edge.ask(INVOICE)).from;
    expect([await from(), await from()]).toEqual(['origin', 'kept']);
    pass(59);
    expect(await from()).toBe('kept');
    pass(2);
    expect(await from()).toBe('stale');
    await edge.refreshed();
    expect(await from()).toBe('kept');
    expect(world.asked).toHaveLength(2);
    world.down = true;
    pass(60 + 301);
    expect(await from()).toBe('stale');
    pass(86_400);
    expect((await edge.ask(INVOICE)).status).toBe(502);
  });

  it('is kept once for each form of it, whatever else a browser asks for with it', async () => {
    const { world, edge } = openEdge();
    const json = await edge.ask(INVOICE, { accept: 'application/json' });
    const text = await edge.ask(INVOICE, TEXT);
    expect(text.body.toString().trim()).toBe(JSON.parse(json.body.toString()).paymentRequest);
    expect((await edge.ask(`${INVOICE}?utm_source=mail`, TEXT)).from).toBe('kept');
    expect((await edge.ask(INVOICE, { ...TEXT, 'accept-language': 'de', cookie: 'a=b' })).from).toBe('kept');
    expect(world.asked).toEqual([INVOICE, INVOICE]);
  });

  it('never is of another option, or of another host', async () => {
    const { edge } = openEdge();
    const paths = [INVOICE, jar.fill(`${INVOICE}?option=COFFEE`), '/v1/creators/bob/invoice'];
    for (const path of paths) expect((await edge.ask(path)).from).toBe('origin');
    expect((await edge.ask(INVOICE, { 'x-forwarded-host': 'one.example' })).from).toBe('origin');
    expect((await edge.ask(INVOICE, { 'x-forwarded-host': 'two.example' })).from).toBe('origin');
  });

  it('as a code by its name is kept to its end, and not beyond it when the function is down', async () => {
    const end = jar.open.expiresAt.getTime();
    const { world, edge, pass } = openEdge(end - 3_600_000);
    const path = jar.fill('/v1/invoices/ADDR/qr.svg');
    expect((await edge.ask(path)).from).toBe('origin');
    pass(3_500);
    world.down = true;
    expect((await edge.ask(path)).from).toBe('kept');
    pass(101);
    expect((await edge.ask(path)).status).toBe(502);
  });

  it('is never shown past its expiry, in whatever form, however viewers come and the function fails', async () => {
    const forms = [
      INVOICE,
      `${INVOICE}.txt`,
      '/@alice',
      '/v1/creators/alice/qr.svg',
      jar.fill('/v1/invoices/ADDR'),
      jar.fill('/v1/invoices/ADDR/qr.svg'),
    ];
    const end = jar.open.expiresAt.getTime();
    let shown = 0;
    const step = fc.record({
      form: fc.nat(forms.length - 1),
      // Steps that matter to what is kept, and now and then a leap.
      seconds: fc.oneof({ weight: 4, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: fc.nat(50_000) }),
      down: fc.boolean(),
    });
    const secondsLeft = fc.oneof(fc.nat(900), fc.nat(200_000));
    await fc.assert(
      fc.asyncProperty(secondsLeft, fc.array(step, { minLength: 20, maxLength: 60 }), async (left, steps) => {
        const { world, edge, pass } = openEdge(end - left * 1000);
        for (const { form, seconds, down } of steps) {
          pass(seconds);
          world.down = down;
          const answer = await edge.ask(forms[form]!);
          await edge.refreshed();
          if (answer.from === 'origin' || answer.status !== 200) continue;
          shown++;
          expect([forms[form], answer.from, world.now < end]).toEqual([forms[form], answer.from, true]);
        }
      }),
      { numRuns: 25 },
    );
    // Some hundred times in most runs, some forty in a few.
    expect(shown).toBeGreaterThan(10);
  });
});

describe('what is one payer’s own', () => {
  it.each(['/v1/tips/SET', `/v1/tips/${'ab'.repeat(32)}`])('is never kept: %s', async (path) => {
    const { world, edge } = openEdge();
    for (let times = 0; times < 3; times++)
      expect(await edge.ask(jar.fill(path))).toMatchObject({ from: 'origin' });
    expect(world.asked).toHaveLength(3);
    world.down = true;
    expect((await edge.ask(jar.fill(path))).status).toBe(502);
  });

  it.each([
    '/.well-known/lnurlp/alice',
    '/.well-known/lnurlp/alice/callback?amount=21000',
    '/lnurl/abc?amount=21000&comment=hi',
    '/@alice/overlay?size=large',
  ])('is asked with its whole query: %s', async (path) => {
    const asked: string[] = [];
    const origin = async (url: string) => {
      asked.push(url);
      return new Response('{}', { headers: { 'cache-control': 'public, max-age=60' } });
    };
    const edge = new CloudFront(resources, origin, () => NOW);
    for (let times = 0; times < 2; times++) expect((await edge.ask(path)).from).toBe('origin');
    expect(asked).toEqual([path, path]);
  });
});

describe('another spelling of an address', () => {
  it('leads to it with as much of the query as it is kept by', async () => {
    const { world, edge } = openEdge();
    for (const [asked, led] of [
      ['/@Alice?option=abc&utm_source=mail', '/@alice?option=abc'],
      ['/%40alice/overlay?size=large&minimum=5', '/@alice/overlay?size=large&minimum=5'],
      ['/v1/creators/alice/tips/?limit=2', '/v1/creators/alice/tips?limit=2'],
    ] as const) {
      const [first, again] = [await edge.ask(asked), await edge.ask(asked)];
      expect([first.status, first.headers.get('location')]).toEqual([308, led]);
      expect([first.from, again.from]).toEqual(['origin', 'kept']);
    }
    expect((await edge.ask('/@Alice?option=xyz')).headers.get('location')).toBe('/@alice?option=xyz');
    expect(world.asked).toHaveLength(4);
  });

  it('of a payer’s own tip is kept nowhere', async () => {
    const { edge } = openEdge();
    const path = jar.fill('//v1/tips/SET/');
    for (let times = 0; times < 2; times++) {
      const answer = await edge.ask(`https://edge.example${path}`);
      expect([answer.status, answer.from]).toEqual([308, 'origin']);
    }
  });
});

describe('an error', () => {
  it('that says so is kept: there is no such creator for ten seconds', async () => {
    const { edge, pass } = openEdge();
    const asked = async () => (await edge.ask('/v1/creators/nobody')).from;
    expect([await asked(), await asked()]).toEqual(['origin', 'kept']);
    pass(10);
    expect(await asked()).toBe('origin');
  });

  it('is a page for who asks for one, and that is kept for nobody', async () => {
    const { edge } = openEdge();
    const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    for (const path of ['/v1/creators/nobody', '/nowhere']) {
      for (let times = 0; times < 2; times++) {
        const { from, headers } = await edge.ask(path, page);
        expect([path, from, headers.get('content-type')]).toEqual([
          path,
          'origin',
          'text/html; charset=utf-8',
        ]);
      }
      expect((await edge.ask(path)).headers.get('content-type')).toBe('application/problem+json');
    }
  });

  it('of the function is not kept', async () => {
    let status = 500;
    const edge = new CloudFront(
      resources,
      async () => new Response('', { status }),
      () => NOW,
    );
    expect((await edge.ask(INVOICE)).status).toBe(500);
    status = 200;
    expect((await edge.ask(INVOICE)).status).toBe(200);
  });
});
