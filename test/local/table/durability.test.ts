import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  paginateScan,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { openEmbeddedTable, TableInUseError } from '../../../local/table/index.ts';
import { definition, key, readStream, row } from '../../conformance/subject.ts';

const TableName = 'Durable';

type Running = { child: ChildProcess; endpoint: string; client: DynamoDBClient };

let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-durable-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  rmSync(dir, { recursive: true, force: true });
});

function launch(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [inject('program').ampjar, 'dev', 'table', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function start(): Promise<Running> {
  const child = launch('--data', dir, '--port', '0');
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
  const endpoint = /http:\S+/.exec(line)![0];
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  return { child, endpoint, client };
}

async function outcomeOf(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, errors };
}

const booking = (id: string) =>
  new TransactWriteItemsCommand({
    TransactItems: [
      { Put: { TableName, Item: row('row', id), ConditionExpression: 'attribute_not_exists(pk)' } },
      {
        Update: {
          TableName,
          Key: key('count', 'all'),
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        },
      },
    ],
  });

describe('killed with SIGKILL in the midst of writes', () => {
  it('keeps every acknowledged transaction whole, and its stream', async () => {
    const acknowledged: string[] = [];
    const arns = new Set<string | undefined>();
    for (let round = 0; round < 5; round++) {
      const { child, client } = await start();
      if (round === 0) await client.send(new CreateTableCommand(definition(TableName)));
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      arns.add(Table?.LatestStreamArn);
      let sent = 0;
      const killAt = acknowledged.length + 150 + round * 37;
      const writers = Array.from({ length: 16 }, async () => {
        while (child.exitCode === null && child.signalCode === null) {
          const id = `${round}-${sent++}`;
          try {
            await client.send(booking(id));
          } catch {
            return;
          }
          acknowledged.push(id);
          if (acknowledged.length === killAt) child.kill('SIGKILL');
        }
      });
      await Promise.all(writers);
      client.destroy();
    }

    const tables = await openEmbeddedTable({ dir, clock: Date.now });
    const client = tables.client();
    const rows = new Set<string>();
    for await (const page of paginateScan({ client }, { TableName })) {
      for (const { pk, sk } of page.Items!) if (pk?.S === 'row') rows.add(sk!.S!);
    }
    expect(acknowledged.length).toBeGreaterThan(750);
    expect(acknowledged.filter((id) => !rows.has(id))).toEqual([]);
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: key('count', 'all') }));
    expect(Item?.n?.N).toBe(String(rows.size));

    expect(arns.size).toBe(1);
    const records = await readStream(client, [...arns][0]!);
    const inserted = records.filter(({ dynamodb }) => dynamodb.Keys.pk?.S === 'row');
    expect(inserted.map(({ dynamodb }) => dynamodb.Keys.sk?.S).sort()).toEqual([...rows].sort());
    expect(records.at(-1)?.dynamodb.NewImage?.n ?? records.at(-2)?.dynamodb.NewImage?.n).toEqual(Item?.n);
    await tables.close();
  });
});

describe('the table as a process', () => {
  it('lets no second process in, until the first one is killed', async () => {
    const { child } = await start();
    const second = await outcomeOf(launch('--data', dir, '--port', '0'));
    expect(second.code).toBe(2);
    expect(second.errors).toBe(
      `ampjar: data folder ${dir} is in use by process ${child.pid}; stop that one first, or give another folder\n`,
    );
    await expect(openEmbeddedTable({ dir, clock: Date.now })).rejects.toThrow(TableInUseError);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const tables = await openEmbeddedTable({ dir, clock: Date.now });
    await tables.close();
  });

  it('ends by itself on SIGTERM', async () => {
    const { child, client } = await start();
    await client.send(new CreateTableCommand(definition(TableName)));
    client.destroy();
    const ended = outcomeOf(child);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, errors: '' });
  });

  it('says in one line that its port is taken', async () => {
    const { endpoint } = await start();
    const { port } = new URL(endpoint);
    const { code, errors } = await outcomeOf(launch('--data', join(dir, 'other'), '--port', port));
    expect({ code, errors }).toEqual({
      code: 2,
      errors: `ampjar: --port: ${port} is taken; give another, or 0 for a free one\n`,
    });
  });
});
