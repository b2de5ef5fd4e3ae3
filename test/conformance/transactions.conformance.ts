import {
  GetItemCommand,
  PutItemCommand,
  type TransactGetItem,
  TransactGetItemsCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { type Item, key, row } from './subject.ts';
import type { Bench } from './table.conformance.ts';

const TableName = 'Transactions';
const ONCE = { ConditionExpression: 'attribute_not_exists(pk)' };

export function describeTransactions(bench: Bench): void {
  describe('transactions', () => {
    const { subject } = bench(TableName);
    const transact = (TransactItems: TransactWriteItem[], ClientRequestToken?: string) =>
      subject().client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
    const put = (Item: Item) => subject().client.send(new PutItemCommand({ TableName, Item }));
    const get = async (pk: string, sk: string) =>
      (await subject().client.send(new GetItemCommand({ TableName, Key: key(pk, sk) }))).Item;

    const putOnce = (pk: string, sk: string, more: Item = {}): TransactWriteItem => ({
      Put: { TableName, Item: row(pk, sk, more), ...ONCE },
    });
    const add = (pk: string, n: string): TransactWriteItem => ({
      Update: {
        TableName,
        Key: key(pk, 'total'),
        UpdateExpression: 'ADD amount :n',
        ExpressionAttributeValues: { ':n': { N: n } },
      },
    });
    const check = (pk: string, epoch: string): TransactWriteItem => ({
      ConditionCheck: {
        TableName,
        Key: key(pk, 'lease'),
        ConditionExpression: 'epoch = :e',
        ExpressionAttributeValues: { ':e': { N: epoch } },
      },
    });

    it('writes puts, updates and deletes together', async () => {
      await put(row('all', 'lease', { epoch: { N: '7' } }));
      await put(row('all', 'old'));
      await transact([
        putOnce('all', '1'),
        add('all', '5'),
        check('all', '7'),
        { Delete: { TableName, Key: key('all', 'old') } },
      ]);
      expect(await get('all', '1')).toEqual(row('all', '1'));
      expect(await get('all', 'total')).toEqual(row('all', 'total', { amount: { N: '5' } }));
      expect(await get('all', 'lease')).toEqual(row('all', 'lease', { epoch: { N: '7' } }));
      expect(await get('all', 'old')).toBeUndefined();
    });

    it('writes nothing when a condition fails, with a reason for each action in its place', async () => {
      await put(row('none', 'there', { a: { N: '1' } }));
      await put(row('none', 'lease', { epoch: { N: '2' } }));
      const there = putOnce('none', 'there');
      const outcome = transact([
        putOnce('none', 'new'),
        { Put: { ...there.Put!, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } },
        add('none', '1'),
        check('none', '1'),
      ]);
      await expect(outcome).rejects.toMatchObject({
        name: 'TransactionCanceledException',
        message: expect.stringContaining('[None, ConditionalCheckFailed, None, ConditionalCheckFailed]'),
        CancellationReasons: [
          { Code: 'None' },
          { Code: 'ConditionalCheckFailed', Item: row('none', 'there', { a: { N: '1' } }) },
          { Code: 'None' },
          { Code: 'ConditionalCheckFailed' },
        ],
      });
      const reasons = await outcome.catch((error) => error.CancellationReasons);
      expect(reasons[3].Item).toBeUndefined();
      expect(await get('none', 'new')).toBeUndefined();
      expect(await get('none', 'total')).toBeUndefined();
    });

    it('cancels for an update that does not fit its item', async () => {
      await put(row('misfit', 'total', { amount: { S: 'text' } }));
      await expect(transact([putOnce('misfit', 'new'), add('misfit', '1')])).rejects.toMatchObject({
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError' }],
      });
      expect(await get('misfit', 'new')).toBeUndefined();
    });

    it('does a request with the same token once', async () => {
      const items = [add('token', '5')];
      await transact(items, 'token-1');
      await transact(items, 'token-1');
      expect(await get('token', 'total')).toMatchObject({ amount: { N: '5' } });
      await transact(items, 'token-2');
      expect(await get('token', 'total')).toMatchObject({ amount: { N: '10' } });
    });

    it('takes the same request with attributes in another order for the same', async () => {
      const first = {
        Put: { TableName, Item: row('order', 'x', { a: { N: '1' }, b: { N: '2' } }), ...ONCE },
      };
      const second = {
        Put: { ...ONCE, Item: { b: { N: '2' }, a: { N: '1' }, ...key('order', 'x') }, TableName },
      };
      await transact([first], 'token-order');
      await expect(transact([second], 'token-order')).resolves.toBeDefined();
    });

    it('refuses a token that was used for something else', async () => {
      await transact([add('mismatch', '5')], 'token-3');
      await expect(transact([add('mismatch', '6')], 'token-3')).rejects.toMatchObject({
        name: 'IdempotentParameterMismatchException',
      });
      expect(await get('mismatch', 'total')).toMatchObject({ amount: { N: '5' } });
    });

    it('leaves the token of a cancelled transaction free', async () => {
      await put(row('free', 'lease', { epoch: { N: '1' } }));
      const items = [add('free', '1'), check('free', '2')];
      await expect(transact(items, 'token-4')).rejects.toMatchObject({
        name: 'TransactionCanceledException',
      });
      await put(row('free', 'lease', { epoch: { N: '2' } }));
      await transact(items, 'token-4');
      expect(await get('free', 'total')).toMatchObject({ amount: { N: '1' } });
    });

    it('writes 100 actions', async () => {
      await transact(Array.from({ length: 100 }, (_, i) => putOnce('hundred', String(i))));
      expect(await get('hundred', '99')).toBeDefined();
    });

    it.each<[string, () => TransactWriteItem[]]>([
      ['101 actions', () => Array.from({ length: 101 }, (_, i) => putOnce('refused', String(i)))],
      [
        'two actions on one item',
        () => [add('refused', '1'), { Delete: { TableName, Key: key('refused', 'total') } }],
      ],
      [
        'more than 4 MB',
        () =>
          Array.from({ length: 12 }, (_, i) => putOnce('refused', `${i}`, { t: { S: 'x'.repeat(390_000) } })),
      ],
      ['no action', () => []],
      ['a key of the wrong type', () => [{ Delete: { TableName, Key: { pk: { N: '1' }, sk: { S: 'x' } } } }]],
    ])('refuses %s', async (_, items) => {
      await expect(transact(items())).rejects.toMatchObject({
        name: expect.stringMatching(/^(ValidationException|TransactionCanceledException)$/),
      });
      expect(await get('refused', '0')).toBeUndefined();
    });

    it('lets one of two transactions for the same new item through', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () => transact([putOnce('race', 'x'), add('race', '1')])),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await get('race', 'total')).toMatchObject({ amount: { N: '1' } });
    });

    it('never shows half a transaction', async () => {
      const both = (n: number): TransactWriteItem[] =>
        ['left', 'right'].map((sk) => ({
          Put: { TableName, Item: row('halves', sk, { n: { N: String(n) } }) },
        }));
      const Gets: TransactGetItem[] = ['left', 'right'].map((sk) => ({
        Get: { TableName, Key: key('halves', sk) },
      }));
      await transact(both(0));
      let writing = true;
      const writer = (async () => {
        for (let n = 1; n <= 30; n++) await transact(both(n));
        writing = false;
      })();
      while (writing) {
        const seen = await subject()
          .client.send(new TransactGetItemsCommand({ TransactItems: Gets }))
          .catch((error) => {
            // DynamoDB may refuse a read that meets a write.
            if (error.name !== 'TransactionCanceledException') throw error;
          });
        if (seen) expect(seen.Responses?.[0]?.Item?.n).toEqual(seen.Responses?.[1]?.Item?.n);
      }
      await writer;
      expect(await get('halves', 'right')).toMatchObject({ n: { N: '30' } });
    });

    it('reads items together, an empty answer for a missing one', async () => {
      await put(row('read', 'a', { n: { N: '1' }, m: { N: '2' } }));
      const { Responses } = await subject().client.send(
        new TransactGetItemsCommand({
          TransactItems: [
            { Get: { TableName, Key: key('read', 'a'), ProjectionExpression: 'n' } },
            { Get: { TableName, Key: key('read', 'missing') } },
          ],
        }),
      );
      expect(Responses?.map(({ Item }) => Item)).toEqual([{ n: { N: '1' } }, undefined]);
    });
  });
}
