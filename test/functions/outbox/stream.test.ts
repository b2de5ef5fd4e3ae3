import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  isNewTip,
  PATIENCE_MS,
  publishRecords,
  type StreamRecord,
} from '../../../functions/outbox/stream.ts';
import { tipEvent } from '../../../shared/contract/tip.ts';
import { editCreator, markHanded, type Tip } from '../../../shared/ledger/index.ts';
import { keyItem } from '../../../shared/ledger/keys.ts';
import { tipKey } from '../../../shared/ledger/tips.ts';
import { around, NOW } from '../../shared/ledger/book.ts';
import { down, openStage, refused, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const NOTHING = { batchItemFailures: [] };
const failedAt = (record: StreamRecord) => ({
  batchItemFailures: [{ itemIdentifier: record.dynamodb!.SequenceNumber }],
});
const tipRecords = async () => (await stage.records()).filter(isNewTip);
const eventOf = (tip: Tip) => tipEvent(tip);

/** The record with another new row. */
const spoiled = (record: StreamRecord, change: object): StreamRecord => ({
  ...record,
  dynamodb: { ...record.dynamodb, NewImage: { ...record.dynamodb!.NewImage, ...change } },
});
const UNREADABLE = { amountMsat: { S: 'much' } };

describe('a batch of stream records', () => {
  it('becomes one event a tip, for webhooks and open pages alike', async () => {
    const tips = [...(await stage.book('alice', 3)), ...(await stage.book('bob', 2))];
    expect(await publishRecords(await stage.records(), stage.deps)).toEqual(NOTHING);
    expect(stage.webhooks.calls).toEqual([tips.map(eventOf)]);
    expect(stage.live.calls).toEqual([tips.map(eventOf)]);
    expect(await stage.unhanded('alice', 3n)).toEqual([]);
    expect(await stage.unhanded('bob', 2n)).toEqual([]);
    expect(stage.alarms).toEqual([]);
  });

  it('has the same events with the same ids when it comes again', async () => {
    await stage.book('alice', 2);
    const records = await stage.records();
    await publishRecords(records, stage.deps);
    await publishRecords(records, stage.deps);
    const [first, second] = stage.webhooks.calls;
    expect(second).toEqual(first);
    expect(new Set(first!.map(({ id }) => id)).size).toBe(2);
  });

  it('asks nobody when no tip is in it', async () => {
    const before = (await stage.records()).length;
    expect(before).toBeGreaterThan(4);
    const none = { send: () => Promise.reject(new Error('the table is not needed')) } as never;
    const ledger = { ...stage.ledger, client: none };
    expect(await publishRecords(await stage.records(), { ...stage.deps, ledger })).toEqual(NOTHING);
    expect(await publishRecords([], { ...stage.deps, ledger })).toEqual(NOTHING);
    expect(stage.webhooks.calls).toEqual([]);
  });

  it('says nothing of a row that was changed or went', async () => {
    const [tip] = await stage.book('alice', 1);
    const before = (await stage.records()).length;
    const Key = keyItem(tipKey(tip!));
    const TableName = stage.ledger.table;
    const erased = { TableName, Key, UpdateExpression: 'REMOVE message SET shards = :two' };
    await stage.ledger.client.send(
      new UpdateItemCommand({ ...erased, ExpressionAttributeValues: { ':two': { N: '2' } } }),
    );
    const changes = (await stage.records()).slice(before);
    expect(changes.map(({ eventName }) => eventName)).toEqual(['MODIFY']);
    const removed = { ...changes[0]!, eventName: 'REMOVE' as const };
    expect(await publishRecords([...changes, removed], stage.deps)).toEqual(NOTHING);
    expect(stage.webhooks.calls).toEqual([]);
  });

  it('marks dust, and tells nobody of it', async () => {
    await editCreator(stage.ledger, 'alice', { minimumMsat: 500n });
    await stage.book('alice', 2, { amountMsat: 499n });
    await publishRecords(await stage.records(), stage.deps);
    expect([...stage.webhooks.calls, ...stage.live.calls]).toEqual([]);
    expect(await stage.unhanded('alice', 2n)).toEqual([]);
    await stage.book('alice', 1, { amountMsat: 500n });
    await publishRecords(await stage.records(), stage.deps);
    expect(stage.webhooks.numbers).toEqual(['alice 3']);
  });

  it('is marked with one write a creator', async () => {
    await stage.book('alice', 90);
    await stage.book('bob', 1);
    const records = await stage.records();
    let writes = 0;
    const send = (command: { constructor: { name: string } }) => {
      writes++;
      expect(command.constructor.name).toBe('UpdateItemCommand');
      return stage.ledger.client.send(command as never);
    };
    await publishRecords(records, { ...stage.deps, ledger: { ...stage.ledger, client: { send } as never } });
    expect(writes).toBe(2);
  });
});

describe('what is down', () => {
  it.each(['webhooks', 'live'] as const)(
    '%s: all of the batch comes again, and nothing is marked',
    async (which) => {
      await stage.book('alice', 2);
      const [first] = await tipRecords();
      stage[which].fault = () => {
        throw down();
      };
      expect(await publishRecords(await stage.records(), stage.deps)).toEqual(failedAt(first!));
      expect(await stage.unhanded('alice', 2n)).toEqual([1, 2]);
      expect(await stage.parked()).toEqual([]);
      stage[which].fault = () => {};
      expect(await publishRecords(await stage.records(), stage.deps)).toEqual(NOTHING);
      expect(await stage.unhanded('alice', 2n)).toEqual([]);
    },
  );

  it('the table: nothing is marked, and all comes again', async () => {
    await stage.book('alice', 2);
    const [first] = await tipRecords();
    const send = () => Promise.reject(down());
    const ledger = { ...stage.ledger, client: { send } as never };
    expect(await publishRecords(await stage.records(), { ...stage.deps, ledger })).toEqual(failedAt(first!));
    expect(stage.webhooks.numbers).toContain('alice 1');
  });

  it('for one alone: those before it are done, and it is where to go on', async () => {
    await stage.book('alice', 3);
    const third = (await tipRecords())[2]!;
    stage.webhooks.fault = (events) => {
      if (events.some(({ data }) => data.sequence === '3')) throw down();
    };
    expect(await publishRecords(await stage.records(), stage.deps)).toEqual(failedAt(third));
    expect(await stage.unhanded('alice', 3n)).toEqual([3]);
  });

  it('for a minute: it is left to the sweep, told of, and those behind it go on', async () => {
    await stage.book('alice', 4);
    stage.live.fault = (events) => {
      if (events.some(({ data }) => data.sequence === '2')) throw down();
    };
    stage.pass(PATIENCE_MS + 1_000);
    expect(await publishRecords(await stage.records(), stage.deps)).toEqual(NOTHING);
    expect(await stage.unhanded('alice', 4n)).toEqual([2]);
    const first = { handle: 'alice', sequence: '2', error: 'ServiceUnavailable: down' };
    expect(stage.alarms).toEqual([{ alarm: 'late', seen: { tips: 1, first } }]);
    expect(await stage.parked()).toEqual([]);
  });

  it('for all of them: few are tried, so that a call ends in time', async () => {
    await stage.book('alice', 90);
    let calls = 0;
    stage.live.fault = () => {
      calls++;
      throw down();
    };
    stage.pass(PATIENCE_MS + 1_000);
    expect(await publishRecords(await stage.records(), stage.deps)).toEqual(NOTHING);
    expect(calls).toBeLessThan(6);
    expect(stage.alarms).toMatchObject([{ alarm: 'late', seen: { tips: 90 } }]);
    expect(stage.webhooks.numbers).toContain('alice 90');
  });
});

describe('a record that can not be handed on', () => {
  it.each([
    ['first', 0],
    ['in the middle', 2],
    ['last', 4],
  ])('%s: is parked whole with an alarm, and the rest goes on', async (_, at) => {
    await stage.book('alice', 5);
    const records = await tipRecords();
    records[at] = spoiled(records[at]!, UNREADABLE);
    expect(await publishRecords(records, stage.deps)).toEqual(NOTHING);
    const others = [1, 2, 3, 4, 5].filter((number) => number !== at + 1);
    expect(stage.webhooks.numbers).toEqual(others.map((number) => `alice ${number}`));
    expect(await stage.unhanded('alice', 5n)).toEqual([at + 1]);
    const [parked, ...more] = await stage.parked();
    expect(more).toEqual([]);
    expect(parked).toMatchObject({ handle: 'alice', sequence: BigInt(at + 1), parkedAt: NOW });
    expect(JSON.parse(parked!.record)).toEqual(records[at]);
    expect(stage.alarms.map(({ alarm }) => alarm)).toEqual(['parked']);
    // Its key has the set id in it.
    expect(JSON.stringify(stage.alarms)).not.toMatch(/[0-9a-f]{64}/);
  });

  it.each([
    ['first', '1'],
    ['in the middle', '3'],
    ['last', '5'],
  ])('%s, since it is refused each time: is found, and the rest goes on', async (_, sequence) => {
    await stage.book('alice', 5);
    stage.webhooks.fault = (events) => {
      if (events.some(({ data }) => data.sequence === sequence)) throw refused();
    };
    expect(await publishRecords(await stage.records(), stage.deps)).toEqual(NOTHING);
    expect(await stage.unhanded('alice', 5n)).toEqual([Number(sequence)]);
    expect(await stage.parked()).toMatchObject([
      { sequence: BigInt(sequence), reason: 'ValidationException: an attribute is too long' },
    ]);
  });

  it('is parked once, though it comes again', async () => {
    await stage.book('alice', 1);
    const [record] = await tipRecords();
    const poison = spoiled(record!, UNREADABLE);
    for (let time = 0; time < 3; time++) await publishRecords([poison], stage.deps);
    expect(await stage.parked()).toHaveLength(1);
  });

  it.each<[string, (record: StreamRecord) => StreamRecord]>([
    [
      'without a new row',
      ({ dynamodb, ...rest }) => ({
        ...rest,
        dynamodb: { SequenceNumber: '1', ...(dynamodb!.Keys && { Keys: dynamodb!.Keys }) },
      }),
    ],
    ['without keys', (record) => ({ ...record, dynamodb: { SequenceNumber: '1' } })],
    ['with nothing in it', () => ({ eventName: 'INSERT' })],
    ['with a row of another kind of values', (record) => spoiled(record, { settledAt: { S: 'yesterday' } })],
    [
      'with a number that is none',
      (record) => spoiled(record, { sequence: { N: '1e3' }, listSk: { S: 'x' } }),
    ],
  ])('can be one %s', async (_, change) => {
    await stage.book('alice', 2);
    const [first, second] = await tipRecords();
    const poison = change(first!);
    expect(await publishRecords([poison, second!], stage.deps)).toEqual(NOTHING);
    expect(stage.webhooks.numbers).toEqual(['alice 2']);
    expect((await stage.parked()).map(({ record }) => JSON.parse(record))).toEqual([poison]);
  });

  it('holds up the rest when the table can not take it', async () => {
    await stage.book('alice', 2);
    const [first, second] = await tipRecords();
    const poison = spoiled(second!, UNREADABLE);
    let fail = true;
    const send = (command: { constructor: { name: string } }) =>
      fail && command.constructor.name === 'PutItemCommand'
        ? Promise.reject(down())
        : stage.ledger.client.send(command as never);
    const deps = { ...stage.deps, ledger: { ...stage.ledger, client: { send } as never } };
    expect(await publishRecords([first!, poison], deps)).toEqual(failedAt(poison));
    fail = false;
    expect(await publishRecords([first!, poison], deps)).toEqual(NOTHING);
    expect(await stage.parked()).toHaveLength(1);
  });
});

it('a mark whose answer got lost is made again', async () => {
  await stage.book('alice', 1);
  const lost = around(stage.ledger, 'UpdateItemCommand', {
    after: () => {
      throw down();
    },
  });
  expect(await publishRecords(await stage.records(), { ...stage.deps, ledger: lost })).toEqual(NOTHING);
  expect(stage.webhooks.calls).toHaveLength(2);
  expect(await stage.unhanded('alice', 1n)).toEqual([]);
});

it('what was marked before is told all the same: the stream knows best what is new', async () => {
  await stage.book('alice', 1);
  await markHanded(stage.ledger, 'alice', [1n]);
  await publishRecords(await stage.records(), stage.deps);
  expect(stage.webhooks.numbers).toEqual(['alice 1']);
});
