import {
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { callStreams, key, readStream, row, type StreamRecord } from './subject.ts';
import type { Bench } from './table.conformance.ts';

const TableName = 'Streams';

export function describeStreams(bench: Bench): void {
  describe('streams', () => {
    const { subject } = bench(TableName);
    let arn: string;
    beforeAll(async () => {
      const { Table } = await subject().client.send(new DescribeTableCommand({ TableName }));
      arn = Table!.LatestStreamArn!;
    });

    const of = (records: StreamRecord[], pk: string) =>
      records.filter(({ dynamodb }) => dynamodb.Keys.pk?.S === pk);
    const put = (Item: ReturnType<typeof row>) =>
      subject().client.send(new PutItemCommand({ TableName, Item }));

    it('lists the stream of a table', async () => {
      type Listed = { Streams: { StreamArn: string; TableName: string }[] };
      const { Streams } = await callStreams<Listed>(subject().client, 'ListStreams', { TableName });
      expect(Streams).toMatchObject([{ StreamArn: arn, TableName }]);
    });

    it('tells of every change in order, with both images', async () => {
      const { client } = subject();
      const Key = key('life', 'x');
      await put(row('life', 'x', { n: { N: '1' } }));
      await client.send(
        new UpdateItemCommand({
          TableName,
          Key,
          UpdateExpression: 'SET n = :n',
          ExpressionAttributeValues: { ':n': { N: '2' } },
        }),
      );
      await client.send(new DeleteItemCommand({ TableName, Key }));
      const records = of(await readStream(client, arn), 'life');
      const [one, two] = ['1', '2'].map((N) => row('life', 'x', { n: { N } }));
      expect(
        records.map(({ eventName, dynamodb }) => [eventName, dynamodb.OldImage, dynamodb.NewImage]),
      ).toEqual([
        ['INSERT', undefined, one],
        ['MODIFY', one, two],
        ['REMOVE', two, undefined],
      ]);
      expect(records.every(({ userIdentity }) => userIdentity === undefined)).toBe(true);
      expect(new Set(records.map(({ eventID }) => eventID)).size).toBe(3);
      const sequence = records.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber));
      expect([...sequence].sort((a, b) => (a < b ? -1 : 1))).toEqual(sequence);
    });

    it('is silent about writes that change nothing, fail or are cancelled', async () => {
      const { client } = subject();
      await put(row('silent', 'x'));
      await put(row('silent', 'x'));
      const once = {
        TableName,
        Item: row('silent', 'x', { a: { N: '1' } }),
        ConditionExpression: 'attribute_not_exists(pk)',
      };
      await expect(client.send(new PutItemCommand(once))).rejects.toThrow();
      const TransactItems = [{ Put: { TableName, Item: row('silent', 'y') } }, { Put: once }];
      await expect(client.send(new TransactWriteItemsCommand({ TransactItems }))).rejects.toThrow();
      await client.send(new DeleteItemCommand({ TableName, Key: key('silent', 'missing') }));
      expect(of(await readStream(client, arn), 'silent')).toHaveLength(1);
    });

    it('tells of every item of a transaction', async () => {
      const { client } = subject();
      const TransactItems = ['a', 'b', 'c'].map((sk) => ({ Put: { TableName, Item: row('together', sk) } }));
      await client.send(new TransactWriteItemsCommand({ TransactItems }));
      const records = of(await readStream(client, arn), 'together');
      expect(records.map(({ dynamodb }) => dynamodb.Keys.sk?.S).sort()).toEqual(['a', 'b', 'c']);
    });

    it('goes on from a sequence number', async () => {
      const { client } = subject();
      for (const sk of ['1', '2', '3']) await put(row('resume', sk));
      const all = of(await readStream(client, arn), 'resume');
      const SequenceNumber = all[1]!.dynamodb.SequenceNumber;
      const from = async (ShardIteratorType: string) =>
        of(await readStream(client, arn, { ShardIteratorType, SequenceNumber }), 'resume').map(
          ({ dynamodb }) => dynamodb.Keys.sk?.S,
        );
      expect(await from('AT_SEQUENCE_NUMBER')).toEqual(['2', '3']);
      expect(await from('AFTER_SEQUENCE_NUMBER')).toEqual(['3']);
    });

    it('starts at what comes next with LATEST', async () => {
      const { client } = subject();
      await put(row('latest', 'before'));
      type Described = { StreamDescription: { Shards: { ShardId: string }[] } };
      const { StreamDescription } = await callStreams<Described>(client, 'DescribeStream', {
        StreamArn: arn,
      });
      const input = {
        StreamArn: arn,
        ShardId: StreamDescription.Shards.at(-1)!.ShardId,
        ShardIteratorType: 'LATEST',
      };
      const { ShardIterator } = await callStreams<{ ShardIterator: string }>(
        client,
        'GetShardIterator',
        input,
      );
      await put(row('latest', 'after'));
      const { Records } = await callStreams<{ Records: StreamRecord[] }>(client, 'GetRecords', {
        ShardIterator,
      });
      expect(of(Records, 'latest').map(({ dynamodb }) => dynamodb.Keys.sk?.S)).toEqual(['after']);
    });

    it('does not know a stream of another time', async () => {
      const StreamArn = arn.replace(/[^/]*$/, '2001-01-01T00:00:00.000');
      await expect(callStreams(subject().client, 'DescribeStream', { StreamArn })).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    });

    it('tells that an expired item was removed by the service', async () => {
      const { client, gaps, expire } = subject();
      const TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true };
      await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
      const seconds = Math.floor(Date.now() / 1000);
      const expired = row('expiry', 'expired', { ttl: { N: String(seconds - 60) } });
      await put(expired);
      await put(row('expiry', 'fresh', { ttl: { N: String(seconds + 86_400) } }));
      await put(row('expiry', 'no time', { ttl: { S: 'never' } }));
      await expire();
      const get = async (sk: string) =>
        (await client.send(new GetItemCommand({ TableName, Key: key('expiry', sk) }))).Item;
      expect(await get('expired')).toBeUndefined();
      expect(await get('fresh')).toBeDefined();
      expect(await get('no time')).toBeDefined();

      const removed = of(await readStream(client, arn), 'expiry').filter(
        ({ eventName }) => eventName === 'REMOVE',
      );
      if (gaps.includes('TTL deletes are missing from the stream')) {
        expect(removed).toEqual([]);
        return;
      }
      expect(removed).toMatchObject([
        {
          userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' },
          dynamodb: { OldImage: expired },
        },
      ]);
    });
  });
}
