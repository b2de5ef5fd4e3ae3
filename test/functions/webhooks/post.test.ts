import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { poster } from '../../../functions/webhooks/post.ts';
import {
  type Authority,
  answers,
  answersWithoutEnd,
  makeAuthority,
  neverAnswers,
  type Receiver,
  resets,
  startReceiver,
} from './receiver.ts';

let authority: Authority;
let receiver: Receiver;
const going = new AbortController().signal;
const message = (url: string) => ({ url, headers: { 'webhook-id': 'tip_1' }, body: '{"a":"ü"}' });
/** Posts to names that lead to this machine: the one allowance that the tests make. */
const post = (url: string, more: Parameters<typeof poster>[0] = {}) =>
  poster({ allowLoopback: true, resolve: async () => ['127.0.0.1'], ca: authority.ca, ...more })(
    message(url),
    going,
  );

beforeAll(async () => {
  authority = await makeAuthority();
  receiver = await startReceiver(authority);
});
beforeEach(() => {
  receiver.behave(answers(204));
  receiver.requests.length = 0;
});
afterAll(() => receiver.stop());

describe('a message is posted', () => {
  test('as JSON over TLS under the name of its URL, with the headers that sign it', async () => {
    expect(await post(receiver.url('/hook?of=alice'))).toEqual({
      status: 204,
      durationMs: expect.any(Number),
    });
    expect(receiver.requests).toHaveLength(1);
    const { path, headers, body } = receiver.requests[0]!;
    expect({ path, body }).toEqual({ path: '/hook?of=alice', body: '{"a":"ü"}' });
    expect(headers).toMatchObject({
      host: `hooks.example:${receiver.port}`,
      'content-type': 'application/json',
      'content-length': '10',
      'webhook-id': 'tip_1',
      connection: 'close',
    });
  });

  test('on a connection of its own, which is closed after', async () => {
    const before = receiver.connections;
    for (let i = 0; i < 5; i++) await post(receiver.url());
    expect(receiver.connections - before).toBe(5);
    await expect.poll(() => receiver.open).toBe(0);
  });

  test.each([
    ['from an authority that is not known', {}, 'hooks.example', /authority/],
    ['for another name', undefined, 'other.example', /certificate is for another name/],
  ])('to nobody whose certificate is %s', async (_, other, host, error) => {
    const found = await post(receiver.url('/', host), other && { ca: (await makeAuthority()).ca });
    expect(found).toEqual({ error: expect.stringMatching(error), durationMs: expect.any(Number) });
    expect(receiver.requests).toEqual([]);
  });

  test('to nobody whose certificate is not known, even where the environment would let it pass', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const { ca } = await makeAuthority();
      expect(await post(receiver.url(), { ca })).toMatchObject({
        error: expect.stringContaining('authority'),
      });
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
    expect(receiver.requests).toEqual([]);
  });

  test('past proxies, whatever the environment says', async () => {
    const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = name.endsWith('PROXY') ? 'http://127.0.0.1:9' : '1';
    try {
      expect(await post(receiver.url())).toMatchObject({ status: 204 });
    } finally {
      for (const [at, name] of names.entries()) {
        if (before[at] === undefined) delete process.env[name];
        else process.env[name] = before[at];
      }
    }
  });
});

describe('a receiver', () => {
  test.each([200, 299, 301, 307, 400, 404, 410, 429, 500, 503])(
    'that answers %i is taken at its word',
    async (status) => {
      receiver.behave(answers(status, { location: receiver.url('/elsewhere') }, 'not read by anyone'));
      expect(await post(receiver.url())).toMatchObject({ status });
      // No redirect is followed.
      expect(receiver.requests).toHaveLength(1);
    },
  );

  test('may say when to come back', async () => {
    receiver.behave(answers(429, { 'retry-after': '17' }));
    expect(await post(receiver.url())).toMatchObject({ status: 429, retryAfter: '17' });
  });

  test('that resets the connection has failed', async () => {
    receiver.behave(resets);
    expect(await post(receiver.url())).toMatchObject({ error: expect.stringContaining('ECONNRESET') });
  });

  test('that never answers has failed at the deadline', async () => {
    receiver.behave(neverAnswers);
    const { durationMs, ...rest } = await post(receiver.url(), { deadlineMs: 150 });
    expect(rest).toEqual({ error: 'no answer within 150 ms' });
    expect(durationMs).toBeGreaterThan(0);
    await expect.poll(() => receiver.open).toBe(0);
  });

  test.each([200, 500])('that answers %i without end is cut off, and its status counts', async (status) => {
    receiver.behave(answersWithoutEnd(status));
    expect(await post(receiver.url())).toMatchObject({ status });
    await expect.poll(() => receiver.open).toBe(0);
  });

  test('that sends its body a byte at a time does not hold its status back', async () => {
    receiver.behave((response) => void response.writeHead(200).write('x'));
    // The body goes on for as long as the deadline is away.
    expect(await post(receiver.url(), { deadlineMs: 600_000 })).toMatchObject({ status: 200 });
  });

  test('that answers with headers without end has failed', async () => {
    receiver.behave(answers(200, { 'x-long': 'x'.repeat(20_000) }));
    expect(await post(receiver.url())).toMatchObject({
      error: expect.stringContaining('HPE_HEADER_OVERFLOW'),
    });
  });

  test('that does not speak HTTP has failed, and none of its words is kept', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.end('SECRET of another protocol\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answer = await post(`http://localhost:${port}/`);
    expect(answer).toEqual({ error: expect.any(String), durationMs: expect.any(Number) });
    expect(JSON.stringify(answer)).not.toContain('SECRET');
    server.close();
  });

  test('that is not there has failed', async () => {
    const gone = await startReceiver(authority);
    await gone.stop();
    expect(await post(gone.url())).toMatchObject({ error: expect.stringContaining('ECONNREFUSED') });
  });

  test('whose name is not in DNS has failed', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    expect(await post(receiver.url(), { resolve })).toMatchObject({
      error: expect.stringContaining('ENOTFOUND'),
    });
  });

  test('whose DNS never answers has failed at the deadline', async () => {
    const resolve = (_: string, signal: AbortSignal) =>
      new Promise<string[]>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    expect(await post(receiver.url(), { resolve, deadlineMs: 100 })).toMatchObject({
      error: 'no answer within 100 ms',
    });
  });
});

test('a POST is broken off when the sender stops', async () => {
  receiver.behave(neverAnswers);
  const stop = new AbortController();
  const posting = poster({ allowLoopback: true, resolve: async () => ['127.0.0.1'], ca: authority.ca })(
    message(receiver.url()),
    stop.signal,
  );
  await receiver.has(1);
  stop.abort();
  expect(await posting).toMatchObject({ error: expect.stringContaining('the sender stopped') });
});

test('an event that is longer than any can be is not sent', async () => {
  const long = { ...message(receiver.url()), body: 'x'.repeat(70_000) };
  const sent = poster({ allowLoopback: true, resolve: async () => ['127.0.0.1'], ca: authority.ca });
  expect(await sent(long, going)).toMatchObject({ error: expect.stringContaining('65536 bytes') });
  expect(receiver.requests).toEqual([]);
});
