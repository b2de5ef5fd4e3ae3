import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { measureFullBatch } from '../../bench/cost/measure.ts';
import { metered, readUnits, writeUnits } from '../../bench/cost/meter.ts';
import { originShare, tipUsage } from '../../bench/cost/model.ts';
import { dollars, sum, times } from '../../bench/cost/prices.ts';
import { invocation, standing, wakings } from '../../bench/cost/template.ts';
import { type Books, openBooks } from '../../bench/ledger.ts';
import { getItem, queryPage } from '../../shared/ledger/read.ts';
import { synthesise } from '../infra/synthesise.ts';

const WITH_ALL = {
  region: 'eu-central-1',
  account: '123456789012',
  domain: { name: 'tips.example.org', hostedZoneId: 'Z0123456789ABCDEFGHIJ', zoneName: 'example.org' },
  firewall: { requests: 500, callbacks: 20 },
};

let books: Books;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ampjar-cost-'));
  books = await openBooks(dir);
});
afterAll(async () => {
  await books.tables.close();
  await rm(dir, { recursive: true });
});

/** An item of so many bytes, in the index or not. */
const item = (bytes: number, listSk?: string) => {
  const keys = {
    pk: { S: 'p' },
    sk: { S: 's' },
    ...(listSk && { listPk: { S: 'l' }, listSk: { S: listSk } }),
  };
  const taken = listSk ? 6 + 6 + 6 + listSk.length + 1 : 6;
  return { ...keys, x: { S: 'x'.repeat(bytes - taken - 1) } };
};

describe('units are counted as DynamoDB counts them', () => {
  test.each([
    [100, true, 1],
    [4096, true, 1],
    [4097, true, 2],
    [0, false, 0.5],
    [8193, false, 1.5],
  ])('a read of %i bytes, consistent %s: %d', (bytes, consistent, units) => {
    expect(readUnits(bytes, consistent)).toBe(units);
  });

  test.each([
    ['a new item', undefined, item(1000), false, 1],
    ['one of more than a kilobyte', undefined, item(1100), false, 2],
    ['one that shrinks', item(3000), item(100), false, 3],
    ['one that goes', item(2000), undefined, false, 2],
    ['nothing at all', undefined, undefined, false, 1],
    ['in a transaction', undefined, item(1000), true, 2],
    ['a new one in the index', undefined, item(1000, '1'), true, 3],
    ['one that changes in the index', item(900, '1'), item(1000, '1'), false, 2],
    ['one that moves in the index', item(1000, '1'), item(1000, '2'), false, 3],
    ['one that stays as it is', item(1000, '1'), item(1000, '1'), false, 1],
  ])('a write: %s', (_, before, after, inTransaction, units) => {
    expect(writeUnits(before, after, inTransaction)).toBe(units);
  });

  test('and are counted of what a ledger is really asked', async () => {
    const meter = metered(books.ledger);
    await getItem(meter.ledger, { pk: 'nothing', sk: 'here' });
    await queryPage(meter.ledger, {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'nothing' } },
      ConsistentRead: true,
    });
    expect(meter.take()).toEqual({ requests: 2, readUnits: 1.5, writeUnits: 0 });
    expect(meter.take().requests).toBe(0);
  });
});

describe('the model', () => {
  test('adds up what is charged', () => {
    const usage = sum(times(1e6, { writeUnit: 2 }), { writeUnit: 1e6, dashboard: 1 });
    expect(usage).toEqual({ writeUnit: 3e6, dashboard: 1 });
    expect(dollars(usage)).toBeCloseTo(3 * 0.625 + 3);
  });

  test('sends every reader on to the function where they come seldom, and hardly any where they crowd', () => {
    expect(originShare(0, 10)).toBe(1);
    expect(originShare(10, 10)).toBeCloseTo(1 / 11);
    expect(originShare(1_000, 10)).toBeLessThan(0.001);
  });

  test('finds a tip the cheaper, the more of one creator are booked at once', async () => {
    const { resources } = synthesise();
    const one = await measureFullBatch(books, 1);
    const many = await measureFullBatch(books, 1_000);
    expect(one.tips).toBeGreaterThan(90);
    expect(one.booking.writeUnits / one.tips).toBeLessThan(4);
    expect(dollars(tipUsage(resources, one))).toBeLessThan(dollars(tipUsage(resources, many)));
  });
});

describe('the synthesised template', () => {
  const { resources } = synthesise();

  test('has no resource whose price is not known', () => {
    expect(dollars(standing(resources))).toBeGreaterThan(0);
    expect(() => standing({ ...resources, Odd: { Type: 'AWS::EC2::NatGateway' } })).toThrow(
      'Odd: what a AWS::EC2::NatGateway costs is not known',
    );
  });

  test('with a domain and a firewall has none either', () => {
    const { usEast1 } = synthesise(WITH_ALL);
    const usage = standing({ ...resources, ...usEast1() });
    expect(usage.firewall).toBe(1);
    expect(usage.firewallRule).toBeGreaterThan(0);
  });

  test('tells how often the clock wakes a function, and what an invocation takes', () => {
    expect(wakings(resources, 'Settled')).toBe(730 * 4);
    expect(wakings(resources, 'Public')).toBe(0);
    expect(invocation(resources, 'Public', { ms: 0, requests: 2 })).toMatchObject({
      lambdaRequest: 1,
      lambdaGbSecond: 0.5 * 0.01,
    });
    expect(() => wakings(resources, 'Nobody')).toThrow('Nobody: 0 functions, not one');
  });
});
