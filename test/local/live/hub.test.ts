import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicApp } from '../../../functions/public/app.ts';
import { type LiveMessage, liveMessages } from '../../../functions/realtime/message.ts';
import { LiveHub } from '../../../local/live/hub.ts';
import type { TipEvent } from '../../../shared/contract/tip.ts';
import { feedEntrySchema } from '../../../shared/contract/tipSchemas.ts';
import { decodeCursor, editCreator, eraseText } from '../../../shared/ledger/index.ts';
import { countingReads, HOSTILE } from '../../functions/public/jar.ts';
import { NOW } from '../../shared/ledger/book.ts';
import { type LiveJar, openJar } from './stage.ts';

let jar: LiveJar;
beforeAll(async () => {
  jar = await openJar();
});
afterAll(() => jar.close());

const newestOfFeed = async (handle: string) => {
  const app = publicApp({ ledger: jar.ledger, clock: () => NOW, reads: 'each', openapi: {} });
  const answer = await app.request(`/v1/creators/${handle}/tips?limit=1`);
  return ((await answer.json()) as { tips: unknown[] }).tips[0];
};

const messagesOf = async (event: TipEvent): Promise<LiveMessage[]> =>
  (await liveMessages(jar.ledger, [event])).get(event.data.handle) ?? [];

test.each(['alice', 'bob'] as const)('a message of %s is the entry of the feed', async (handle) => {
  const event = await jar.tip(handle, { message: HOSTILE, sender: 'Mallory' });
  const [message] = await messagesOf(event);
  const entry = JSON.parse(message!.text);
  expect(entry).toEqual(await newestOfFeed(handle));
  expect(feedEntrySchema.safeParse(entry).error).toBeUndefined();
  expect(entry.message).toBe(handle === 'alice' ? HOSTILE : undefined);
  expect(message!.text).not.toContain(event.data.setId);
  expect(decodeCursor(handle, message!.cursor)).toBe(BigInt(event.data.sequence));
});

test.each(['carol', 'dora'] as const)('there is no message of %s', async (handle) => {
  expect(await messagesOf(await jar.tip(handle))).toEqual([]);
});

test('there is none of dust', async () => {
  await editCreator(jar.ledger, 'bob', { minimumMsat: 5_000n });
  const event = await jar.tip('bob', { amountMsat: 4_999n });
  expect(event.data.belowMinimum).toBe(true);
  expect(await messagesOf(event)).toEqual([]);
  const { belowMinimum: _, ...data } = event.data;
  expect(await messagesOf({ ...event, data })).toEqual([]);
});

test('what was erased, or is no longer shown, since the event was made is not told', async () => {
  const event = await jar.tip('alice', { message: 'my telephone number', sender: 'Bob' });
  const spared = await jar.tip('alice', { message: 'Great post', sender: 'Bob' });
  await eraseText(jar.ledger, 'alice', event.data.setId);
  expect((await messagesOf(event))[0]!.text).not.toMatch(/telephone|Bob/);
  expect((await messagesOf(spared))[0]!.text).toMatch(/Great post.*Bob/);
  await editCreator(jar.ledger, 'alice', { shows: 'amounts' });
  expect((await messagesOf(spared))[0]!.text).not.toMatch(/Great post|Bob/);
  await editCreator(jar.ledger, 'alice', { shows: 'nothing' });
  expect(await messagesOf(spared)).toEqual([]);
  await editCreator(jar.ledger, 'alice', { shows: 'messages' });
});

test('a hub tells who listens to a creator, in order, until they leave', async () => {
  const hub = new LiveHub(jar.ledger);
  const told: string[] = [];
  const note = (name: string) => (messages: readonly LiveMessage[]) =>
    told.push(...messages.map(({ sequence }) => `${name} ${sequence}`));
  const leave = hub.subscribe('alice', note('first'));
  hub.subscribe('alice', note('second'));
  hub.subscribe('bob', note('other'));
  const events = await jar.tips('alice', [{}, {}]);
  const [one, two] = events.map(({ data }) => data.sequence);
  await hub.publish(events);
  expect(told).toEqual([`first ${one}`, `first ${two}`, `second ${one}`, `second ${two}`]);
  told.length = 0;
  leave();
  leave();
  await hub.publish(events.slice(0, 1));
  expect(told).toEqual([`second ${one}`]);
});

test('a listener that fails is dropped, and the others are told', async () => {
  const reported: unknown[] = [];
  const hub = new LiveHub(jar.ledger, (error) => reported.push(error));
  const told: number[] = [];
  hub.subscribe('alice', () => {
    throw new Error('full');
  });
  hub.subscribe('alice', ({ length }) => told.push(length));
  const event = await jar.tip('alice');
  await hub.publish([event]);
  await hub.publish([event]);
  expect(told).toEqual([1, 1]);
  expect(reported).toEqual([new Error('full')]);
});

test('nothing is read for creators whom nobody listens to', async () => {
  const counting = countingReads(jar.ledger);
  const hub = new LiveHub(counting.ledger);
  hub.subscribe('bob', () => {})();
  hub.subscribe('carol', () => {});
  await hub.publish([await jar.tip('alice'), await jar.tip('bob')]);
  expect(counting.count()).toBe(0);
});

test('a table that can’t be read is the publisher’s to try again', async () => {
  const broken = { ...jar.ledger, table: 'elsewhere' };
  const hub = new LiveHub(broken);
  hub.subscribe('alice', () => {});
  await expect(hub.publish([await jar.tip('alice')])).rejects.toThrow();
});
