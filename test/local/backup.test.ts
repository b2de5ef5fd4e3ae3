import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateTableCommand,
  GetItemCommand,
  paginateScan,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { definition, key, row } from '../conformance/subject.ts';

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), 'ampjar-backup-'));
afterAll(() => rmSync(dir, { recursive: true }));
const TableName = 'Copied';
const [data, to] = [join(dir, 'data'), join(dir, 'copy')];
const backup = (...args: string[]) =>
  run(process.execPath, [inject('program').ampjar, 'server', 'backup', ...args]);

describe('npm run backup', () => {
  it('copies one moment of a table that is written all the time, private as it was', async () => {
    const tables = await openEmbeddedTable({ dir: data, clock: Date.now });
    const client = tables.client();
    await client.send(new CreateTableCommand(definition(TableName)));
    writeFileSync(join(data, 'operator.key'), 'a key\n');
    let written = 0;
    let isWanted = true;
    const writing = (async () => {
      while (isWanted) {
        const count = { TableName, Key: key('count', 'all'), UpdateExpression: 'ADD n :one' };
        await client.send(
          new TransactWriteItemsCommand({
            TransactItems: [
              { Put: { TableName, Item: row('row', String(written)) } },
              { Update: { ...count, ExpressionAttributeValues: { ':one': { N: '1' } } } },
            ],
          }),
        );
        written++;
      }
    })();
    const { stdout } = await backup('--data', data, '--to', to);
    const after = written;
    isWanted = false;
    await writing;
    await tables.close();
    expect(stdout).toBe(`copied to ${to}\n`);
    for (const [path, mode] of [
      ['', 0o700],
      ['table.mdb', 0o600],
      ['operator.key', 0o600],
    ] as const)
      expect(statSync(join(to, path)).mode & 0o777, path).toBe(mode);

    const copy = await openEmbeddedTable({ dir: to, clock: Date.now });
    const copied = copy.client();
    let rows = 0;
    for await (const { Items } of paginateScan({ client: copied }, { TableName }))
      rows += Items!.filter(({ pk }) => pk?.S === 'row').length;
    const { Item } = await copied.send(new GetItemCommand({ TableName, Key: key('count', 'all') }));
    expect(Item?.n?.N).toBe(String(rows));
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThanOrEqual(after);
    await copied.send(new CreateTableCommand({ ...definition('Another') }));
    await copy.close();
  });

  it.each([
    [
      'a folder without a table',
      ['--data', join(dir, 'nowhere'), '--to', join(dir, 'x')],
      /^ampjar: --data: .* has no table\.mdb\n$/,
    ],
    ['a target with something in it', ['--data', data, '--to', data], /^ampjar: --to: .* is not empty\n$/],
    ['no target', ['--data', data], /^ampjar: server backup: --to is missing/],
  ])('refuses %s', async (_, args, stderr) => {
    await expect(backup(...args)).rejects.toMatchObject({ code: 2, stderr: expect.stringMatching(stderr) });
  });
});
