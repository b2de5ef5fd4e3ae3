import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANEW_MS, type CheckDeps, checkSums, TURN_MS } from '../../../functions/outbox/checkSums.ts';
import {
  addCreator,
  bookTips,
  forgetChecked,
  putRetiredInvoice,
  readChecked,
  readCheckTurn,
  readWrongSums,
  type Tip,
} from '../../../shared/ledger/index.ts';
import { type Key, keyItem, keys } from '../../../shared/ledger/keys.ts';
import { tipKey } from '../../../shared/ledger/tips.ts';
import { around, lead, minted, NOW, paid } from '../../shared/ledger/book.ts';
import { proveGone } from '../../shared/ledger/bookedTips.ts';
import { openStage, type Stage } from './stage.ts';

const DAY_MS = 86_400_000;
const TODAY = NOW.toISOString().slice(0, 10);

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

/** A part of a turn, after so much time that a new one may begin. */
async function check(more: Partial<CheckDeps> = {}) {
  stage.pass(TURN_MS);
  return checkSums({ ...stage.deps, ...more });
}
const table = () => ({ TableName: stage.ledger.table });
const set = (key: Key, attribute: string, value: object) =>
  stage.ledger.client.send(
    new UpdateItemCommand({
      ...table(),
      Key: keyItem(key),
      UpdateExpression: 'SET #name = :value',
      ExpressionAttributeNames: { '#name': attribute },
      ExpressionAttributeValues: { ':value': value as never },
    }),
  );
const item = async (key: Key) =>
  (await stage.ledger.client.send(new GetItemCommand({ ...table(), Key: keyItem(key) }))).Item!;
const drop = (tip: Tip) =>
  stage.ledger.client.send(new DeleteItemCommand({ ...table(), Key: keyItem(tipKey(tip)) }));
const wrong = () => readWrongSums(stage.ledger);
const through = async (handle = 'alice') => (await readChecked(stage.ledger, handle)).kept?.through;

/** An option's sum is within the item of all. */
const ofOption = (optionId: string, count: string, msat: string) => ({
  M: { [optionId]: { M: { count: { N: count }, amountMsat: { N: msat } } } },
});

describe('sums that are held against rows', () => {
  it('are right after booking, of every creator, as often as they are looked at', async () => {
    await stage.book('alice', 30);
    await stage.book('bob', 2, { settledAt: new Date(NOW.getTime() - 40 * DAY_MS) });
    expect(await check()).toEqual({ creators: 2, rows: 32, wrong: 0 });
    await stage.book('alice', 1, { settledAt: new Date(NOW.getTime() - 3 * DAY_MS) });
    expect(await check()).toEqual({ creators: 2, rows: 1, wrong: 0 });
    expect([await wrong(), stage.alarms]).toEqual([[], []]);
  });

  it.each<[string, (optionId: string) => [Key, string, object], (optionId: string) => string]>([
    ['in all', () => [keys.totals('alice'), 'amountMsat', { N: '2999' }], () => 'all tips'],
    ['in number', () => [keys.totals('alice'), 'count', { N: '2' }], () => 'all tips'],
    [
      'of an option',
      (id) => [keys.totals('alice'), 'options', ofOption(id, '3', '3001')],
      (id) => `option ${id}`,
    ],
    ['of a day', () => [keys.day('alice', TODAY), 'amountMsat', { N: '3001' }], () => `day ${TODAY}`],
  ])('are found to be wrong, and told of once: %s', async (_, damage, name) => {
    const [tip] = await stage.book('alice', 3);
    await check();
    const [key, attribute, value] = damage(tip!.optionId);
    const before = (await item(key))[attribute]!;
    await set(key, attribute, value);
    const sums = [name(tip!.optionId)];
    expect(await check()).toMatchObject({ wrong: 1 });
    await check();
    expect(await wrong()).toEqual([{ handle: 'alice', wrong: sums }]);
    expect(stage.alarms).toEqual([{ alarm: 'sums-wrong', seen: { handle: 'alice', sums } }]);
    await set(key, attribute, before);
    expect(await check()).toMatchObject({ wrong: 0 });
    expect(await wrong()).toEqual([]);
  });

  it('are found to be wrong at the first look, and checked from the first row on once they were mended', async () => {
    await stage.book('alice', 3);
    await set(keys.totals('alice'), 'amountMsat', { N: '1' });
    expect(await check()).toMatchObject({ wrong: 1 });
    await set(keys.totals('alice'), 'amountMsat', { N: '3000' });
    await forgetChecked(stage.ledger, 'alice');
    expect(await wrong()).toEqual([]);
    expect(await check()).toMatchObject({ rows: 3, wrong: 0 });
  });

  it('are right where the release before wrote them', async () => {
    await stage.book('alice', 3);
    await stage.ledger.client.send(
      new UpdateItemCommand({
        ...table(),
        Key: keyItem(keys.totals('alice')),
        UpdateExpression: 'REMOVE rev, #last',
        ExpressionAttributeNames: { '#last': 'last' },
      }),
    );
    expect(await check()).toEqual({ creators: 2, rows: 3, wrong: 0 });
  });

  it('are compared by day while a day is among the last eight, whatever comes late or early', async () => {
    const at = (days: number) => ({ settledAt: new Date(NOW.getTime() + days * DAY_MS) });
    for (const days of [-9, -8, 2, -7, 0, -8, -1, 400, -9, 0]) {
      await stage.book('alice', 1, at(days));
      await check();
    }
    expect([await wrong(), stage.alarms]).toEqual([[], []]);
    const { kept } = await readChecked(stage.ledger, 'alice');
    expect(kept!.days.size).toBeLessThanOrEqual(9);
    await set(keys.day('alice', at(-1).settledAt.toISOString().slice(0, 10)), 'count', { N: '9' });
    expect(await check()).toMatchObject({ wrong: 1 });
  });
});

describe('a look', () => {
  it('costs what is new, and all of it once a month', async () => {
    await stage.book('alice', 250);
    expect(await check()).toMatchObject({ rows: 250 });
    await stage.book('alice', 3);
    expect(await check()).toMatchObject({ rows: 3 });
    expect(await check()).toMatchObject({ rows: 0 });
    stage.pass(ANEW_MS);
    expect(await check()).toMatchObject({ rows: 253, wrong: 0 });
    expect(await check()).toMatchObject({ rows: 0 });
  });

  it('ends after so many rows, and goes on there; what was not reached is not judged', async () => {
    await stage.book('alice', 25);
    await stage.book('bob', 1);
    const parts = [];
    for (let part = 0; part < 4; part++) parts.push((await checkSums({ ...stage.deps, mostRows: 10 })).rows);
    expect(parts).toEqual([10, 10, 6, 0]);
    expect([await through(), await through('bob')]).toEqual([25n, 1n]);
    expect([await wrong(), stage.alarms]).toEqual([[], []]);
  });

  it('takes so many creators at a time, all of them in turn, and then rests', async () => {
    for (const handle of ['carol', 'dave', 'erin'])
      await addCreator(stage.ledger, { handle, name: handle }, NOW);
    const part = () => checkSums({ ...stage.deps, mostCreators: 2 });
    const looks = [await part(), await part(), await part(), await part()];
    expect(looks.map(({ creators }) => creators)).toEqual([2, 2, 1, 0]);
    expect((await readCheckTurn(stage.ledger))?.endedAt).toEqual(stage.deps.clock());
    stage.pass(TURN_MS);
    expect(await part()).toMatchObject({ creators: 2 });
  });

  it('of a creator whose item can not be read holds up no other', async () => {
    await stage.book('alice', 1);
    await stage.book('bob', 1);
    await set(keys.totals('alice'), 'count', { S: 'many' });
    expect(await check()).toEqual({ creators: 2, rows: 1, wrong: 0 });
    expect(stage.alarms).toMatchObject([{ alarm: 'check-failed', seen: { handle: 'alice' } }]);
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await check({ signal: stop.signal })).toEqual({ creators: 0, rows: 0, wrong: 0 });
    expect(await check()).toMatchObject({ creators: 2 });
  });
});

describe('rows that the index does not show', () => {
  it('are no reason to call a sum wrong, until they are proven to be gone', async () => {
    const tips = await stage.book('alice', 4);
    await drop(tips[1]!);
    await check();
    await check();
    expect([await through(), await wrong()]).toEqual([1n, []]);
    await proveGone(stage.ledger, 'alice');
    await check();
    expect([await through(), await wrong(), stage.alarms]).toEqual([4n, [], []]);
  });

  it('and that were put back since are counted before anyone is woken', async () => {
    const tips = await stage.book('alice', 4);
    const row = await item(tipKey(tips[1]!));
    await drop(tips[1]!);
    await proveGone(stage.ledger, 'alice');
    await check();
    await stage.ledger.client.send(new PutItemCommand({ ...table(), Item: row }));
    await proveGone(stage.ledger, 'alice');
    expect(await check()).toMatchObject({ rows: 4, wrong: 0 });
    expect([await wrong(), stage.alarms]).toEqual([[], []]);
  });
});

describe('sums that are written while they are checked', () => {
  it.each([1, 2, 3, 4])('are no reason for an alarm, a tip before request %i for items', async (nth) => {
    await stage.book('alice', 2);
    await check();
    const before = () => stage.book('alice', 1);
    const ledger = around(stage.ledger, 'BatchGetItemCommand', { before }, nth);
    await check({ ledger });
    expect([await wrong(), stage.alarms]).toEqual([[], []]);
    await check();
    expect([await wrong(), stage.alarms, await through()]).toEqual([[], [], 3n]);
  });

  it('are right in whatever order requests come', async () => {
    let run = 0;
    const lease = await lead(stage.ledger, 'another');
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat(4), fc.nat(4), async (scheduler, books, checks) => {
        const own = minted('alice', `run ${++run}`);
        await putRetiredInvoice(stage.ledger, lease, own, NOW);
        const send = async (command: never) => {
          await scheduler.schedule(Promise.resolve());
          return stage.ledger.client.send(command);
        };
        const slow = { ...stage.ledger, client: { send } as never };
        stage.pass(TURN_MS);
        const acts = [
          ...Array.from({ length: books }, (_, at) =>
            bookTips(slow, lease, { tips: [paid(own, `${run} ${at}`)], quarantined: [] }),
          ),
          ...Array.from({ length: checks }, () => checkSums({ ...stage.deps, ledger: slow })),
        ];
        await scheduler.waitFor(Promise.all(acts));
        await check();
        expect([await wrong(), stage.alarms]).toEqual([[], []]);
      }),
      { numRuns: 15 },
    );
  });
});
