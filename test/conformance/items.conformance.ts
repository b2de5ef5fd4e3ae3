import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { expectRefusal, type Gap, type Item, key, row } from './subject.ts';
import type { Bench } from './table.conformance.ts';

const TableName = 'Items';

export function describeItems(bench: Bench): void {
  describe('items', () => {
    const { subject } = bench(TableName);
    const put = (Item: Item, more: object = {}) =>
      subject().client.send(new PutItemCommand({ TableName, Item, ...more }));
    const get = async (pk: string, sk: string, more: object = {}) =>
      (await subject().client.send(new GetItemCommand({ TableName, Key: key(pk, sk), ...more }))).Item;
    const update = (input: Omit<UpdateItemCommandInput, 'TableName'>) =>
      subject().client.send(new UpdateItemCommand({ TableName, ...input }));

    it('gives back every type of value as it was put', async () => {
      const item = row('types', 'all', {
        text: { S: 'Zürich 🎉' },
        empty: { S: '' },
        number: { N: '-12.5' },
        bytes: { B: new Uint8Array([0, 1, 255]) },
        yes: { BOOL: true },
        nothing: { NULL: true },
        texts: { SS: ['a', 'b'] },
        list: { L: [{ N: '1' }, { M: { deep: { S: 'x' } } }] },
        map: { M: { a: { L: [] } } },
      });
      await put(item);
      expect(await get('types', 'all')).toEqual(item);
    });

    it.each([
      ['2100000000000000000', '2100000000000000000'],
      ['9007199254740993', '9007199254740993'],
      ['99999999999999999999999999999999999999', '99999999999999999999999999999999999999'],
      ['1.0', '1'],
      ['0012', '12'],
    ])('keeps number %s exact', async (given, kept) => {
      await put(row('numbers', given, { n: { N: given } }));
      expect(await get('numbers', given)).toMatchObject({ n: { N: kept } });
    });

    it('adds whole numbers of 38 digits without loss', async () => {
      const input = {
        Key: key('sum', 'x'),
        UpdateExpression: 'ADD amount :n',
        ReturnValues: 'ALL_NEW' as const,
      };
      await update({
        ...input,
        ExpressionAttributeValues: { ':n': { N: '99999999999999999999999999999999999998' } },
      });
      const { Attributes } = await update({ ...input, ExpressionAttributeValues: { ':n': { N: '1' } } });
      const exact = { N: '99999999999999999999999999999999999999' };
      if (subject().gaps.includes('sums lose digits beyond 28'))
        expect(Attributes?.amount).not.toEqual(exact);
      else expect(Attributes?.amount).toEqual(exact);
    });

    it.each([
      ['a number of 39 digits', { n: { N: '123456789012345678901234567890123456789' } }],
      ['text for a number', { n: { N: 'many' } }],
      ['an empty set', { s: { SS: [] } }],
      ['an empty string in an index key', { groupPk: { S: '' }, groupSk: { S: 'x' } }],
      ['another type in an index key', { groupPk: { N: '1' } }],
      ['an item above 400 kB', { text: { S: 'x'.repeat(410_000) } }],
    ])('refuses %s', async (_, more: Item) => {
      await expect(put(row('refused', 'x', more))).rejects.toMatchObject({ name: 'ValidationException' });
      expect(await get('refused', 'x')).toBeUndefined();
    });

    it.each<[string, Item]>([
      ['without sort key', { pk: { S: 'x' } }],
      ['with an empty partition key', row('', 'x')],
      ['with a number for a key', { pk: { N: '1' }, sk: { S: 'x' } }],
    ])('refuses an item %s', async (_, item) => {
      await expect(put(item)).rejects.toMatchObject({ name: 'ValidationException' });
    });

    it('puts once under attribute_not_exists, whoever asks at the same time', async () => {
      const attempts = Array.from({ length: 16 }, (_, i) =>
        put(row('once', 'x', { by: { N: String(i) } }), { ConditionExpression: 'attribute_not_exists(pk)' }),
      );
      const outcomes = await Promise.allSettled(attempts);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected')
          expect(outcome.reason.name).toBe('ConditionalCheckFailedException');
      }
    });

    it('shows the item that a condition failed on when asked to', async () => {
      await put(row('shown', 'x', { a: { N: '1' } }));
      const again = put(row('shown', 'x'), {
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      await expect(again).rejects.toMatchObject({
        name: 'ConditionalCheckFailedException',
        message: 'The conditional request failed',
        Item: row('shown', 'x', { a: { N: '1' } }),
      });
    });

    const conditioned = row('conditions', 'x', {
      name: { S: 'Ada' },
      amount: { N: '100' },
      tags: { SS: ['b', 'a'] },
      doc: { M: { list: { L: [{ N: '1' }, { S: 'two' }] } } },
      blank: { S: '' },
      no: { BOOL: false },
    });

    it.each<[string, Item, boolean]>([
      ['attribute_exists(#n)', {}, true],
      ['attribute_not_exists(absent)', {}, true],
      ['attribute_exists(blank) AND attribute_exists(#no)', {}, true],
      ['#n = :v', { ':v': { S: 'Ada' } }, true],
      ['#n <> :v', { ':v': { S: 'Ada' } }, false],
      ['absent <> :v', { ':v': { S: 'x' } }, true],
      ['amount < :v', { ':v': { N: '100.5' } }, true],
      ['amount > :v', { ':v': { N: '9' } }, true],
      ['amount > :v', { ':v': { S: '1' } }, false],
      ['amount <= :v AND amount >= :v', { ':v': { N: '1e2' } }, true],
      ['amount BETWEEN :a AND :b', { ':a': { N: '20' }, ':b': { N: '100' } }, true],
      ['#n IN (:a, :b)', { ':a': { S: 'x' }, ':b': { S: 'Ada' } }, true],
      ['#no = :v', { ':v': { BOOL: false } }, true],
      ['tags = :v', { ':v': { SS: ['a', 'b'] } }, true],
      ['contains(tags, :v)', { ':v': { S: 'a' } }, true],
      ['contains(#n, :v)', { ':v': { S: 'da' } }, true],
      ['contains(doc.#list, :v)', { ':v': { S: 'two' } }, true],
      ['begins_with(#n, :v)', { ':v': { S: 'Ad' } }, true],
      ['doc.#list[0] = :v', { ':v': { N: '1' } }, true],
      ['doc.#list = :v', { ':v': { L: [{ N: '1' }, { S: 'two' }] } }, true],
      ['doc.#list[7] = :v', { ':v': { N: '1' } }, false],
      ['size(#n) = :v', { ':v': { N: '3' } }, true],
      ['size(doc.#list) > :v', { ':v': { N: '1' } }, true],
      ['attribute_type(amount, :v)', { ':v': { S: 'N' } }, true],
      ['NOT (#n = :a OR amount = :b) AND attribute_exists(pk)', { ':a': { S: 'x' }, ':b': { N: '1' } }, true],
    ])('condition %s with %j is %s', async (ConditionExpression, values, met) => {
      await put(conditioned);
      const names = { '#n': 'name', '#no': 'no', '#list': 'list' };
      const used = Object.entries(names).filter(([name]) =>
        new RegExp(`${name}\\b`).test(ConditionExpression),
      );
      const outcome = put(conditioned, {
        ConditionExpression,
        ...(used.length > 0 && { ExpressionAttributeNames: Object.fromEntries(used) }),
        ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
      });
      if (met) await expect(outcome).resolves.toBeDefined();
      else await expect(outcome).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    });

    it.each<[string, Item, Item, Item]>([
      ['SET a = :v', { ':v': { S: 'x' } }, {}, { a: { S: 'x' } }],
      ['SET a = if_not_exists(a, :v)', { ':v': { N: '0' } }, { a: { N: '5' } }, { a: { N: '5' } }],
      ['SET a = if_not_exists(a, :z) + :v', { ':z': { N: '0' }, ':v': { N: '2' } }, {}, { a: { N: '2' } }],
      ['SET a = a - :v', { ':v': { N: '0.1' } }, { a: { N: '0.3' } }, { a: { N: '0.2' } }],
      ['SET a = b, b = a', {}, { a: { N: '1' }, b: { N: '2' } }, { a: { N: '2' }, b: { N: '1' } }],
      [
        'SET a = list_append(a, :v)',
        { ':v': { L: [{ N: '2' }] } },
        { a: { L: [{ N: '1' }] } },
        { a: { L: [{ N: '1' }, { N: '2' }] } },
      ],
      [
        'SET a.b = :v',
        { ':v': { N: '1' } },
        { a: { M: { c: { N: '2' } } } },
        { a: { M: { b: { N: '1' }, c: { N: '2' } } } },
      ],
      [
        'SET a[9] = :v',
        { ':v': { N: '2' } },
        { a: { L: [{ N: '1' }] } },
        { a: { L: [{ N: '1' }, { N: '2' }] } },
      ],
      [
        'REMOVE a[0], b',
        {},
        { a: { L: [{ N: '1' }, { N: '2' }] }, b: { S: 'x' } },
        { a: { L: [{ N: '2' }] } },
      ],
      ['ADD a :v', { ':v': { N: '-3' } }, { a: { N: '1' } }, { a: { N: '-2' } }],
      ['DELETE a :v', { ':v': { SS: ['x'] } }, { a: { SS: ['x'] }, b: { N: '1' } }, { b: { N: '1' } }],
    ])('update %s', async (UpdateExpression, values, before, after) => {
      await put(row('update', UpdateExpression, before));
      const { Attributes } = await update({
        Key: key('update', UpdateExpression),
        UpdateExpression,
        ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
        ReturnValues: 'ALL_NEW',
      });
      expect(Attributes).toEqual(row('update', UpdateExpression, after));
      expect(await get('update', UpdateExpression)).toEqual(Attributes);
    });

    it.each<[string, string, Item, Gap?]>([
      ['part of the key', 'SET pk = :v', { ':v': { S: 'x' } }],
      ['a sum with text', 'SET a = a + :v', { ':v': { N: '1' } }, 'an update takes text for a number'],
      ['a missing attribute', 'SET a = absent', {}],
      ['a path that leads nowhere', 'SET absent.b = :v', { ':v': { N: '1' } }],
      ['a value that is not used', 'SET a = :v', { ':v': { N: '1' }, ':w': { N: '1' } }],
      ['a reserved word', 'SET name = :v', { ':v': { N: '1' } }],
      ['nonsense', 'SET SET', {}, 'an update without meaning is accepted'],
    ])('refuses an update with %s', async (_, UpdateExpression, values, gap) => {
      await put(row('bad', 'x', { a: { S: 'text' } }));
      const outcome = update({
        Key: key('bad', 'x'),
        UpdateExpression,
        ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
      });
      await expectRefusal(subject(), outcome, gap);
      if (!gap) expect(await get('bad', 'x')).toEqual(row('bad', 'x', { a: { S: 'text' } }));
    });

    it('makes the item that an update is for, and returns what was asked', async () => {
      const input = { Key: key('made', 'x'), UpdateExpression: 'SET a = :a, b = :b' };
      const values = (a: string) => ({ ExpressionAttributeValues: { ':a': { N: a }, ':b': { S: 'b' } } });
      const made = await update({ ...input, ...values('1'), ReturnValues: 'UPDATED_NEW' });
      expect(made.Attributes).toEqual({ a: { N: '1' }, b: { S: 'b' } });
      const old = await update({ ...input, ...values('2'), ReturnValues: 'UPDATED_OLD' });
      expect(old.Attributes).toEqual({ a: { N: '1' }, b: { S: 'b' } });
      const all = await update({ ...input, ...values('3'), ReturnValues: 'ALL_OLD' });
      expect(all.Attributes).toEqual(row('made', 'x', { a: { N: '2' }, b: { S: 'b' } }));
    });

    it('counts every concurrent update of one item', async () => {
      const one = {
        Key: key('counter', 'x'),
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      };
      await Promise.all(Array.from({ length: 50 }, () => update(one)));
      expect(await get('counter', 'x')).toMatchObject({ n: { N: '50' } });
    });

    it('deletes under a condition and returns the old item', async () => {
      await put(row('deleted', 'x', { a: { N: '1' } }));
      const remove = (n: string) =>
        subject().client.send(
          new DeleteItemCommand({
            TableName,
            Key: key('deleted', 'x'),
            ConditionExpression: 'a = :n',
            ExpressionAttributeValues: { ':n': { N: n } },
            ReturnValues: 'ALL_OLD',
          }),
        );
      await expect(remove('2')).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
      expect((await remove('1')).Attributes).toEqual(row('deleted', 'x', { a: { N: '1' } }));
      expect(await get('deleted', 'x')).toBeUndefined();
    });

    it('reads only what a projection names', async () => {
      await put(
        row('projected', 'x', { a: { N: '1' }, b: { M: { c: { S: 'c' }, d: { S: 'd' } } }, e: { S: 'e' } }),
      );
      expect(await get('projected', 'x', { ProjectionExpression: 'a, b.c' })).toEqual({
        a: { N: '1' },
        b: { M: { c: { S: 'c' } } },
      });
    });

    it('writes and reads batches, leaving out what is missing', async () => {
      const { client } = subject();
      const rows = Array.from({ length: 25 }, (_, i) => row('batch', String(i)));
      const RequestItems = { [TableName]: rows.map((Item) => ({ PutRequest: { Item } })) };
      const written = await client.send(new BatchWriteItemCommand({ RequestItems }));
      expect(written.UnprocessedItems).toEqual({});
      const Keys = ['0', '7', 'missing'].map((sk) => key('batch', sk));
      const read = await client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }));
      expect(read.UnprocessedKeys).toEqual({});
      expect(read.Responses?.[TableName]?.map(({ sk }) => sk?.S).sort()).toEqual(['0', '7']);
      const duplicate = { [TableName]: { Keys: [key('batch', '0'), key('batch', '0')] } };
      await expect(client.send(new BatchGetItemCommand({ RequestItems: duplicate }))).rejects.toMatchObject({
        name: 'ValidationException',
      });
    });
  });
}
