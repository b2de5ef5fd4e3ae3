import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALLOWANCES } from '../../../shared/ledger/allowances.ts';
import {
  beginReplay,
  DELIVERY_LISTS,
  dueDeliveries,
  endReplay,
  listKeys,
  readTip,
  readTotals,
  revokeKey,
} from '../../../shared/ledger/index.ts';
import { gather } from '../../shared/ledger/book.ts';
import { answered, operationIds } from './documented.ts';
import { openStage, type Stage, type Told } from './stage.ts';
import { tour } from './tour.ts';

let stage: Stage;
const queued: string[] = [];
beforeAll(async () => {
  stage = await openStage({ queued: (refs) => queued.push(...refs.map(({ id }) => id)) as never });
});
afterAll(() => stage.close());

const ALICE = '/v1/manage/creators/alice';
const asAlice = (method: string, path: string, more: object = {}) =>
  stage.ask(method, `${ALICE}${path}`, { token: stage.keys.alice.token, ...more });

describe('what a creator may have done so often a day', () => {
  let own: Stage;
  beforeAll(async () => {
    own = await openStage();
  });
  afterAll(() => own.close());

  const post = (who: 'alice' | 'bob', what: 'replay' | 'test', body?: object) =>
    own.ask('POST', `/v1/manage/creators/${who}/webhooks/${own.webhooks[who].id}/${what}`, {
      token: own.keys[who].token,
      ...(body && { body }),
    });

  function isSpentForToday({ status, body, headers }: Told) {
    expect([status, body.type]).toEqual([409, 'urn:problem-type:ampjar:refused']);
    const now = own.options.clock().getTime();
    expect(new Date(now + Number(headers.get('retry-after')) * 1_000).toISOString()).toMatch(/T00:00:00/);
  }

  test('is replays, one at a time for an endpoint: another is 409 for a second, one too many 409 until tomorrow', async () => {
    const { alice } = own.webhooks;
    const now = own.options.clock();
    const replay = () => post('alice', 'replay', { after: '0', until: '1' });
    await beginReplay(own.ledger, alice, now);
    const second = await replay();
    expect([second.status, second.body.type]).toEqual([409, 'urn:problem-type:ampjar:in-progress']);
    expect(second.headers.get('retry-after')).toBe('1');
    await endReplay(own.ledger, alice);
    expect((await replay()).status).toBe(202);
    for (let replays = 2; replays < ALLOWANCES.replays; replays++) {
      expect(await beginReplay(own.ledger, alice, now)).toBe(true);
      await endReplay(own.ledger, alice);
    }
    isSpentForToday(await replay());
  });

  test('is test events, and another creator is not meant', async () => {
    for (let sent = 0; sent < ALLOWANCES.tests; sent++)
      expect((await post('alice', 'test')).status).toBe(202);
    isSpentForToday(await post('alice', 'test'));
    expect((await post('bob', 'test')).status).toBe(202);
  });
});

describe('tips', () => {
  test('are listed whole, newest first, page after page, with what the public does not see', async () => {
    const seen: { setId: string; sequence: string }[] = [];
    let next: string | null = null;
    do {
      const { body } = await asAlice('GET', `/tips?limit=10${next ? `&before=${next}` : ''}`);
      seen.push(...body.tips);
      next = body.next;
    } while (next);
    expect(seen.map(({ sequence }) => Number(sequence))).toEqual(
      Array.from({ length: 25 }, (_, at) => 25 - at),
    );
    expect(seen.map(({ setId }) => setId).sort()).toEqual(stage.tips.map(({ setId }) => setId).sort());
    expect(seen.map(({ setId }) => setId)).not.toContain(undefined);
    const { body } = await asAlice('GET', `/tips/${stage.tips[7]!.setId}`);
    expect(body).toMatchObject({ amountMsat: '9007199254740993', sender: 'Mallory <i>' });
  });

  test('lose what their payer wrote, and nothing else, when asked to', async () => {
    const { setId } = stage.tips[3]!;
    const { message, sender, ...before } = (await readTip(stage.ledger, setId))!;
    const totals = await readTotals(stage.ledger, 'alice');
    expect([message, sender]).not.toContain(undefined);
    const told = await asAlice('DELETE', `/tips/${setId}/text`);
    expect(told.body).not.toHaveProperty('message');
    expect(await readTip(stage.ledger, setId)).toStrictEqual(before);
    expect(await asAlice('DELETE', `/tips/${setId}/text`)).toMatchObject({ status: 200, body: told.body });
    expect((await asAlice('GET', `/tips/${setId}`)).body).toEqual(told.body);
    expect(await readTotals(stage.ledger, 'alice')).toEqual(totals);
  });

  test('are events by cursor, each once and in order, and what came later comes when asked again', async () => {
    const events: { data: { sequence: string } }[] = [];
    let after = '';
    let more = true;
    while (more) {
      const { body } = await stage.ask('GET', `/v1/events?limit=7${after}`, {
        token: stage.keys.alice.token,
      });
      events.push(...body.events);
      after = `&after=${body.next}`;
      ({ more } = body);
    }
    expect(events.map(({ data }) => Number(data.sequence))).toEqual(
      Array.from({ length: 25 }, (_, at) => at + 1),
    );
    const end = await stage.ask('GET', `/v1/events?limit=7${after}`, { token: stage.keys.alice.token });
    expect(end.body).toEqual({ events: [], next: after.slice(7), more: false });
    const bobs = `/v1/events?handle=bob${after}`;
    expect(await stage.ask('GET', bobs, { token: stage.keys.operator.token })).toMatchObject({
      status: 400,
      body: { field: 'after' },
    });
    const whose = await stage.ask('GET', '/v1/events', { token: stage.keys.operator.token });
    expect(whose).toMatchObject({ status: 400, body: { field: 'handle' } });
  });
});

describe('webhook endpoints', () => {
  test('are made, changed, tried out, told again and deleted', async () => {
    const made = await asAlice('POST', '/webhooks', {
      body: { url: 'https://Shop.example:443/hook', description: 'Shop' },
    });
    expect(made).toMatchObject({
      status: 201,
      body: { webhook: { url: 'https://shop.example/hook', status: 'enabled', events: ['tip.settled'] } },
    });
    const { id } = made.body.webhook;
    const etag = made.headers.get('etag')!;
    const change = { events: ['endpoint.disabled', 'tip.settled'] };
    const changed = await asAlice('PATCH', `/webhooks/${id}`, {
      body: change,
      headers: { 'if-match': etag },
    });
    expect(changed.body).toEqual({ ...made.body.webhook, ...change });
    const stale = await asAlice('DELETE', `/webhooks/${id}`, { headers: { 'if-match': etag } });
    expect(stale.status).toBe(412);
    const rotated = await asAlice('POST', `/webhooks/${id}/rotate-secret`);
    expect(rotated.body.secret).not.toBe(made.body.secret);
    expect(rotated.body.webhook.secrets).toHaveLength(2);

    const tried = await asAlice('POST', `/webhooks/${id}/test`);
    expect(tried.status).toBe(202);
    const one = await asAlice('POST', `/webhooks/${id}/replay`, {
      body: { eventId: `tip_settled_${stage.tips[0]!.setId}` },
    });
    expect(one.body).toMatchObject({ queued: 1, next: null });
    const span = await asAlice('POST', `/webhooks/${id}/replay`, { body: { after: '2', until: '5' } });
    expect(span.body).toMatchObject({ queued: 3, next: null });
    expect(queued).toHaveLength(5);
    const { body: log } = await asAlice('GET', `/webhooks/${id}/deliveries?limit=2`);
    expect(log.deliveries).toMatchObject([{ state: 'pending' }, { state: 'pending' }]);
    const { body: older } = await asAlice('GET', `/webhooks/${id}/deliveries?before=${log.next}`);
    expect(older.deliveries).toHaveLength(3);
    const lists = Array.from({ length: DELIVERY_LISTS }, (_, list) =>
      gather(dueDeliveries(stage.ledger, list, new Date(stage.time.now))),
    );
    const due = (await Promise.all(lists)).flat();
    expect(due.map((delivery) => delivery.endpointId)).toEqual(Array(5).fill(id));

    const { body: list } = await asAlice('GET', '/webhooks');
    expect(list.webhooks.map((webhook: { id: string }) => webhook.id)).toContain(id);
    await asAlice('PATCH', `/webhooks/${id}`, { body: { status: 'disabled' } });
    expect((await asAlice('POST', `/webhooks/${id}/test`)).status).toBe(409);
    expect((await asAlice('DELETE', `/webhooks/${id}`)).status).toBe(204);
    expect((await asAlice('GET', `/webhooks/${id}`)).status).toBe(404);
  });

  test.each([
    'http://shop.example/',
    'https://127.0.0.1/',
    'https://localhost/',
    'https://[::1]/',
    'https://169.254.169.254/latest',
    'https://user:pass@shop.example/',
    'https://shop.example/#x',
    'ftp://shop.example/',
    'shop.example',
    '',
    `https://shop.example/${'x'.repeat(3000)}`,
  ])('are not made at %s', async (url) => {
    expect(await asAlice('POST', '/webhooks', { body: { url } })).toMatchObject({
      status: 400,
      body: { field: 'url' },
    });
    const { id } = stage.webhooks.alice;
    expect(await asAlice('PATCH', `/webhooks/${id}`, { body: { url } })).toMatchObject({ status: 400 });
  });

  test.each([
    {},
    { eventId: 'x', after: '0' },
    { after: '-1' },
    { after: 0 },
    { until: '5' },
    { eventId: 'tip_settled_none' },
    { eventId: 5 },
  ])('are told nothing again by %j', async (body) => {
    expect((await asAlice('POST', `/webhooks/${stage.webhooks.alice.id}/replay`, { body })).status).toBe(400);
  });
});

describe('keys', () => {
  test('are made by others of their owner, shown once, and open nothing once revoked', async () => {
    const made = await asAlice('POST', '/keys', { body: { name: 'Overlay', scope: 'read' } });
    expect(made).toMatchObject({
      status: 201,
      body: { key: { handle: 'alice', scope: 'read', createdBy: stage.keys.alice.key.id, lastUsedAt: null } },
    });
    const { token, key } = made.body;
    const own = await stage.ask('GET', '/v1/manage/key', { token });
    expect(own.body.id).toBe(key.id);
    const { body } = await asAlice('GET', '/keys');
    expect(JSON.stringify(body)).not.toContain(token);
    expect(body.keys.find(({ id }: { id: string }) => id === key.id)).toMatchObject({
      lastUsedAt: new Date(stage.time.now).toISOString(),
    });
    const revoked = await asAlice('DELETE', `/keys/${key.id}`);
    expect(revoked.body.revokedAt).not.toBeNull();
    expect((await stage.ask('GET', '/v1/manage/key', { token })).status).toBe(401);
    stage.time.now += 1_000;
    expect((await asAlice('DELETE', `/keys/${key.id}`)).body).toEqual(revoked.body);
  });

  test('of the operator are the operator’s alone', async () => {
    const { token } = stage.keys.operator;
    const made = await stage.ask('POST', '/v1/manage/keys', {
      token,
      body: { name: 'Backup', scope: 'read' },
    });
    expect(made.body.key.handle).toBeNull();
    const listed = await stage.ask('GET', '/v1/manage/keys', { token: made.body.token });
    expect(listed.body.keys).toHaveLength(2);
    const path = `/v1/manage/keys/${made.body.key.id}`;
    expect((await asAlice('DELETE', `/keys/${made.body.key.id}`)).status).toBe(404);
    expect((await stage.ask('DELETE', path, { token })).status).toBe(200);
  });

  test('come in pages, those that were revoked too', async () => {
    const seen: string[] = [];
    let next: string | null = null;
    do {
      const { body } = await asAlice('GET', `/keys?limit=2${next ? `&after=${next}` : ''}`);
      expect(body.keys.length).toBeLessThanOrEqual(2);
      seen.push(...body.keys.map(({ id }: { id: string }) => id));
      next = body.next;
    } while (next);
    const all = await listKeys(stage.ledger, 'alice');
    expect(seen).toEqual(all.map(({ id }) => id).sort());
  });

  test('are a hundred at most, of those that hold', async () => {
    const { token } = stage.keys.operator;
    const make = () =>
      stage.ask('POST', '/v1/manage/creators/carol/keys', { token, body: { name: 'x', scope: 'read' } });
    const first = await make();
    for (let made = 1; made < 100; made++) expect((await make()).status).toBe(201);
    expect((await make()).status).toBe(409);
    await revokeKey(stage.ledger, 'carol', first.body.key.id, new Date());
    expect((await make()).status).toBe(201);
  });
});

describe('an answer', () => {
  test('is kept by no cache, sniffed by no browser, and its address told to no other site', async () => {
    for (const path of ['/v1/manage/key', '/v1/manage/nowhere']) {
      const { headers } = await stage.ask('GET', path, { token: stage.keys.alice.token });
      expect(headers.get('cache-control')).toBe('private, no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test('is 304 to who has it', async () => {
    const first = await asAlice('GET', '');
    const again = await asAlice('GET', '', { headers: { 'if-none-match': first.headers.get('etag')! } });
    expect(again).toMatchObject({ status: 304, body: undefined });
    expect((await asAlice('GET', '', { headers: { 'if-none-match': '"0"' } })).status).toBe(200);
  });

  test('to a method that an address has not names those that it has', async () => {
    const told = await asAlice('PUT', '');
    expect(told.status).toBe(405);
    expect(told.headers.get('allow')).toBe('GET, PATCH, DELETE');
  });

  test.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json; charset=utf-8', 201],
  ])('to a body of type %s is %i', async (type, status) => {
    const told = await asAlice('POST', '/options', {
      body: { label: 'x', amountMsat: '1000' },
      headers: { 'content-type': type },
    });
    expect(told.status).toBe(status);
  });

  test('to a large body is 413, whether its length is said or not', async () => {
    const body = JSON.stringify({ label: 'x'.repeat(20_000), amountMsat: '1' });
    expect((await asAlice('POST', '/options', { body })).status).toBe(413);
    const stream = new Blob([body]).stream();
    const response = await stage.app.request(`${ALICE}/options`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stage.keys.alice.token}`,
        'content-type': 'application/json',
        'idempotency-key': 'large',
      },
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
  });

  test('to a creator who asks too often is 429, by however many keys, and says when to come again; others are not held up', async () => {
    const own = await openStage({ creatorRate: { perSecond: 2, burst: 4 } });
    try {
      const { token } = own.keys.alice;
      const ask = (as = token) => own.ask('GET', '/v1/manage/key', { token: as });
      const first = await ask();
      expect(first.headers.get('ratelimit-policy')).toBe('"creator";q=4;w=2');
      expect(first.headers.get('ratelimit')).toBe('"creator";r=3;t=1');
      const others = [own.keys.aliceReads.token, (await own.key('alice')).token];
      for (const as of [token, ...others]) expect((await ask(as)).status).toBe(200);
      const late = await ask();
      expect(late.status).toBe(429);
      expect(late.headers.get('retry-after')).toBe('1');
      for (const as of others) expect((await ask(as)).status).toBe(429);
      expect(late.headers.get('ratelimit')).toBe('"creator";r=0;t=2');
      expect((await ask(own.keys.bob.token)).status).toBe(200);
      own.time.steady += 500;
      expect((await ask()).status).toBe(200);
      const { operator } = own.keys;
      for (let more = 0; more < 4; more++) expect((await ask(operator.token)).status).toBe(200);
      expect((await ask(operator.token)).status).toBe(429);
      expect((await ask((await own.key(undefined)).token)).status).toBe(200);
    } finally {
      await own.close();
    }
  });

  test('when the table is away is 503, and when something breaks here 500, with nothing of what', async () => {
    const failing = (error: Error) =>
      openStage().then(async (own) => {
        const { client, table } = own.ledger;
        const send = async () => {
          throw error;
        };
        const problems: unknown[] = [];
        const { manageApp } = await import('../../../functions/manage/app.ts');
        const app = manageApp({
          ...own.options,
          ledger: { client: Object.assign(Object.create(client), { send }), table },
          report: (problem) => problems.push(problem),
        });
        const told = await own.ask('GET', '/v1/manage/key', { token: own.keys.alice.token, on: app });
        await own.close();
        return { told, problems };
      });
    const away = await failing(Object.assign(new Error('no table here'), { $metadata: {} }));
    expect(away.told.status).toBe(503);
    const broken = await failing(new Error('secret thing'));
    expect(broken.told.status).toBe(500);
    expect(JSON.stringify(broken.told.body)).not.toContain('secret thing');
    expect(broken.problems).toHaveLength(1);
  });
});

test('every operation gives its good answer as the document has it', async () => {
  await tour(stage);
  expect(operationIds.filter((id) => !answered.has(id))).toEqual([]);
});
