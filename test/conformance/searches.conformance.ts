import {
  BatchWriteItemCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, type Gap, type Item, row } from './subject.ts';
import type { Bench } from './table.conformance.ts';

const TableName = 'Searches';

// Sort keys in DynamoDB's order, the order of their UTF-8 bytes.
const SORTED = ['', 'A', 'a', 'a#1', 'a#10', 'a#2', 'b', 'ÿ', '～', '😀'].slice(1);
const RANKS = ['-100', '-1.5', '-1', '0', '0.001', '1', '9', '10', '1e20'];

export function describeSearches(bench: Bench): void {
  describe('searches', () => {
    const { subject } = bench(TableName);

    beforeAll(async () => {
      const rows = [
        ...[...SORTED]
          .reverse()
          .map((sk) => row('letters', sk, { even: { BOOL: SORTED.indexOf(sk) % 2 === 0 } })),
        ...['other', 'letter', 'letters2'].map((pk) => row(pk, 'a')),
        ...[...RANKS].reverse().map((N) => row(`rank${N}`, 'x', { groupPk: { S: 'ranks' }, rank: { N } })),
        ...['3', '1', '2'].map((n) => row(`item${n}`, 'x', { groupPk: { S: 'group' }, groupSk: { S: n } })),
        ...['p', 'q'].map((pk) => row(pk, 'x', { groupPk: { S: 'same' }, groupSk: { S: 's' } })),
      ];
      for (let i = 0; i < rows.length; i += 25) {
        const RequestItems = { [TableName]: rows.slice(i, i + 25).map((Item) => ({ PutRequest: { Item } })) };
        await subject().client.send(new BatchWriteItemCommand({ RequestItems }));
      }
    });

    type Search = Omit<QueryCommandInput, 'TableName'>;
    const query = (input: Search) => subject().client.send(new QueryCommand({ TableName, ...input }));
    const sortKeys = (items: Item[] | undefined) => items?.map(({ sk }) => sk?.S);
    const letters = (condition: string, values: Item = {}): Search => ({
      KeyConditionExpression: `pk = :p${condition}`,
      ExpressionAttributeValues: { ':p': { S: 'letters' }, ...values },
    });

    it.each<[string, string, Item, string[]]>([
      ['everything', '', {}, SORTED],
      ['=', ' AND sk = :s', { ':s': { S: 'a#1' } }, ['a#1']],
      ['<', ' AND sk < :s', { ':s': { S: 'a#10' } }, ['A', 'a', 'a#1']],
      ['<=', ' AND sk <= :s', { ':s': { S: 'a#10' } }, ['A', 'a', 'a#1', 'a#10']],
      ['>', ' AND sk > :s', { ':s': { S: 'b' } }, ['ÿ', '～', '😀']],
      ['>=', ' AND sk >= :s', { ':s': { S: 'b' } }, ['b', 'ÿ', '～', '😀']],
      [
        'between',
        ' AND sk BETWEEN :s AND :t',
        { ':s': { S: 'a#1' }, ':t': { S: 'b' } },
        ['a#1', 'a#10', 'a#2', 'b'],
      ],
      ['begins_with', ' AND begins_with(sk, :s)', { ':s': { S: 'a#1' } }, ['a#1', 'a#10']],
      ['nothing', ' AND sk > :s', { ':s': { S: '😀' } }, []],
    ])('finds %s in order, forward and backward', async (_, condition, values, expected) => {
      const input = letters(condition, values);
      const forward = await query(input);
      expect(sortKeys(forward.Items)).toEqual(expected);
      expect(forward.Count).toBe(expected.length);
      expect(forward.LastEvaluatedKey).toBeUndefined();
      const backward = await query({ ...input, ScanIndexForward: false });
      expect(sortKeys(backward.Items)).toEqual([...expected].reverse());
    });

    it.each([
      [true, 1],
      [true, 4],
      [false, 2],
    ])('pages without gap or repetition (forward %s, %i a page)', async (ScanIndexForward, Limit) => {
      const found: (string | undefined)[] = [];
      const input = { TableName, ...letters(''), ScanIndexForward, Limit };
      for await (const page of paginateQuery({ client: subject().client }, input)) {
        expect(page.Items!.length).toBeLessThanOrEqual(Limit);
        found.push(...sortKeys(page.Items)!);
      }
      expect(found).toEqual(ScanIndexForward ? SORTED : [...SORTED].reverse());
    });

    it('filters after the limit, and counts what it looked at', async () => {
      const input = { ...letters('', { ':t': { BOOL: true } }), FilterExpression: 'even = :t', Limit: 4 };
      const page = await query({ ...input, ProjectionExpression: 'sk' });
      expect(page.Items).toEqual([{ sk: { S: 'A' } }, { sk: { S: 'a#1' } }]);
      expect(page).toMatchObject({ Count: 2, ScannedCount: 4 });
      expect(page.LastEvaluatedKey).toEqual({ pk: { S: 'letters' }, sk: { S: 'a#10' } });
      const counted = await query({ ...input, Select: 'COUNT' });
      expect(counted).toMatchObject({ Count: 2, ScannedCount: 4 });
      expect(counted.Items).toBeUndefined();
    });

    it('finds an index by its own keys, both ways', async () => {
      const input: Search = {
        IndexName: 'grouped',
        KeyConditionExpression: 'groupPk = :p AND groupSk BETWEEN :a AND :b',
        ExpressionAttributeValues: { ':p': { S: 'group' }, ':a': { S: '1' }, ':b': { S: '3' } },
      };
      const ids = async (more: Search) => (await query({ ...input, ...more })).Items?.map(({ pk }) => pk?.S);
      expect(await ids({})).toEqual(['item1', 'item2', 'item3']);
      expect(await ids({ ScanIndexForward: false, Limit: 2 })).toEqual(['item3', 'item2']);
    });

    it('pages over items that have one index key', async () => {
      const input = {
        TableName,
        IndexName: 'grouped',
        KeyConditionExpression: 'groupPk = :p',
        ExpressionAttributeValues: { ':p': { S: 'same' } },
        Limit: 1,
      };
      const found: (string | undefined)[] = [];
      for await (const page of paginateQuery({ client: subject().client }, input)) {
        found.push(...page.Items!.map(({ pk }) => pk?.S));
        if (page.LastEvaluatedKey) {
          expect(Object.keys(page.LastEvaluatedKey).sort()).toEqual(['groupPk', 'groupSk', 'pk', 'sk']);
        }
      }
      expect(found.sort()).toEqual(['p', 'q']);
    });

    it('sorts numbers as numbers, and gives only keys from an index of keys', async () => {
      const { Items } = await query({
        IndexName: 'ranked',
        KeyConditionExpression: 'groupPk = :p',
        ExpressionAttributeValues: { ':p': { S: 'ranks' } },
      });
      expect(Items?.map(({ rank }) => Number(rank?.N))).toEqual(RANKS.map(Number));
      expect(Object.keys(Items![0]!).sort()).toEqual(['groupPk', 'pk', 'rank', 'sk']);
    });

    it.each<[string, Search, Gap?]>([
      [
        'no partition key',
        { KeyConditionExpression: 'sk = :s', ExpressionAttributeValues: { ':s': { S: 'x' } } },
      ],
      [
        'a range of partition keys',
        { KeyConditionExpression: 'pk > :s', ExpressionAttributeValues: { ':s': { S: 'x' } } },
      ],
      ['an index that is not there', { ...letters(''), IndexName: 'missing' }],
      ['a number for a text key', letters(' AND sk = :s', { ':s': { N: '1' } })],
      [
        'a key in the filter',
        { ...letters('', { ':t': { S: 'a' } }), FilterExpression: 'sk = :t' },
        'a filter may name key attributes',
      ],
      ['a limit of 0', { ...letters(''), Limit: 0 }],
      ['a starting key of another shape', { ...letters(''), ExclusiveStartKey: { pk: { S: 'letters' } } }],
    ])('refuses a query with %s', async (_, input, gap) => {
      await expectRefusal(subject(), query(input), gap);
    });

    it('scans every item once, page by page', async () => {
      const found = new Set<string>();
      let count = 0;
      for await (const page of paginateScan({ client: subject().client }, { TableName, Limit: 5 })) {
        for (const { pk, sk } of page.Items!) found.add(`${pk?.S} ${sk?.S}`);
        count += page.Count!;
      }
      const total = SORTED.length + 3 + RANKS.length + 3 + 2;
      expect(count).toBe(total);
      expect(found.size).toBe(total);
    });

    it('scans with a filter', async () => {
      const { Items } = await subject().client.send(
        new ScanCommand({
          TableName,
          FilterExpression: 'groupPk = :g AND groupSk > :s',
          ExpressionAttributeValues: { ':g': { S: 'group' }, ':s': { S: '1' } },
        }),
      );
      expect(Items?.map(({ pk }) => pk?.S).sort()).toEqual(['item2', 'item3']);
    });
  });
}
