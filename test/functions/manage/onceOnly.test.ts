import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manageApp } from '../../../functions/manage/app.ts';
import { CLAIM_MS, KEPT_MS } from '../../../shared/ledger/idempotency.ts';
import type { Ledger } from '../../../shared/ledger/index.ts';
import { listKeys, readCreator, readWebhook, readWebhooks } from '../../../shared/ledger/index.ts';
import { scan } from '../../shared/ledger/book.ts';
import { newKey, openStage, type Stage, type Told } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const ALICE = '/v1/manage/creators/alice';

/** Requests that make something, each with what there is of it. */
const MAKING = {
  'a creator': {
    path: '/v1/manage/creators',
    body: () => ({ handle: `made-${newKey().slice(5, 12).replaceAll(/-.*/g, '')}`, name: 'Made' }),
    count: async () =>
      (await scan(stage.ledger)).filter(({ pk }) => pk!.S!.startsWith('creator#made')).length,
  },
  'a tip option': {
    path: `${ALICE}/options`,
    body: () => ({ label: newKey(), amountMsat: '5000' }),
    count: async () => (await readCreator(stage.ledger, 'alice'))!.options.length,
  },
  'a webhook endpoint': {
    path: `${ALICE}/webhooks`,
    body: () => ({ url: `https://alice.example/${newKey()}` }),
    count: async () => (await readWebhooks(stage.ledger, 'alice')).length,
  },
  'an API key': {
    path: `${ALICE}/keys`,
    body: () => ({ name: newKey(), scope: 'read' }),
    count: async () => (await listKeys(stage.ledger, 'alice')).length,
  },
};
const making = Object.entries(MAKING);

const post = (
  path: string,
  body: unknown,
  key: string,
  on: { request: Stage['app']['request'] } = stage.app,
) =>
  stage.ask('POST', path, {
    token: stage.keys.operator.token,
    body,
    headers: { 'idempotency-key': key },
    on,
  });

/** What an answer says, without when it was said. */
const said = ({ status, body, headers }: Told) => ({ status, body, etag: headers.get('etag') });

/** The app on a ledger that dies before or after its n-th request to the table: a process killed there, and another begun. */
function dying(at: number, when: 'before' | 'after') {
  let requests = 0;
  let dead = false;
  const send = async (command: object) => {
    if (dead) throw new Error('killed');
    if (++requests < at) return stage.ledger.client.send(command as never);
    dead = true;
    if (when === 'after') await stage.ledger.client.send(command as never);
    throw new Error('killed');
  };
  const ledger = { client: { send }, table: stage.ledger.table } as unknown as Ledger;
  return { app: manageApp({ ...stage.options, ledger, report: () => {} }), died: () => dead };
}

describe.each(making)('%s', (_, { path, body: newBody, count }) => {
  test('is made once under one key, and answered the same each time, secrets too', async () => {
    const [key, body, before] = [newKey(), newBody(), await count()];
    const first = await post(path, body, key);
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    for (let again = 0; again < 3; again++) {
      const told = await post(path, body, key);
      expect(said(told)).toEqual(said(first));
      expect(told.headers.get('idempotency-replayed')).toBe('true');
    }
    expect(await count()).toBe(before + 1);
  });

  test('is not made by another body under the same key', async () => {
    const key = newKey();
    await post(path, newBody(), key);
    const before = await count();
    expect(await post(path, newBody(), key)).toMatchObject({
      status: 422,
      body: { field: 'Idempotency-Key' },
    });
    expect(await count()).toBe(before);
  });

  test('is made by one of many at once; the others are told to come again', async () => {
    const [key, body, before] = [newKey(), newBody(), await count()];
    const told = await Promise.all(Array.from({ length: 8 }, () => post(path, body, key)));
    const made = told.filter(({ status }) => status === 201);
    const busy = told.filter(({ status }) => status === 409);
    expect(made.length).toBeGreaterThanOrEqual(1);
    expect(made.length + busy.length).toBe(8);
    for (const { headers } of busy) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await count()).toBe(before + 1);
    expect(said(await post(path, body, key))).toEqual(said(made[0]!));
  });

  test('is made once, whichever request to the table a process is killed at', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at++) {
        const [key, body, before] = [newKey(), newBody(), await count()];
        const { app, died } = dying(at, when);
        const broken = await post(path, body, key, app);
        if (!died()) {
          expect(broken.status).toBe(201);
          expect(at).toBeGreaterThan(4);
          break;
        }
        const soon = await post(path, body, key);
        expect([201, 409], `${when} ${at}`).toContain(soon.status);
        stage.time.now += CLAIM_MS + 1;
        const told = await post(path, body, key);
        expect(told.status, `${when} ${at}`).toBe(201);
        if (broken.status === 201) expect(said(told)).toEqual(said(broken));
        if (soon.status === 201) expect(said(told)).toEqual(said(soon));
        expect(await count(), `${when} ${at}`).toBe(before + 1);
        // What the answer says is what there is.
        const { body: made } = told;
        if (made.secret)
          expect((await readWebhook(stage.ledger, 'alice', made.webhook.id))?.secrets[0]?.secret).toBe(
            made.secret,
          );
        if (made.token)
          expect((await stage.ask('GET', '/v1/manage/key', { token: made.token })).body.id).toBe(made.key.id);
      }
      await stage.clear();
    }
  });
});

test('a secret is made anew once, whichever request to the table a process is killed at', async () => {
  const path = `${ALICE}/webhooks/${stage.webhooks.alice.id}/rotate-secret`;
  const secrets = async () =>
    (await readWebhook(stage.ledger, 'alice', stage.webhooks.alice.id))!.secrets.map(({ secret }) => secret);
  for (const when of ['before', 'after'] as const) {
    for (let at = 1; ; at++) {
      const [key, [before]] = [newKey(), await secrets()];
      const { app, died } = dying(at, when);
      await post(path, undefined, key, app);
      if (!died()) break;
      stage.time.now += CLAIM_MS + 1;
      const told = await post(path, undefined, key);
      expect(told.status).toBe(200);
      expect(await secrets(), `${when} ${at}`).toEqual([told.body.secret, before]);
    }
  }
});

test('the table holds no token and no webhook secret that an answer showed, but the secret of the endpoint itself', async () => {
  const key = await post(`${ALICE}/keys`, { name: 'secret', scope: 'read' }, newKey());
  const webhook = await post(`${ALICE}/webhooks`, { url: 'https://secret.example/' }, newKey());
  const items = await scan(stage.ledger);
  const holding = (secret: string) =>
    items.filter((item) => JSON.stringify(item).includes(secret)).map(({ pk }) => pk!.S!.split('#')[0]);
  expect(holding(key.body.token)).toEqual([]);
  expect(holding(webhook.body.secret)).toEqual(['webhook']);
  expect(holding(stage.keys.operator.token)).toEqual([]);
});

test('keys of two bearers do not meet, and neither reads the other’s answer', async () => {
  const key = newKey();
  const body = { label: 'Mine', amountMsat: '1000' };
  const first = await stage.ask('POST', `${ALICE}/options`, {
    token: stage.keys.alice.token,
    body,
    headers: { 'idempotency-key': key },
  });
  const second = await post(`${ALICE}/options`, body, key);
  expect(second.status).toBe(201);
  expect(second.body.id).not.toBe(first.body.id);
});

test('a refusal is an answer, and comes again', async () => {
  const [key, body] = [newKey(), { handle: 'bob', name: 'Eve' }];
  const first = await post('/v1/manage/creators', body, key);
  expect(first.status).toBe(409);
  const again = await post('/v1/manage/creators', body, key);
  expect(said(again)).toEqual(said(first));
  expect(again.headers.get('idempotency-replayed')).toBe('true');
});

test('what passes by itself is not kept as the answer', async () => {
  const path = `${ALICE}/options/${stage.coffee.optionId}/rotate`;
  const key = newKey();
  stage.time.now = stage.coffee.createdAt.getTime() + 30_000;
  expect((await post(path, undefined, key)).status).toBe(409);
  stage.time.now += 31_000;
  expect((await post(path, undefined, key)).status).toBe(202);
});

test('after a day the key is free, and makes another thing', async () => {
  const [key, body] = [newKey(), { label: 'Daily', amountMsat: '1000' }];
  const first = await post(`${ALICE}/options`, body, key);
  stage.time.now += KEPT_MS + 1_000;
  const second = await post(`${ALICE}/options`, body, key);
  expect(second.status).toBe(201);
  expect(second.body.id).not.toBe(first.body.id);
});

test.each([undefined, '', 'with space', 'x'.repeat(101), 'ä'])(
  'a POST under the key %j is refused',
  async (key) => {
    const response = await stage.app.request(`${ALICE}/options`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stage.keys.alice.token}`,
        'content-type': 'application/json',
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: JSON.stringify({ label: 'x', amountMsat: '1' }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field: 'Idempotency-Key' });
  },
);
