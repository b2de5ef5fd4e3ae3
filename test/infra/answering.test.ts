import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFromEdge, REFUSED } from '../../functions/lambda/edge.ts';
import { lnurlApp } from '../../functions/lnurl/app.ts';
import { publicApp } from '../../functions/public/app.ts';
import openapi from '../../functions/public/openapi.json' with { type: 'json' };
import { notAnswering } from '../../infra/answering.ts';
import { EDGE_QUESTIONS } from '../../infra/deploy/questions.ts';
import { ORIGIN_SECRET_HEADER } from '../../shared/contract/edgeHeaders.ts';
import { openBook } from '../shared/ledger/book.ts';

const SECRET = 's'.repeat(43);
const ONCE = { tries: 1, pauseMs: 0 };

let book: Awaited<ReturnType<typeof openBook>>;
beforeAll(async () => {
  book = await openBook();
});
afterAll(() => book.close());

/** The two functions, as Lambda calls them. */
function functionsOf(): Record<'reads' | 'lnurl', (event: LambdaEvent) => Promise<unknown>> {
  const { ledger } = book;
  const clock = () => new Date();
  const report = (error: unknown) => {
    throw error;
  };
  const baseUrl = 'https://tips.example';
  const live = { realtime: 'wss://live.example', host: 'live.example' };
  const reads = publicApp({ ledger, clock, reads: 'each', openapi, baseUrl, live, report });
  const lnurl = lnurlApp({
    ...{ ledger, clock, baseUrl, report, addressOf: () => '192.0.2.1', hint: async () => {} },
    steadyMs: () => performance.now(),
    sleep: async () => {},
    random: (length) => new Uint8Array(length),
  });
  return { reads: handle(reads), lnurl: handle(lnurl) };
}

/** A request as a function URL hands it to its function. */
const eventOf = (method: string, url: string, headers: Record<string, string>) => {
  const [rawPath, ...query] = url.split('?');
  return {
    version: '2.0',
    rawPath,
    rawQueryString: query.join('?'),
    headers,
    isBase64Encoded: false,
    requestContext: { domainName: 'abc.lambda-url.eu-central-1.on.aws', http: { method, path: rawPath } },
  } as unknown as LambdaEvent;
};

interface Behaviour {
  /** What the edge makes of a request line before a function is asked. */
  readonly rewrite?: (url: string) => string;
  /** Whether a function's URL takes a request for one that CloudFront has not signed as it should. */
  readonly refuses?: (method: string, url: string) => boolean;
  /** Whether strangers are let in at the functions' own URLs. */
  readonly isOpen?: boolean;
  /** Whether a secret stands in for the signature. */
  readonly bySecret?: boolean;
}

const opened: { close(): void }[] = [];
afterAll(() => {
  for (const server of opened) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A deployment on loopback: an edge, the bucket and the functions behind it, and the functions' own URLs. */
async function deployed({ rewrite = (url) => url, refuses = () => false, isOpen, bySecret }: Behaviour = {}) {
  const secret = bySecret ? SECRET : undefined;
  const lambda = functionsOf();
  const call = async (event: LambdaEvent, url: string) => {
    if (!isFromEdge(event, secret)) return REFUSED;
    return lambda[/^\/(\.well-known\/lnurlp|lnurl)\//.test(url) ? 'lnurl' : 'reads'](event);
  };
  const give = (response: Parameters<RequestListener>[1], answered: unknown) => {
    const {
      statusCode,
      headers,
      body = '',
      isBase64Encoded,
    } = answered as {
      statusCode: number;
      headers: Record<string, string>;
      body?: string;
      isBase64Encoded?: boolean;
    };
    response.writeHead(statusCode, headers).end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
  };
  const edge = await serve(async ({ method = '', url = '', headers }, response) => {
    if (url.startsWith('/widget')) return give(response, JS);
    if (refuses(method, url)) return give(response, REFUSED);
    const told = { ...headers, ...(secret && { [ORIGIN_SECRET_HEADER]: secret }) } as Record<string, string>;
    give(response, await call(eventOf(method, rewrite(url), told), url));
  });
  const own = await serve(async ({ method = '', url = '', headers }, response) => {
    const lets = isOpen || bySecret;
    give(response, lets ? await call(eventOf(method, url, headers as never), url) : REFUSED);
  });
  return { edge, functions: [own] };
}

const JS = { statusCode: 200, headers: { 'content-type': 'text/javascript' } };
const asks = (text: string) => EDGE_QUESTIONS.filter(({ path }) => path.includes(text)).length;

describe('a deployment answers', () => {
  test.each([{}, { bySecret: true }])(
    'when every spelling comes through as it is written: %j',
    async (behaviour) => {
      expect(await notAnswering(await deployed(behaviour), ONCE)).toEqual([]);
    },
  );

  test('also when it does so at a second try', async () => {
    let asked = 0;
    const behaviour = { refuses: () => asked++ < 3 };
    expect(await notAnswering(await deployed(behaviour), { tries: 2, pauseMs: 0 })).toEqual([]);
  });
});

describe('it is told', () => {
  test.each<[string, Behaviour, number]>([
    [
      '@ in a path',
      { refuses: (_, url) => /^[^?]*@/.test(url) },
      EDGE_QUESTIONS.filter(({ path }) => /^[^?]*@/.test(path)).length,
    ],
    ['+', { refuses: (_, url) => url.includes('+') }, asks('+')],
    ["'", { refuses: (_, url) => url.includes("'") }, asks("'")],
    ['small percent-encoding', { refuses: (_, url) => url.includes('%c3') }, asks('%c3')],
    ['HEAD', { refuses: (method) => method === 'HEAD' }, 2],
    ['all', { refuses: () => true }, EDGE_QUESTIONS.length - 1],
  ])('which are refused, being signed otherwise than they are read: %s', async (_, behaviour, count) => {
    const wrong = await notAnswering(await deployed(behaviour), ONCE);
    expect(wrong).toHaveLength(count);
    for (const { says, isRefused } of wrong) {
      expect(says).toMatch(/: 403 application\/json/);
      expect(isRefused).toBe(true);
    }
  });

  test.each<[string, Behaviour, RegExp]>([
    [
      '+ becomes %2B',
      { rewrite: (url) => url.replaceAll('+', '%2B') },
      /limit=a\+b: 400 .*expected 400 that it heard a b$/s,
    ],
    [
      'a percent-encoding is encoded once more',
      { rewrite: (url) => url.replaceAll('%', '%25') },
      /that it heard é$/s,
    ],
    ['the query is lost', { rewrite: (url) => url.split('?')[0]! }, /seconds=.*: 404 .*expected 400/s],
  ])('which arrive as something else: %s', async (_, behaviour, says) => {
    const wrong = await notAnswering(await deployed(behaviour), ONCE);
    expect(wrong.map((each) => each.says)).toContainEqual(expect.stringMatching(says));
    expect(wrong.filter(({ isRefused }) => isRefused)).toEqual([]);
  });

  test('that strangers are answered at the functions’ own URLs', async () => {
    const { edge, functions } = await deployed({ isOpen: true });
    const wrong = (await notAnswering({ edge, functions }, ONCE)).map(({ says }) => says);
    expect(wrong).toHaveLength(3);
    for (const says of wrong)
      expect(says).toMatch(
        /^http:\/\/127\.0\.0\.1.*: 200 .*, expected 403: a stranger may not be answered there$/,
      );
  });

  test('that nothing is there at all', async () => {
    const wrong = await notAnswering({ edge: 'http://127.0.0.1:9', functions: [] }, ONCE);
    expect(wrong).toHaveLength(EDGE_QUESTIONS.length);
    expect(wrong[0]!.says).toMatch(/^\/openapi\.json: .+, expected 200 application\/json$/);
  });

  test('what goes over to another protocol, or says nothing more', async () => {
    const edge = await serve((_, response) => response.destroy());
    const wrong = await notAnswering({ edge, functions: [] }, ONCE);
    expect(wrong).toHaveLength(EDGE_QUESTIONS.length);
  });
});
