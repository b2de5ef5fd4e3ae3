import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AppSyncError, appSyncPublisher } from '../../../functions/realtime/appsync.ts';
import { liveMessages } from '../../../functions/realtime/message.ts';
import { type LiveJar, openJar } from '../../local/live/stage.ts';
import { HOSTILE } from '../public/jar.ts';
import { openAppSync, type Trouble } from './appsyncServer.ts';

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret of the tests' };

let jar: LiveJar;
let appsync: Awaited<ReturnType<typeof openAppSync>>;
const slept: number[] = [];

beforeAll(async () => {
  jar = await openJar();
});
afterAll(() => jar.close());
beforeEach(async () => {
  slept.length = 0;
  appsync = await openAppSync(CREDENTIALS);
});
afterEach(() => appsync.close());

const publisher = (more: Partial<Parameters<typeof appSyncPublisher>[0]> = {}) =>
  appSyncPublisher({
    ledger: jar.ledger,
    url: appsync.url,
    region: appsync.region,
    credentials: async () => CREDENTIALS,
    clock: () => new Date(),
    sleep: async (ms) => void slept.push(ms),
    random: () => 0.5,
    ...more,
  });

test('tips go to the channel of their creator, signed, word for word as the feed has them', async () => {
  const alices = await jar.tips('alice', [{ message: HOSTILE }, { message: 'täglich 🍺' }]);
  const bobs = await jar.tip('bob', { message: 'not shown' });
  await publisher()([alices[0]!, bobs, alices[1]!]);
  const texts = async (events: typeof alices, handle: string) =>
    (await liveMessages(jar.ledger, events)).get(handle)!.map(({ text }) => text);
  expect(appsync.published.toSorted((a, b) => a.channel.localeCompare(b.channel))).toEqual([
    { channel: '/tips/alice', events: await texts(alices, 'alice') },
    { channel: '/tips/bob', events: await texts([bobs], 'bob') },
  ]);
  expect(JSON.stringify(appsync.published)).not.toContain('not shown');
});

test('at most five go in a request, in their order', async () => {
  const events = await jar.tips('alice', Array(12).fill({}));
  await publisher()(events);
  expect(appsync.published.map(({ events: { length } }) => length)).toEqual([5, 5, 2]);
  const ids = appsync.published.flatMap((each) => each.events.map((text) => JSON.parse(text).id));
  expect(ids).toEqual(events.map(({ data }) => data.tipId));
});

test('nothing is sent of who shows nothing, of dust, and of nothing', async () => {
  await publisher()([await jar.tip('carol'), await jar.tip('dora')]);
  await publisher()([]);
  expect(appsync.published).toEqual([]);
});

test.each<[string, Trouble[]]>([
  ['an error of the service', [500, 503]],
  ['being told to slow down', [429]],
  ['a broken connection', ['cut', 'cut']],
])('after %s it is tried again, later each time', async (_, troubles) => {
  appsync.troubles.push(...troubles);
  const event = await jar.tip('alice');
  await publisher()([event]);
  expect(appsync.published).toHaveLength(1);
  expect(slept).toEqual([75, 150].slice(0, troubles.length));
});

test('events that were refused singly are sent again, alone', async () => {
  appsync.troubles.push({ refuse: [1, 3] });
  const events = await jar.tips('alice', Array(4).fill({}));
  await publisher()(events);
  const ids = appsync.published.map((each) => each.events.map((text) => JSON.parse(text).id));
  const tipId = (at: number) => events[at]!.data.tipId;
  expect(ids).toEqual([
    [tipId(0), tipId(2)],
    [tipId(1), tipId(3)],
  ]);
});

test('what goes on failing is given up after four attempts, and another creator is not held up', async () => {
  appsync.troubles.push(...Array<Trouble>(4).fill(500));
  const event = await jar.tip('alice');
  const failure = await publisher()([event]).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AppSyncError);
  expect(failure).toMatchObject({ channel: '/tips/alice', status: 500 });
  expect(slept).toHaveLength(3);
  const { url } = appsync;
  const onlyBob: typeof fetch = async (input, init) => {
    if (String(init?.body).includes('/tips/alice')) throw new Error('unreachable');
    return fetch(input, init);
  };
  await expect(publisher({ url, fetch: onlyBob })([event, await jar.tip('bob')])).rejects.toThrow(
    'unreachable',
  );
  expect(appsync.published.map(({ channel }) => channel)).toEqual(['/tips/bob']);
});

test('a refusal that attempts don’t mend is told at once, with no secret in it', async () => {
  const wrong = { ...CREDENTIALS, secretAccessKey: 'another secret' };
  const event = await jar.tip('alice');
  const failure = await publisher({ credentials: async () => wrong })([event]).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ status: 401, channel: '/tips/alice' });
  expect(String(failure)).not.toMatch(/secret|AKID|Signature/);
  expect(slept).toEqual([]);
});
