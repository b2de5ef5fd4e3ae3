import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GRACE_MS, reconcile } from '../../../functions/outbox/reconcile.ts';
import { publishRecords } from '../../../functions/outbox/stream.ts';
import { editCreator, readHanded, type Tip } from '../../../shared/ledger/index.ts';
import { type Key, keyItem, keys } from '../../../shared/ledger/keys.ts';
import { tipKey } from '../../../shared/ledger/tips.ts';
import { NOW } from '../../shared/ledger/book.ts';
import { proveGone } from '../../shared/ledger/bookedTips.ts';
import { down, openStage, refused, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
  stage.pass(GRACE_MS);
});
afterEach(() => stage.close());

const through = async (handle = 'alice') =>
  Number((await readHanded(stage.ledger, [handle])).get(handle)!.through);
const spoil = (key: Key, attribute: string, value: object) =>
  stage.ledger.client.send(
    new UpdateItemCommand({
      TableName: stage.ledger.table,
      Key: keyItem(key),
      UpdateExpression: 'SET #name = :value',
      ExpressionAttributeNames: { '#name': attribute },
      ExpressionAttributeValues: { ':value': value as never },
    }),
  );
const alarms = () => stage.alarms.map(({ alarm }) => alarm);
const numbered = (handle: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${handle} ${from + at}`);

/** Requests to the table by command, items of batches and pages counted one by one. */
function counting() {
  const counts = { reads: 0, writes: 0 };
  const send = async (command: { constructor: { name: string }; input: object }) => {
    const answer = (await stage.ledger.client.send(command as never)) as {
      Items?: unknown[];
      Responses?: Record<string, unknown[]>;
    };
    if (/Update|Put/.test(command.constructor.name)) counts.writes++;
    else counts.reads += 1 + (answer.Items ?? Object.values(answer.Responses ?? {}).flat()).length;
    return answer;
  };
  return { counts, deps: { ...stage.deps, ledger: { ...stage.ledger, client: { send } as never } } };
}

describe('the sweep', () => {
  it('hands on what the stream lost, of every creator, with the same events', async () => {
    const tips = [...(await stage.book('alice', 300)), ...(await stage.book('bob', 2))];
    expect(await reconcile(stage.deps)).toEqual({ creators: 2, handed: 302, failed: 0 });
    expect(stage.webhooks.numbers.sort()).toEqual(tips.map((tip) => `${tip.handle} ${tip.sequence}`).sort());
    expect(stage.live.events).toEqual(stage.webhooks.events);
    const swept = new Map(stage.webhooks.events.map((event) => [event.id, event]));
    await publishRecords(await stage.records(), stage.deps);
    expect(stage.webhooks.events.slice(302).map((event) => swept.get(event.id))).toEqual(
      stage.webhooks.events.slice(302),
    );
    expect(stage.alarms).toEqual([
      { alarm: 'missed', seen: { handle: 'alice', tips: 300 } },
      { alarm: 'missed', seen: { handle: 'bob', tips: 2 } },
    ]);
  });

  it('finds nothing to do where the stream did all, and remembers it', async () => {
    await stage.book('alice', 3);
    await publishRecords(await stage.records(), stage.deps);
    const told = stage.webhooks.calls.length;
    expect(await reconcile(stage.deps)).toMatchObject({ handed: 0 });
    expect(stage.webhooks.calls).toHaveLength(told);
    expect(stage.alarms).toEqual([]);
    expect(await through()).toBe(3);
  });

  it('hands on the ones between that are missing, and no others', async () => {
    await stage.book('alice', 600);
    const records = await stage.records();
    const isLost = (number: number) => [1, 256, 257, 258, 400, 600].includes(number);
    const kept = records.filter(({ dynamodb }) => !isLost(Number(dynamodb!.NewImage?.sequence?.N)));
    for (let at = 0; at < kept.length; at += 100) await publishRecords(kept.slice(at, at + 100), stage.deps);
    const told = stage.webhooks.events.length;
    await reconcile(stage.deps);
    expect(stage.webhooks.numbers.slice(told).sort()).toEqual(
      [1, 256, 257, 258, 400, 600].map((number) => `alice ${number}`).sort(),
    );
    expect(await through()).toBe(600);
  });

  it('marks dust, and tells nobody of it', async () => {
    await editCreator(stage.ledger, 'alice', { minimumMsat: 500n });
    await stage.book('alice', 2, { amountMsat: 499n });
    await reconcile(stage.deps);
    expect(stage.webhooks.calls).toEqual([]);
    expect(await through()).toBe(2);
  });

  it.each([
    ['a moment ago', 0],
    ['by a clock that is a little ahead', 60_000],
  ])('leaves to the stream what was settled %s, and does not go past it', async (_, aheadMs) => {
    await stage.book('alice', 2);
    await stage.book('alice', 1, { settledAt: new Date(NOW.getTime() + GRACE_MS + aheadMs) });
    await stage.book('alice', 1);
    await reconcile(stage.deps);
    expect(stage.webhooks.numbers).toEqual(['alice 1', 'alice 2', 'alice 4']);
    expect(await through()).toBe(2);
    stage.pass(GRACE_MS + aheadMs);
    await reconcile(stage.deps);
    expect(stage.webhooks.numbers.slice(3)).toEqual(['alice 3']);
    expect(await through()).toBe(4);
  });

  it('does not wait for a settlement that a clock puts far ahead', async () => {
    await stage.book('alice', 1, { settledAt: new Date('9999-01-01T00:00:00Z') });
    await reconcile(stage.deps);
    expect(stage.webhooks.numbers).toEqual(['alice 1']);
  });
});

describe('what a sweep costs', () => {
  it('does not grow with the history of a creator', async () => {
    const costs: object[] = [];
    for (const more of [10, 590, 600]) {
      await stage.book('alice', more);
      await reconcile(stage.deps);
      await stage.book('alice', 1);
      const after = counting();
      await reconcile(after.deps);
      const idle = counting();
      await reconcile(idle.deps);
      costs.push({ after: after.counts, idle: idle.counts });
    }
    expect(costs).toEqual([costs[0], costs[0], costs[0]]);
    // The handles; totals and how far, in one request of two items a creator.
    expect(costs[0]).toMatchObject({ idle: { reads: 1 + 2 + 1 + 2, writes: 0 } });
  });
});

describe('what can not be swept', () => {
  const poison = async (tips: Tip[], at: number) => {
    await spoil(tipKey(tips[at]!), 'amountMsat', { S: 'much' });
    return `tip#${tips[at]!.setId} ${tips[at]!.node}`;
  };

  it.each([
    ['first', 0],
    ['in the middle', 1],
    ['last', 2],
  ])('a row that can not be read, %s, is parked, and the rest goes on', async (_, at) => {
    const id = await poison(await stage.book('alice', 3), at);
    await reconcile(stage.deps);
    const others = [1, 2, 3].filter((number) => number !== at + 1);
    expect(stage.webhooks.numbers).toEqual(others.map((number) => `alice ${number}`));
    expect(await stage.parked()).toMatchObject([{ id, handle: 'alice', sequence: BigInt(at + 1) }]);
    expect(await through()).toBe(at);
  });

  it('is parked under the name that the stream gave it, and handed on once it is mended', async () => {
    const tips = await stage.book('alice', 3);
    const records = await stage.records();
    const image = records.find(({ dynamodb }) => dynamodb!.NewImage?.sequence?.N === '2')!.dynamodb!
      .NewImage!;
    image.amountMsat = { S: 'much' };
    await publishRecords(records, stage.deps);
    await poison(tips, 1);
    await reconcile(stage.deps);
    expect(await stage.parked()).toMatchObject([{ sequence: 2n, handedSince: false }]);
    await spoil(tipKey(tips[1]!), 'amountMsat', { N: '1000' });
    await reconcile(stage.deps);
    expect(stage.webhooks.numbers).toEqual(['alice 1', 'alice 3', 'alice 2']);
    expect(await stage.parked()).toMatchObject([{ sequence: 2n, handedSince: true }]);
    expect(await through()).toBe(3);
  });

  it('an event that is refused each time is parked, and the rest goes on', async () => {
    await stage.book('alice', 3);
    stage.webhooks.fault = (events) => {
      if (events.some(({ data }) => data.sequence === '2')) throw refused();
    };
    expect(await reconcile(stage.deps)).toEqual({ creators: 2, handed: 2, failed: 0 });
    expect(await stage.parked()).toMatchObject([{ sequence: 2n }]);
    expect(alarms()).toEqual(['parked', 'missed']);
  });

  it('a number without a row is told of each time, until it is proven to be gone; the rest goes on', async () => {
    const tips = await stage.book('alice', 3);
    const Key = keyItem(tipKey(tips[1]!));
    await stage.ledger.client.send(new DeleteItemCommand({ TableName: stage.ledger.table, Key }));
    const holes = () => stage.alarms.filter(({ alarm }) => alarm === 'hole').map(({ seen }) => seen);
    await reconcile(stage.deps);
    await reconcile(stage.deps);
    expect(stage.webhooks.numbers).toEqual(['alice 1', 'alice 3']);
    const hole = { handle: 'alice', sequence: '2' };
    expect(holes()).toEqual([hole, hole]);
    expect(await through()).toBe(1);
    await proveGone(stage.ledger, 'alice');
    await reconcile(stage.deps);
    await reconcile(stage.deps);
    expect(holes()).toEqual([hole, hole]);
    expect(await through()).toBe(3);
    expect(stage.webhooks.numbers).toEqual(['alice 1', 'alice 3']);
  });

  it('numbers at the end whose rows are proven to be gone hold up nothing that comes after', async () => {
    const tips = await stage.book('alice', 3);
    const Key = keyItem(tipKey(tips[2]!));
    await stage.ledger.client.send(new DeleteItemCommand({ TableName: stage.ledger.table, Key }));
    await proveGone(stage.ledger, 'alice');
    await stage.book('alice', 1);
    await reconcile(stage.deps);
    expect(stage.webhooks.numbers).toEqual(['alice 1', 'alice 2', 'alice 4']);
    expect([alarms(), await through()]).toEqual([['missed'], 4]);
  });

  it('numbers at the end that the index does not list yet are no hole', async () => {
    const tips = await stage.book('alice', 3);
    const Key = keyItem(tipKey(tips[2]!));
    await stage.ledger.client.send(new DeleteItemCommand({ TableName: stage.ledger.table, Key }));
    await reconcile(stage.deps);
    expect(stage.webhooks.numbers).toEqual(['alice 1', 'alice 2']);
    expect(alarms()).toEqual(['missed']);
    expect(await through()).toBe(2);
  });

  it.each([
    ['totals', keys.totals('alice'), 'count', { S: 'many' }],
    ['marks', keys.handed('alice', 0n), 'numbers', { S: 'many' }],
    ['how far', keys.handedThrough('alice'), 'through', { S: 'far' }],
  ])('a creator whose %s can not be read holds up no other', async (_, key, attribute, value) => {
    await stage.book('alice', 1);
    await stage.book('bob', 1);
    await spoil(key, attribute, value);
    expect(await reconcile(stage.deps)).toEqual({ creators: 2, handed: 1, failed: 1 });
    expect(stage.webhooks.numbers).toEqual(['bob 1']);
    expect(alarms()).toEqual(['sweep-failed', 'missed']);
  });

  it('a creator whose own item can not be read is swept all the same', async () => {
    await stage.book('alice', 1);
    await spoil(keys.creator('alice'), 'options', { S: 'none' });
    expect(await reconcile(stage.deps)).toEqual({ creators: 2, handed: 1, failed: 0 });
  });

  it('what fails because something is down is found by the next sweep', async () => {
    await stage.book('alice', 300);
    let isDown = true;
    stage.live.fault = ([event]) => {
      if (isDown && BigInt(event!.data.sequence) > 256n) throw down();
    };
    expect(await reconcile(stage.deps)).toMatchObject({ failed: 1 });
    isDown = false;
    expect(await reconcile(stage.deps)).toMatchObject({ handed: 44, failed: 0 });
    expect(stage.live.numbers).toEqual([...numbered('alice', 1, 256), ...numbered('alice', 257, 300)]);
    expect(await through()).toBe(300);
  });

  it('one tip that fails alone holds up no other, of the same creator either', async () => {
    await stage.book('alice', 300);
    stage.webhooks.fault = (events) => {
      if (events.some(({ data }) => data.sequence === '7')) throw down();
    };
    expect(await reconcile(stage.deps)).toEqual({ creators: 2, handed: 299, failed: 0 });
    expect(await stage.unhanded('alice', 300n)).toEqual([7]);
    expect(alarms()).toEqual(['late', 'missed']);
    expect(await through()).toBe(6);
  });

  it('ends between two blocks when it is told to, and goes on from there', async () => {
    await stage.book('alice', 300);
    const stop = new AbortController();
    const publish = async () => stop.abort();
    await reconcile({ ...stage.deps, publish, signal: stop.signal });
    expect(stage.webhooks.numbers).toEqual(numbered('alice', 1, 256));
    expect(await through()).toBe(256);
    await reconcile(stage.deps);
    expect(stage.webhooks.numbers.slice(256)).toEqual(numbered('alice', 257, 300));
  });
});
