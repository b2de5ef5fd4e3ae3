import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeCreator } from '../../../shared/ledger/creators.ts';
import { newOptionId } from '../../../shared/ledger/handles.ts';
import { dueMintRequests, openOptionId, readCreator } from '../../../shared/ledger/index.ts';
import { gather } from '../../shared/ledger/book.ts';
import { NOW, openStage, type Stage } from './stage.ts';

let stage: Stage;
let operator: string;
beforeAll(async () => {
  stage = await openStage();
  operator = stage.keys.operator.token;
});
afterAll(() => stage.close());

const CREATORS = '/v1/manage/creators';
const wanted = async (handle: string) =>
  (await gather(dueMintRequests(stage.ledger, NOW))).filter((want) => want.handle === handle);

describe('a creator', () => {
  test('is made by the operator, has an open option, and wants its invoice at once', async () => {
    const wants = stage.wants();
    const body = { handle: 'newcomer', name: 'New 🍯' };
    const told = await stage.ask('POST', CREATORS, { token: operator, body });
    expect(told).toMatchObject({
      status: 201,
      body: {
        handle: 'newcomer',
        name: 'New 🍯',
        status: 'active',
        shows: 'nothing',
        minimumMsat: null,
        limits: null,
      },
    });
    expect(told.headers.get('etag')).toBe('"1"');
    expect(await wanted('newcomer')).toHaveLength(1);
    expect(stage.wants()).toBe(wants + 1);
    const read = await stage.ask('GET', `${CREATORS}/newcomer`, { token: operator });
    expect(read.body).toEqual(told.body);
  });

  test.each([
    [{ handle: 'alice', name: 'x' }, 409, 'taken'],
    [{ handle: 'admin', name: 'x' }, 400, 'bad-value'],
    [{ handle: 'Al', name: 'x' }, 400, 'bad-value'],
    [{ handle: 'fine' }, 400, 'bad-value'],
    [{ handle: 'fine', name: ' ' }, 400, 'bad-value'],
    [{ handle: 'fine', name: 'a\nb' }, 400, 'bad-value'],
    [{ handle: 'fine', name: 'x', colour: 'red' }, 400, 'bad-value'],
    [{ handle: 'fine', name: 'x', shows: 'all' }, 400, 'bad-value'],
    ['{"handle": ', 400, 'bad-value'],
    ['[]', 400, 'bad-value'],
    ['null', 400, 'bad-value'],
  ])('is not made of %j', async (body, status, kind) => {
    const told = await stage.ask('POST', CREATORS, { token: operator, body });
    expect(told.status).toBe(status);
    expect(told.headers.get('content-type')).toBe('application/problem+json');
    expect(told.body.type).toBe(`urn:problem-type:ampjar:${kind}`);
    expect(await readCreator(stage.ledger, 'fine')).toBeUndefined();
  });

  test('that is refused is told field, value and expectation', async () => {
    const body = { handle: 'fine', name: 'x', shows: 'all' };
    const told = await stage.ask('POST', CREATORS, { token: operator, body });
    expect(told.body).toMatchObject({
      field: 'shows',
      value: 'all',
      expected: 'one of nothing, amounts, messages',
      detail: 'shows: "all" is not one of nothing, amounts, messages.',
    });
  });

  test('changes name, what it shows, minimum and limits under its ETag, and keeps the rest', async () => {
    const { token } = stage.keys.bob;
    const path = `${CREATORS}/bob`;
    const before = await stage.ask('GET', path, { token });
    const change = (body: object, etag: string | null) =>
      stage.ask('PATCH', path, { token, body, headers: { 'if-match': etag! } });
    const limits = { leastMsat: '5000', mostMsat: '9007199254740991' };
    const first = await change({ name: 'Robert', minimumMsat: '1000', limits }, before.headers.get('etag'));
    expect(first.body).toEqual({ ...before.body, name: 'Robert', minimumMsat: '1000', limits });
    const second = await change({ limits: null, minimumMsat: null }, first.headers.get('etag'));
    expect(second.body).toEqual({ ...before.body, name: 'Robert' });
    const stale = await change({ name: 'Bobby' }, first.headers.get('etag'));
    expect(stale).toMatchObject({ status: 412, body: { field: 'If-Match' } });
    expect((await stage.ask('GET', path, { token })).body).toEqual(second.body);
  });

  test.each([
    [undefined, 428],
    ['', 400],
    ['3', 400],
    ['"another"', 412],
    ['W/"1", "0"', 412],
  ])('is not changed under If-Match %j', async (ifMatch, status) => {
    const path = `${CREATORS}/carol`;
    const response = await stage.app.request(path, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${operator}`,
        'content-type': 'application/json',
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      },
      body: JSON.stringify({ name: 'Eve' }),
    });
    expect(response.status).toBe(status);
    expect((await readCreator(stage.ledger, 'carol'))?.name).toBe('Carol');
  });

  test.each([
    { minimumMsat: '-1' },
    { minimumMsat: '2100000000000000001' },
    { minimumMsat: 1000 },
    { limits: { leastMsat: '5', mostMsat: '4' } },
    { limits: { leastMsat: '1', mostMsat: '9007199254740992' } },
    { limits: { leastMsat: '0', mostMsat: '4' } },
    { limits: { leastMsat: '1' } },
    { limits: { leastMsat: '1500', mostMsat: '1999' } },
    { limits: { leastMsat: '1', mostMsat: '999' } },
  ])('takes no %j', async (body) => {
    const told = await stage.ask('PATCH', `${CREATORS}/carol`, { token: operator, body });
    expect(told).toMatchObject({
      status: 400,
      body: { field: expect.stringMatching(/^(minimumMsat|limits)/) },
    });
  });

  test('takes limits that a wallet can pay within alone, and tells the nearest', async () => {
    const limits = { leastMsat: '1500', mostMsat: '1999' };
    const told = await stage.ask('PATCH', `${CREATORS}/carol`, { token: operator, body: { limits } });
    expect(told.body.detail).toBe(
      'limits: {"leastMsat":"1500","mostMsat":"1999"} is not limits with a whole number of satoshi within, which is what wallets send; nearest are 1000 to 1999 and 1500 to 2000 msat.',
    );
  });

  test('is closed and opened again, with its options, which are looked at', async () => {
    const path = `${CREATORS}/erin`;
    const closed = await stage.ask('DELETE', path, { token: operator });
    expect(closed).toMatchObject({ status: 200, body: { status: 'closed' } });
    const again = await stage.ask('DELETE', path, { token: operator });
    expect(again.headers.get('etag')).toBe(closed.headers.get('etag'));
    const option = { label: 'Tea', amountMsat: '5000' };
    expect(await stage.ask('POST', `${path}/options`, { token: operator, body: option })).toMatchObject({
      status: 409,
      body: { detail: '"erin" is closed.' },
    });
    stage.time.now += 5;
    const opened = await stage.ask('POST', `${path}/reopen`, { token: operator });
    expect(opened).toMatchObject({ status: 200, body: { status: 'active' } });
    expect(
      (await gather(dueMintRequests(stage.ledger, new Date(stage.time.now)))).map(({ handle }) => handle),
    ).toContain('erin');
  });

  test('all are listed to the operator, page after page', async () => {
    const handles: string[] = [];
    let after = '';
    do {
      const { body } = await stage.ask('GET', `${CREATORS}?limit=2${after}`, { token: operator });
      handles.push(...body.creators.map(({ handle }: { handle: string }) => handle));
      after = body.next && `&after=${body.next}`;
    } while (after);
    expect(handles).toEqual(['alice', 'bob', 'carol', 'dora', 'erin', 'newcomer']);
  });
});

describe('a tip option', () => {
  const OPTIONS = `${CREATORS}/alice/options`;
  const add = (body: object) => stage.ask('POST', OPTIONS, { token: stage.keys.alice.token, body });

  test.each([
    ['3000500', /; nearest are 3000000 and 3001000 msat\.$/],
    ['1', /; nearest is 1000 msat\.$/],
    ['0', /; nearest is 1000 msat\.$/],
    ['9007199254740991', /; nearest is 9007199254740000 msat\.$/],
    ['1e3', /from 1000 to 9007199254740000, in decimal digits\.$/],
  ])('of %s msat is refused, with what wallets can pay', async (amountMsat, detail) => {
    const told = await add({ label: 'Cake', amountMsat });
    expect(told).toMatchObject({ status: 400, body: { field: 'amountMsat', value: amountMsat } });
    expect(told.body.detail).toMatch(detail);
  });

  test('of an amount that was taken before stays, and can be relabelled', async () => {
    const old = { id: newOptionId(randomBytes), label: 'Old', amountMsat: 3_000_500n };
    await changeCreator(stage.ledger, 'bob', (bob) => ({ ...bob, options: [...bob.options, old] }));
    const { token } = stage.keys.bob;
    const path = `${CREATORS}/bob/options/${old.id}`;
    const told = await stage.ask('PATCH', path, { token, body: { label: 'Older' } });
    expect(told).toMatchObject({ status: 200, body: { label: 'Older', amountMsat: '3000500' } });
    const renamed = await stage.ask('PATCH', `${CREATORS}/bob`, { token, body: { name: 'Rob' } });
    expect(renamed.body.options).toContainEqual(told.body);
  });

  test('is added, relabelled and taken away under the ETag of its creator', async () => {
    const { token } = stage.keys.alice;
    const added = await add({ label: 'Cake', amountMsat: '9007199254740000' });
    expect(added).toMatchObject({ status: 201, body: { label: 'Cake', amountMsat: '9007199254740000' } });
    const path = `${OPTIONS}/${added.body.id}`;
    const etag = (await stage.ask('GET', `${CREATORS}/alice`, { token })).headers.get('etag')!;
    const labelled = await stage.ask('PATCH', path, {
      token,
      body: { label: 'Tart' },
      headers: { 'if-match': etag },
    });
    expect(labelled).toMatchObject({ status: 200, body: { ...added.body, label: 'Tart' } });
    const stale = await stage.ask('DELETE', path, { token, headers: { 'if-match': etag } });
    expect(stale.status).toBe(412);
    const next = labelled.headers.get('etag')!;
    expect(await stage.ask('DELETE', path, { token, headers: { 'if-match': next } })).toMatchObject({
      status: 204,
    });
    expect((await stage.ask('DELETE', path, { token })).status).toBe(404);
    const { options } = (await readCreator(stage.ledger, 'alice'))!;
    expect(options.map(({ id }) => id)).not.toContain(added.body.id);
  });

  test.each(['0', '9007199254740992', '01', '1.5', '-1', '', 3000])(
    'has no amount of %j msat',
    async (amountMsat) => {
      expect(await add({ label: 'x', amountMsat })).toMatchObject({
        status: 400,
        body: { field: 'amountMsat' },
      });
    },
  );

  test('of an open amount stays', async () => {
    const told = await stage.ask('DELETE', `${OPTIONS}/${openOptionId('alice')}`, {
      token: stage.keys.alice.token,
    });
    expect(told).toMatchObject({ status: 409, body: { detail: expect.stringContaining('stays') } });
  });

  test('gets another invoice when asked for, once a minute at most', async () => {
    const { token } = stage.keys.alice;
    const path = `${OPTIONS}/${stage.coffee.optionId}/rotate`;
    const young = await stage.ask('POST', path, { token });
    expect(young.status).toBe(409);
    expect(Number(young.headers.get('retry-after'))).toBeGreaterThan(0);
    stage.time.now += 60_000;
    expect(await stage.ask('POST', path, { token })).toMatchObject({ status: 202 });
    const wants = await gather(dueMintRequests(stage.ledger, new Date(stage.time.now)));
    expect(wants).toContainEqual(
      expect.objectContaining({ optionId: stage.coffee.optionId, replaces: stage.coffee.paymentAddr }),
    );
  });
});

test('invoices and totals are shown whatever the public sees', async () => {
  const token = operator;
  const { body } = await stage.ask('GET', `${CREATORS}/carol/invoices`, { token });
  expect(body.invoices).toEqual([
    expect.objectContaining({
      optionId: openOptionId('carol'),
      paymentRequest: expect.stringMatching(/^lnbcrt/),
    }),
  ]);
  expect((await stage.ask('GET', `${CREATORS}/carol/totals`, { token })).body).toEqual({
    count: '2',
    amountMsat: '12',
    options: [{ id: openOptionId('carol'), count: '2', amountMsat: '12' }],
  });
});
