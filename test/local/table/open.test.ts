import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get as getFrom, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  ExecuteStatementCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type EmbeddedTables,
  openEmbeddedTable,
  TableFolderError,
  TableInUseError,
} from '../../../local/table/index.ts';
import { callStreams, definition, key, readStream, row } from '../../conformance/subject.ts';

const TableName = 'Opened';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let dir: string;
let now: number;
let tables: EmbeddedTables;

const open = () => openEmbeddedTable({ dir, clock: () => now });
const put = (Item: ReturnType<typeof row>) => tables.client().send(new PutItemCommand({ TableName, Item }));
const get = async (pk: string, sk: string) =>
  (await tables.client().send(new GetItemCommand({ TableName, Key: key(pk, sk) }))).Item;
const arn = async () =>
  (await tables.client().send(new DescribeTableCommand({ TableName }))).Table!.LatestStreamArn!;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-open-'));
  now = Date.parse('2026-01-01T00:00:00Z');
  tables = await open();
  await tables.client().send(new CreateTableCommand(definition(TableName)));
});

afterEach(async () => {
  await tables.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('opening', () => {
  it('finds everything again, the stream under its name', async () => {
    await put(row('a', 'b', { n: { N: '1' }, groupPk: { S: 'g' }, groupSk: { S: 's' } }));
    const [before, records] = [await arn(), await readStream(tables.client(), await arn())];
    await tables.close();
    now += HOUR;
    tables = await open();
    expect(await get('a', 'b')).toMatchObject({ n: { N: '1' } });
    expect(await arn()).toBe(before);
    expect(await readStream(tables.client(), before)).toEqual(records);
    const grouped = new QueryCommand({
      TableName,
      IndexName: 'grouped',
      KeyConditionExpression: 'groupPk = :g',
      ExpressionAttributeValues: { ':g': { S: 'g' } },
    });
    expect((await tables.client().send(grouped)).Count).toBe(1);
  });

  it('refuses a second opener in the same process', async () => {
    await expect(open()).rejects.toThrow(TableInUseError);
    await expect(open()).rejects.toMatchObject({ dir, pid: process.pid });
    await put(row('still', 'works'));
  });

  it.each(['/sys/ampjar', '/dev/null/data', '/etc/hosts'])(
    'says that %s cannot hold a table',
    async (folder) => {
      const opening = openEmbeddedTable({ dir: folder, clock: Date.now });
      await expect(opening).rejects.toThrow(TableFolderError);
      await expect(opening).rejects.toThrow(`data folder ${folder} can't hold the data: `);
    },
  );
});

describe('time', () => {
  it('remembers a client token for ten minutes', async () => {
    const TransactItems = [
      {
        Update: {
          TableName,
          Key: key('t', 't'),
          UpdateExpression: 'ADD n :n',
          ExpressionAttributeValues: { ':n': { N: '1' } },
        },
      },
    ];
    const transact = () =>
      tables.client().send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: 'token' }));
    await transact();
    now += 10 * MINUTE - 1;
    await tables.sweep();
    await tables.close();
    tables = await open();
    await transact();
    expect(await get('t', 't')).toMatchObject({ n: { N: '1' } });
    now += 1;
    await transact();
    expect(await get('t', 't')).toMatchObject({ n: { N: '2' } });
  });

  it('deletes what expired, not what expires later or expired five years ago', async () => {
    await put(row('ttl', 'before', { ttl: { N: String(now / 1000 - 1) } }));
    const TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true };
    await tables.client().send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    await put(row('ttl', 'later', { ttl: { N: String(now / 1000 + 60) } }));
    await put(row('ttl', 'mistake', { ttl: { N: '1' } }));
    await put(row('ttl', 'moved', { ttl: { N: String(now / 1000 - 1) } }));
    await put(row('ttl', 'moved', { ttl: { N: String(now / 1000 + 3600) } }));
    expect(await tables.sweep()).toEqual({ expired: 1, trimmed: 0 });
    expect(await get('ttl', 'before')).toBeUndefined();
    now += 61_000;
    expect(await tables.sweep()).toEqual({ expired: 1, trimmed: 0 });
    expect(await get('ttl', 'later')).toBeUndefined();
    expect(await get('ttl', 'mistake')).toBeDefined();
    expect(await get('ttl', 'moved')).toBeDefined();
  });

  it('keeps stream records for 24 hours', async () => {
    await put(row('trim', '1'));
    now += 23 * HOUR;
    await put(row('trim', '2'));
    const StreamArn = await arn();
    const [first] = await readStream(tables.client(), StreamArn);
    now += HOUR + 1;
    expect(await tables.sweep()).toEqual({ expired: 0, trimmed: 1 });
    const rest = await readStream(tables.client(), StreamArn);
    expect(rest.map(({ dynamodb }) => dynamodb.Keys.sk?.S)).toEqual(['2']);
    const { SequenceNumber } = first!.dynamodb;
    const from = (ShardIteratorType: string) =>
      readStream(tables.client(), StreamArn, { ShardIteratorType, SequenceNumber });
    await expect(from('AT_SEQUENCE_NUMBER')).rejects.toMatchObject({ name: 'TrimmedDataAccessException' });
    expect(await from('AFTER_SEQUENCE_NUMBER')).toEqual(rest);
  });

  it('lets an iterator expire after 15 minutes', async () => {
    const StreamArn = await arn();
    type Described = { StreamDescription: { Shards: { ShardId: string }[] } };
    const { StreamDescription } = await callStreams<Described>(tables.client(), 'DescribeStream', {
      StreamArn,
    });
    const { ShardId } = StreamDescription.Shards[0]!;
    const input = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    const given = await callStreams<{ ShardIterator: string }>(tables.client(), 'GetShardIterator', input);
    now += 15 * MINUTE + 1;
    await expect(callStreams(tables.client(), 'GetRecords', given)).rejects.toMatchObject({
      name: 'ExpiredIteratorException',
    });
  });
});

describe('what it does not do', () => {
  it('knows no PartiQL', async () => {
    const outcome = tables
      .client()
      .send(new ExecuteStatementCommand({ Statement: `SELECT * FROM "${TableName}"` }));
    await expect(outcome).rejects.toMatchObject({ name: 'UnknownOperationException' });
  });

  it('names a parameter from before expressions', async () => {
    const Expected = { pk: { Exists: false } };
    const outcome = tables.client().send(new PutItemCommand({ TableName, Item: row('a', 'b'), Expected }));
    await expect(outcome).rejects.toThrow(
      'Expected is not supported by the embedded table, use expressions instead',
    );
  });

  it.each([
    ['GET', '127.0.0.1', 404],
    ['POST', 'rebound.example', 404],
    ['POST', '127.0.0.1', 400],
  ])('answers %s with host %s by %i', async (method, host, expected) => {
    const { port } = await tables.listen(0);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { host, 'x-amz-target': 'DynamoDB_20120810.ListTables' };
      const sent = request({ port, method, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end(method === 'POST' ? 'not JSON' : undefined);
    });
    expect(status).toBe(expected);
  });

  it('closes though a client never ends its request', async () => {
    const { port, close } = await tables.listen(0);
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    const head = ['POST / HTTP/1.1', 'host: 127.0.0.1', 'x-amz-target: any', 'content-length: 9', '', '{'];
    client.write(head.join('\r\n'));
    await once(client, 'connect');
    // Answered once the server has taken in what came before it.
    await new Promise((resolve) => getFrom({ port, agent: false }, (response) => resolve(response.resume())));
    const gone = once(client, 'close');
    await close();
    await gone;
  });
});
