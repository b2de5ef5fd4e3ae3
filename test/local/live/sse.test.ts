import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { feedEntrySchema } from '../../../shared/contract/tipSchemas.ts';
import { decodeCursor, editCreator, encodeCursor } from '../../../shared/ledger/index.ts';
import { openEvents } from './eventSource.ts';
import { type LiveJar, openJar, serveJar } from './stage.ts';

/** What becomes so within seconds, however busy the machine is. */
const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read);

let jar: LiveJar;
let served: Awaited<ReturnType<typeof serveJar>>;
const opened: { close(): void }[] = [];

beforeAll(async () => {
  jar = await openJar();
  served = await serveJar(jar);
});
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});
afterAll(async () => {
  await served.close();
  await jar.close();
});

const live = async (path: string, headers: Record<string, string> = {}, at = served) => {
  const events = await openEvents(`${at.origin}/v1/creators/${path}`, headers);
  opened.push(events);
  return events;
};

const sequences = (events: { id: string }[], handle = 'alice') =>
  events.map(({ id }) => decodeCursor(handle, id));
const sequence = (event: { data: { sequence: string } }) => BigInt(event.data.sequence);
const LINES = 'a\r\nb\rc\n\ndata: d\nid: e\u2028\u2029\0';

test('a tip that is published comes as an event: the entry of the feed under its cursor', async () => {
  const events = await live('alice/live');
  expect(events.response.status).toBe(200);
  expect(Object.fromEntries(events.response.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'access-control-allow-origin': '*',
  });
  const event = await jar.tip('alice', { message: LINES });
  await served.hub.publish([event]);
  const { id, data } = (await events.next())!;
  expect(decodeCursor('alice', id)).toBe(sequence(event));
  const entry = feedEntrySchema.parse(JSON.parse(data));
  expect(entry).toMatchObject({ cursor: id, message: LINES });
  expect(events.seen.retry).toBe(2000);
});

test('a connection has a place to go on from before its first tip', async () => {
  const last = await jar.tip('alice');
  const events = await live('alice/live');
  const more = await jar.tip('alice');
  await served.hub.publish([more]);
  await events.next();
  const quiet = await live('alice/live');
  void quiet.next().catch(() => {});
  await eventually(() => quiet.seen.lastEventId).not.toBe('');
  expect(decodeCursor('alice', quiet.seen.lastEventId)).toBe(sequence(more));
  expect(sequence(more)).toBe(sequence(last) + 1n);
});

describe('catching up', () => {
  test.each([
    ['?after=', {}],
    ['Last-Event-ID', {}],
    ['Last-Event-ID, which is newer than ?after=', {}],
  ])('goes on after the cursor in %s', async (how) => {
    const missed = await jar.tips('alice', [{}, {}, {}]);
    const cursor = (at: number) => encodeCursor('alice', sequence(missed[at]!) - 1n);
    const events = how.startsWith('?')
      ? await live(`alice/live?after=${cursor(1)}`)
      : await live(`alice/live${how.includes('newer') ? `?after=${cursor(0)}` : ''}`, {
          'last-event-id': cursor(1),
        });
    expect(sequences(await events.take(2))).toEqual(missed.slice(1).map(sequence));
  });

  test('reads more than a page', async () => {
    const all = [];
    for (let batch = 0; batch < 3; batch++) all.push(...(await jar.tips('bob', Array(84).fill({}))));
    const events = await live(`bob/live?after=${encodeCursor('bob', 0n)}`);
    expect(sequences(await events.take(all.length), 'bob')).toEqual(all.map(sequence));
  });

  test('has no dust, and dust does not stop it', async () => {
    await editCreator(jar.ledger, 'bob', { minimumMsat: 5_000n });
    const start = await jar.tip('bob', { amountMsat: 9_000n });
    const events = await live(`bob/live?after=${encodeCursor('bob', sequence(start))}`);
    const [dust, shown] = await jar.tips('bob', [{ amountMsat: 1n }, { amountMsat: 9_000n }]);
    await served.hub.publish([dust!, shown!]);
    expect(sequences(await events.take(1), 'bob')).toEqual([sequence(shown!)]);
  });

  test('misses nothing and repeats nothing, whatever is published twice, late, in disorder or not at all', async () => {
    const first = await jar.tip('alice');
    const { hub } = served;
    const start = encodeCursor('alice', sequence(first));
    const clients = [];
    const events = [];
    for (let round = 0; round < 40; round++) {
      if (round % 5 === 0) clients.push(await live(`alice/live?after=${start}`));
      const batch = await jar.tips('alice', Array((round % 3) + 1).fill({}));
      events.push(...batch);
      // A third is published as it should be, a third backwards and with older ones, and a third not at all.
      if (round % 3 === 0) void hub.publish(batch);
      if (round % 3 === 1) void hub.publish([...batch, ...events.slice(-7)].reverse());
    }
    const last = await jar.tip('alice');
    await hub.publish([last]);
    const expected = [...events, last].map(sequence);
    for (const client of clients) expect(sequences(await client.take(expected.length))).toEqual(expected);
    // And after all that, the next one comes once.
    const next = await jar.tip('alice');
    await hub.publish([next, next]);
    for (const client of clients) expect(sequences(await client.take(1))).toEqual([sequence(next)]);
  });
});

test.each([
  ['nobody/live', {}, 404, 'unknown-creator'],
  ['al.ice/live', {}, 404, 'unknown-creator'],
  ['dora/live', {}, 410, 'closed-creator'],
  ['alice/live?after=abc', {}, 400, 'bad-value'],
  [`alice/live?after=${encodeCursor('bob', 1n)}`, {}, 400, 'bad-value'],
  ['alice/live', { 'last-event-id': 'abc' }, 400, 'bad-value'],
])('%s with %j is answered %i, %s', async (path, headers, status, kind) => {
  const answer = await fetch(`${served.origin}/v1/creators/${path}`, { headers });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await answer.json()).toMatchObject({ type: `urn:problem-type:ampjar:${kind}`, status });
});

test('it can be read alone, by pages of other sites too', async () => {
  const url = `${served.origin}/v1/creators/alice/live`;
  const refused = await fetch(url, { method: 'POST' });
  expect(refused.status).toBe(405);
  expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  expect(await refused.json()).toMatchObject({ type: 'urn:problem-type:ampjar:method-not-allowed' });
  const preflight = await fetch(url, { method: 'OPTIONS' });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toMatch(/\blast-event-id\b/);
});

test('who shows nothing has a connection on which nothing is told', async () => {
  const limited = await serveJar(jar, { heartbeatMs: 30 });
  const events = await live(`carol/live?after=${encodeCursor('carol', 0n)}`, {}, limited);
  void events.next().catch(() => {});
  await limited.hub.publish([await jar.tip('carol')]);
  await eventually(() => events.seen.heartbeats).toBeGreaterThan(2);
  expect(decodeCursor('carol', events.seen.lastEventId)).toBe(0n);
  await limited.close();
});

test('connections are bounded, in all and of an address, and a closed one makes place', async () => {
  const limited = await serveJar(jar, { most: { inAll: 3, ofAddress: 2 } });
  const from = (address: string) => live('alice/live', { 'x-test-address': address }, limited);
  const [first] = [await from('a'), await from('a')];
  const third = await from('a');
  expect(third.response.status).toBe(429);
  expect(third.response.headers.get('retry-after')).toBe('10');
  await from('b');
  expect((await from('c')).response.status).toBe(503);
  first!.close();
  await eventually(async () => {
    const again = await from('a');
    if (again.response.status !== 200) again.close();
    return again.response.status;
  }).toBe(200);
  await limited.close();
});

test('a HEAD request takes no place', async () => {
  const limited = await serveJar(jar, { most: { inAll: 1, ofAddress: 1 } });
  for (let times = 0; times < 3; times++) {
    const answer = await fetch(`${limited.origin}/v1/creators/alice/live`, { method: 'HEAD' });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
  }
  expect((await live('alice/live', {}, limited)).response.status).toBe(200);
  await limited.close();
});

test('who reads nothing is dropped and its place freed, while others are told in time', async () => {
  const limited = await serveJar(jar, { heartbeatMs: 100, most: { inAll: 2, ofAddress: 2 } });
  const start = encodeCursor('alice', sequence(await jar.tip('alice')));
  const long = Array.from({ length: 90 }, () => ({ message: 'x'.repeat(900), sender: 'y'.repeat(60) }));
  const stalled = request(`${limited.origin}/v1/creators/alice/live?after=${start}`);
  const dropped = new Promise((resolve) => {
    stalled.on('response', (response) => {
      response.pause();
      response.socket.pause();
      response.socket.once('close', resolve);
    });
  });
  stalled.on('error', () => {});
  stalled.end();
  const reader = await live(`alice/live?after=${start}`, {}, limited);
  // The kernel takes some megabytes for a reader that sleeps.
  let count = 0;
  let place = 0;
  const busy = async () => {
    const events = await jar.tips('alice', long);
    count += events.length;
    await limited.hub.publish(events);
    expect(await reader.take(events.length)).toHaveLength(90);
    const answer = await fetch(`${limited.origin}/v1/creators/alice/live`);
    await answer.body?.cancel();
    place = answer.status;
    return place;
  };
  await eventually(busy).toBe(200);
  expect(count).toBeGreaterThan(90);
  stalled.destroy();
  await dropped;
  await limited.close();
});

test('a service that stops ends its connections', async () => {
  const stopping = await serveJar(jar);
  const events = await live('alice/live', {}, stopping);
  const ended = events.next();
  await stopping.close();
  expect(await ended.catch(() => undefined)).toBeUndefined();
});
