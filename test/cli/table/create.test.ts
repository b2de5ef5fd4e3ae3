import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureLine } from '../../../cli/table/onTable.ts';
import { type EmbeddedTables, type Listener, openEmbeddedTable } from '../../../local/table/index.ts';
import { run, wordsOf } from '../stage.ts';

let dir: string;
let tables: EmbeddedTables;
let listener: Listener;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-table-'));
  tables = await openEmbeddedTable({ dir, clock: Date.now });
  listener = await tables.listen(0);
});
afterAll(async () => {
  await tables.close();
  rmSync(dir, { recursive: true });
});

const endpoint = () => `http://127.0.0.1:${listener.port}`;

describe('ampjar table create', () => {
  it('makes the table that another command says is not there', async () => {
    const at = ['--endpoint', endpoint(), '--table', 'fresh'];
    const list = await run(['nodes', 'list', ...at]);
    expect(list).toMatchObject({ code: 1, out: '' });
    const remedy = /^ampjar: table: there is no "fresh" at \S+; ampjar (.+) makes it\n$/.exec(list.err);
    expect(wordsOf(remedy![1]!)).toEqual(['table', 'create', ...at]);
    expect(await run(wordsOf(remedy![1]!))).toEqual({ code: 0, out: 'made the table fresh\n', err: '' });
    expect(await run(['nodes', 'list', '--json', ...at])).toEqual({ code: 0, out: '[]\n', err: '' });
    expect(await run(['table', 'create', ...at])).toEqual({
      code: 2,
      out: '',
      err: 'ampjar: --table: there is a table "fresh" already\n',
    });
  });

  it.each([[['--endpoint', 'https://db.example']], [[]]])('makes none with %j', async (at) => {
    expect(await run(['table', 'create', ...at], { AMPJAR_ENDPOINT: undefined })).toEqual({
      code: 2,
      out: '',
      err: 'ampjar: --endpoint: a table is made on this machine alone; on AWS ampjar deploy makes it\n',
    });
  });
});

describe('a command on the table', () => {
  it.each([
    ['nodes move a b', 2, 'FROM: "a" is not the pubkey of a node'],
    ['table restore', 2, 'table restore: --to is missing, expected --to NEW'],
    ['table restore --to x', 2, '--to: "x" is not a name for the new table'],
    ['table rebuild-totals --table !', 2, `table: "!" is not a DynamoDB table's name`],
    [
      'nodes list --endpoint http://127.0.0.1:1',
      1,
      `table: "ampjar" at http://127.0.0.1:1 can't be reached (ECONNREFUSED)`,
    ],
    [
      'table restore --to new --endpoint http://127.0.0.1:1',
      1,
      `table: "ampjar" at http://127.0.0.1:1 can't be reached (ECONNREFUSED)`,
    ],
  ])('as "%s" ends with exit code %i and one line', async (line, code, said) => {
    const env = { AMPJAR_TABLE: undefined, AMPJAR_ENDPOINT: undefined };
    expect(await run(wordsOf(line), env)).toEqual({ code, out: '', err: `ampjar: ${said}\n` });
  });

  it('tells other failures by name and in one line', () => {
    const error = Object.assign(new Error('a\nb'), { name: 'AccessDeniedException' });
    expect(failureLine(error, { table: 'ampjar', region: 'eu-west-1' })).toBe(
      'table: "ampjar" at eu-west-1: AccessDeniedException: a b',
    );
    const absent = Object.assign(new Error('x'), { name: 'ResourceNotFoundException' });
    expect(failureLine(absent, { table: 'ampjar', region: 'eu-west-1' })).toBe(
      'table: there is no "ampjar" at eu-west-1; ' +
        'ampjar deploy makes one and prints its name; --endpoint names another place',
    );
  });
});
