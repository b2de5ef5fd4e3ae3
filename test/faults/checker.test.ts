import { beforeAll, describe, expect, it } from 'vitest';
import { type Truth, unfinished, unsound } from './checker.ts';
import type { StoredItem } from './engine.ts';
import { SHORT_LIFE } from './scenario.ts';
import { World } from './world.ts';

let items: StoredItem[];
let truth: Truth;

beforeAll(async () => {
  const world = await World.create({ ...SHORT_LIFE, seed: 'checked' }, {});
  await world.scheduler.run(SHORT_LIFE.faultsMs);
  world.heal();
  await world.scheduler.run(SHORT_LIFE.faultsMs + 30_000);
  items = world.table.engine.items();
  truth = world.truth();
});

/** What the checker says of a table that someone changed. */
function check(
  change: (of: (prefix: string) => StoredItem[], all: StoredItem[]) => StoredItem[] | undefined,
) {
  const copy = structuredClone(items);
  const of = (prefix: string) => copy.filter(({ pk }) => pk.S.startsWith(prefix));
  const changed = change(of, copy) ?? copy;
  return [...unsound(changed, truth), ...unfinished(changed, truth)].join('\n');
}

/** Gives the first item of a kind another value. */
const put =
  (prefix: string, name: string, value: { S: string } | { N: string }): Parameters<typeof check>[0] =>
  (of) => {
    of(prefix)[0]![name] = value;
    return undefined;
  };
const without = (all: StoredItem[], item: StoredItem | undefined) => all.filter((each) => each !== item);
const more = (value: { N: string }, by = 1n) => ({ N: (BigInt(value.N) + by).toString() });

describe('the checker', () => {
  it('has nothing to say of a table that is right', () => {
    expect(check(() => undefined)).toBe('');
    expect(items.filter(({ pk }) => pk.S.startsWith('tip#')).length).toBeGreaterThan(5);
    expect(items.some(({ pk }) => pk.S.startsWith('aside#'))).toBe(true);
  });

  it.each<[string, Parameters<typeof check>[0], RegExp]>([
    ['a row that is missing', (of, all) => without(all, of('tip#')[0]), /is not booked/],
    ['a row that is missing, in the totals', (of, all) => without(all, of('tip#')[0]), /^totals \(all\)/m],
    [
      'a row of another node',
      (of, all) => [...all, { ...of('tip#')[0]!, sk: { S: 'another' } }],
      /lnd never settled it/,
    ],
    [
      'a row that lnd never settled',
      (of, all) => [...all, { ...of('tip#')[0]!, pk: { S: `tip#${'ab'.repeat(32)}` } }],
      /lnd never settled it/,
    ],
    ['an amount that is off by one msat', put('tip#', 'amountMsat', { N: '1' }), /amount is 1/],
    ['a row of another creator', put('tip#', 'handle', { S: 'eve' }), /creator is eve/],
    ['a row of another option', put('tip#', 'optionId', { S: 'aaaaaaaaaa' }), /option is aaa/],
    ['another payment address', put('tip#', 'paymentAddr', { S: 'aa' }), /payment address is aa/],
    ['another time', put('tip#', 'settledAt', { S: '2020-01-01T00:00:00.000Z' }), /time is 2020/],
    [
      'a last number that went down',
      (of) => {
        const all = of('totals#').find(({ sk }) => sk.S === 'all')!;
        all.last = more(all.last, -1n);
        return undefined;
      },
      /^the last number of .* is \d+, and \d+ were given$/m,
    ],
    [
      'a hole in the sequence numbers',
      (of) => {
        const last = of('tip#').sort((a, b) => Number(b.sequence.N) - Number(a.sequence.N))[0]!;
        last.sequence = more(last.sequence);
        return undefined;
      },
      /sequence numbers of/,
    ],
    [
      'a total that is off by one msat',
      (of) => {
        const all = of('totals#').find(({ sk }) => sk.S === 'all')!;
        all.amountMsat = more(all.amountMsat);
        return undefined;
      },
      /^totals \(all\)/m,
    ],
    [
      'an option that counts one too many',
      (of) => {
        const [sum] = Object.values<{ M: StoredItem }>(
          of('totals#').find(({ sk }) => sk.S === 'all')!.options.M,
        );
        sum!.M.count = more(sum!.M.count);
        return undefined;
      },
      /^totals \(options\)/m,
    ],
    [
      'a day that is missing',
      (of, all) =>
        without(
          all,
          of('totals#').find(({ sk }) => sk.S !== 'all'),
        ),
      /^totals \(days\)/m,
    ],
    [
      'an invoice that counts one too few',
      (of) => {
        const paid = of('invoice#').find(({ count }) => count.N !== '0')!;
        paid.count = more(paid.count, -1n);
        return undefined;
      },
      /^totals \(invoices\)/m,
    ],
    ['a checkpoint ahead of lnd', put('node#', 'settleIndex', { N: '999' }), /checkpoint is 999/],
    [
      'an event that is not set aside',
      (_, all) => all.filter(({ pk }) => !pk.S.startsWith('aside#')),
      /is not set aside/,
    ],
    [
      'a good payment in set-aside',
      (of, all) => [...all, { ...of('aside#')[0]!, sk: { S: `${of('tip#')[0]!.pk.S.slice(4)}.x` } }],
      /should be row/,
    ],
    [
      'an option without a current invoice',
      (of, all) => without(all, of('current#')[0]),
      /has no current invoice/,
    ],
    [
      'a current invoice that lnd does not have',
      put('current#', 'paymentRequest', { S: 'lnbcrt1' }),
      /not one of the node/,
    ],
    ['a want that was lost', (_, all) => all.filter(({ pk }) => !pk.S.startsWith('want#')), /nothing renews/],
    [
      'two current invoices of an option',
      (of) => {
        const retired = of('invoice#').find(({ status }) => status.S === 'retired')!;
        retired.status = { S: 'current' };
        return undefined;
      },
      /invoices that say so are/,
    ],
  ])('notices %s', (_, change, words) => {
    expect(check(change)).toMatch(words);
  });
});
