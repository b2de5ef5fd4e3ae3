import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MOST_REPLAYED, ReplayError, replay, sendTest } from '../../../functions/manage/replay.ts';
import { ALLOWANCES, AllowanceError } from '../../../shared/ledger/allowances.ts';
import {
  type Authority,
  answers,
  makeAuthority,
  type Receiver,
  startReceiver,
} from '../webhooks/receiver.ts';
import { eventOf, openStage, type Stage, tipOf } from '../webhooks/stage.ts';

let authority: Authority;
let receiver: Receiver;
let stage: Stage;
beforeAll(async () => {
  authority = await makeAuthority();
});
beforeEach(async () => {
  receiver = await startReceiver(authority);
  stage = await openStage(authority);
});
afterEach(async () => {
  await stage.close();
  await receiver.stop();
});

const tips = (count: number) => Array.from({ length: count }, (_, at) => tipOf(at + 1));
const ids = () => receiver.requests.map(({ headers }) => headers['webhook-id']);

describe('a replay', () => {
  test('of one event sends it again under its id, and its log goes on', async () => {
    const webhook = await stage.endpoint(receiver.url());
    const [ref] = await stage.tip(tipOf(1));
    receiver.behave(answers(410));
    await stage.try(ref!);
    receiver.behave(answers(200));
    const enabled = await stage.edit(webhook, { status: 'enabled' });
    const { queued } = await replay(stage.ledger, enabled, { eventId: eventOf(tipOf(1)).id }, stage.clock());
    expect(queued).toEqual([ref]);
    await stage.try(ref!);
    expect(ids()).toEqual(Array(2).fill(eventOf(tipOf(1)).id));
    const entry = (await stage.log(webhook)).find(({ type }) => type === 'tip.settled');
    expect(entry).toMatchObject({ state: 'done', tries: 1, attempts: [{ status: 410 }, { status: 200 }] });
    expect(entry).not.toHaveProperty('reason');
  });

  test('of a span sends what is in it, dust left out, to this endpoint alone', async () => {
    await stage.tip(...tips(6), tipOf(7, { dust: true }), tipOf(8), tipOf(9));
    const webhook = await stage.endpoint(receiver.url('/this'));
    await stage.endpoint(receiver.url('/other'));
    const { queued, next } = await replay(stage.ledger, webhook, { after: 2n, until: 8n }, stage.clock());
    expect(next).toBeUndefined();
    for (const ref of queued) await stage.try(ref);
    expect(ids().sort()).toEqual([3, 4, 5, 6, 8].map((sequence) => eventOf(tipOf(sequence)).id).sort());
    expect(new Set(receiver.requests.map(({ path }) => path))).toEqual(new Set(['/this']));
  });

  test('is one at a time for an endpoint, and so many a day for a creator', async () => {
    await stage.tip(tipOf(1));
    const webhook = await stage.endpoint(receiver.url());
    const again = () => replay(stage.ledger, webhook, { after: 0n }, stage.clock());
    const atOnce = await Promise.allSettled([again(), again()]);
    const refused = atOnce.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(refused).toMatchObject([{ name: 'ReplayError', reason: 'under way' }]);
    for (let replays = 1; replays < ALLOWANCES.replays; replays++) await again();
    await expect(again()).rejects.toThrow(AllowanceError);
    stage.pass(86_400_000);
    expect((await again()).queued).toHaveLength(1);
  });

  test('of a long span goes on where the last one ended', async () => {
    await stage.tip(...tips(MOST_REPLAYED + 5));
    const webhook = await stage.endpoint(receiver.url());
    const first = await replay(stage.ledger, webhook, { after: 0n }, stage.clock());
    expect(first.queued).toHaveLength(MOST_REPLAYED);
    expect(first.next).toBe(BigInt(MOST_REPLAYED));
    const second = await replay(stage.ledger, webhook, { after: first.next! }, stage.clock());
    expect(second.queued).toHaveLength(5);
    expect(second).not.toHaveProperty('next');
  });

  test.each([
    ['nothing below its start', { after: 5n, until: 5n }],
    ['nothing before it', { after: 5n, until: 2n }],
    ['nothing behind the last', { after: 100n }],
  ])('finds %s', async (_, span) => {
    await stage.tip(...tips(9));
    const webhook = await stage.endpoint(receiver.url());
    expect(await replay(stage.ledger, webhook, span, stage.clock())).toEqual({ queued: [] });
  });

  test.each([
    ["another creator's event", eventOf(tipOf(2)).id],
    ['an event below the minimum', eventOf(tipOf(3)).id],
    ['an event that never was', `tip_settled_${'0'.repeat(64)}`],
    ['no event', 'tip_settled_'],
    ['an event of another kind', 'endpoint_test_abc'],
  ])('of %s is refused, and each in the same words', async (_, eventId) => {
    const webhook = await stage.endpoint(receiver.url());
    await stage.tip(tipOf(2, { handle: 'bob' }), tipOf(3, { dust: true }));
    const refused = replay(stage.ledger, webhook, { eventId }, stage.clock());
    await expect(refused).rejects.toThrow(`eventId: "${eventId}" is no event of "alice"'s endpoints`);
    await expect(refused).rejects.toMatchObject({ name: 'ReplayError', reason: 'no such event' });
  });
});

describe('a test event', () => {
  test('is delivered like any other, whatever the endpoint takes', async () => {
    const webhook = await stage.endpoint(receiver.url(), { events: ['endpoint.disabled'] });
    const ref = await sendTest(stage.ledger, webhook, stage.clock(), randomBytes);
    await stage.try(ref);
    expect(JSON.parse(receiver.requests[0]!.body)).toEqual({
      id: ids()[0],
      type: 'endpoint.test',
      version: 1,
      timestamp: stage.clock().toISOString(),
      data: { handle: 'alice', endpointId: webhook.id },
    });
    expect(await stage.log(webhook)).toMatchObject([{ id: ref.id, type: 'endpoint.test', state: 'done' }]);
  });

  test('is one of so many a day for a creator, to whichever endpoint', async () => {
    const webhooks = [await stage.endpoint(receiver.url('/a')), await stage.endpoint(receiver.url('/b'))];
    const send = (sent: number) => sendTest(stage.ledger, webhooks[sent % 2]!, stage.clock(), randomBytes);
    for (let sent = 0; sent < ALLOWANCES.tests; sent++) await send(sent);
    for (const sent of [0, 1]) await expect(send(sent)).rejects.toThrow(AllowanceError);
    expect((await Promise.all(webhooks.map(stage.log))).flat()).toHaveLength(ALLOWANCES.tests);
    stage.pass(86_400_000);
    await send(0);
  });

  test('is another each time', async () => {
    const webhook = await stage.endpoint(receiver.url());
    for (let i = 0; i < 2; i++)
      await stage.try(await sendTest(stage.ledger, webhook, stage.clock(), randomBytes));
    expect(new Set(ids()).size).toBe(2);
  });
});

test('an endpoint that is not enabled is sent neither a replay nor a test', async () => {
  const made = await stage.endpoint(receiver.url());
  const webhook = await stage.edit(made, { status: 'disabled' });
  await expect(replay(stage.ledger, webhook, { after: 0n }, stage.clock())).rejects.toThrow(ReplayError);
  await expect(sendTest(stage.ledger, webhook, stage.clock(), randomBytes)).rejects.toMatchObject({
    reason: 'not enabled',
  });
});
