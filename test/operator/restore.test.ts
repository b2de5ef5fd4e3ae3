import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isBadInput, readArguments, run } from '../../operator/restoreCommand.ts';
import { addCreator, bookTips, putCurrentInvoice } from '../../shared/ledger/index.ts';
import { LATER, lead, minted, NOW, openBook, paid, scan } from '../shared/ledger/book.ts';
import { writeExport } from './exportFolder.ts';

let book: Awaited<ReturnType<typeof openBook>>;
let folder: string;

beforeAll(async () => {
  book = await openBook();
  folder = mkdtempSync(join(tmpdir(), 'ampjar-export-'));
});
afterAll(async () => {
  await book.close();
  rmSync(folder, { recursive: true });
});

async function restore(...args: string[]): Promise<string> {
  const lines: string[] = [];
  await run(readArguments(args, {})!, {
    client: book.ledger.client,
    onLoopback: true,
    sleep: async () => {},
    random: () => 0.5,
    print: (line) => lines.push(line),
  });
  return lines.join('\n');
}

describe('npm run restore', () => {
  it('loads the files of an export into a new table here: item by item what was there', async () => {
    const { ledger } = book;
    await addCreator(ledger, { handle: 'alice', name: 'Alice ☕' }, NOW);
    const lease = await lead(ledger);
    const invoice = minted('alice', 'one');
    const terms = { invoice, previous: undefined, want: undefined, renewAt: LATER, now: NOW };
    await putCurrentInvoice(ledger, lease, terms);
    // An event that was set aside has bytes.
    const aside = { reason: 'unreadable', event: '{"odd": true}' };
    const tips = Array.from({ length: 60 }, (_, at) => paid(invoice, `tip ${at}`));
    await bookTips(ledger, lease, { tips, asides: [aside] });
    const before = await scan(ledger);
    writeExport(folder, before);
    expect(await restore('--files', folder, '--to', 'again')).toBe('loaded into the table again');
    const after = await scan({ ...ledger, table: 'again' });
    expect(after).toHaveLength(before.length);
    expect(new Set(after.map((item) => JSON.stringify(item)))).toEqual(
      new Set(before.map((item) => JSON.stringify(item))),
    );
    const described = await ledger.client.send(new DescribeTableCommand({ TableName: 'again' }));
    expect(described.Table?.StreamSpecification).toEqual({
      StreamEnabled: true,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    });
    const { TimeToLiveDescription } = await ledger.client.send(
      new DescribeTimeToLiveCommand({ TableName: 'again' }),
    );
    expect(TimeToLiveDescription?.AttributeName).toBe('ttl');
    // Again is harmless.
    await restore('--files', folder, '--to', 'again');
    expect(await scan({ ...ledger, table: 'again' })).toHaveLength(before.length);
  });

  it.each([
    [[], /^--to: "" is not a name for the new table$/],
    [['--to', 'n'], /^--to: "n" is not a name/],
    [['--to', 'new', '--files', 'a', '--export', 's3://bucket/prefix'], /one source alone/],
    [['--to', 'new', '--at', 'yesterday'], /^--at: "yesterday" is not a time like/],
    [['--to', 'new', '--at', '2026-11-24'], /^--at: "2026-11-24" is not a time like/],
    [['--to', 'new', '--export', 'bucket/prefix'], /^--export: "bucket\/prefix" is not like s3:/],
    [['--to', 'new', '--everything'], /everything/],
    [['--to', 'new', '--endpoint', 'nowhere'], /^endpoint: "nowhere" is not a URL/],
  ])('names what is wrong with %j', (args, line) => {
    try {
      readArguments(args, {});
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).toMatch(line);
      expect(isBadInput(error)).toBe(true);
    }
  });

  it('names the file and line of an export that can’t be read', async () => {
    const bad = mkdtempSync(join(folder, 'bad-'));
    await expect(restore('--files', bad, '--to', 'other')).rejects.toThrow(/there is no \.json\.gz file/);
    const put = (content: string) => writeFileSync(join(bad, 'x.json.gz'), gzipSync(content));
    put('{"Item":{"pk":{"S":"a"},"sk":{"S":"b"}}}\nnonsense\n');
    await expect(restore('--files', bad, '--to', 'other')).rejects.toThrow(/x\.json\.gz, line 2: /);
    put('{"Items":[]}\n');
    await expect(restore('--files', bad, '--to', 'other')).rejects.toThrow(/line 1: there is no "Item"/);
    await expect(restore('--files', join(bad, 'nowhere'), '--to', 'other')).rejects.toThrow(
      /^export: ENOENT/,
    );
  });
});

it.each([
  ['restore.ts', ['--to', 'x'], 2, '--to: "x" is not a name for the new table\n'],
  ['nodes.ts', ['move', 'a', 'b'], 2, 'FROM: "a" is not the pubkey of a node\n'],
  [
    'nodes.ts',
    ['list', '--endpoint', 'http://127.0.0.1:1'],
    1,
    /^table: "ampjar" at .* can't be reached \(ECONNREFUSED\)\n$/,
  ],
  ['restore.ts', ['--to', 'new', '--endpoint', 'http://127.0.0.1:1'], 1, /can't be reached/],
] as const)('the command of %s ends %j with exit code %i and one line', async (file, args, code, line) => {
  const main = fileURLToPath(new URL(`../../operator/${file}`, import.meta.url));
  const ended = await promisify(execFile)(process.execPath, ['--import', 'tsx', main, ...args]).then(
    () => expect.unreachable('it succeeded'),
    (error: { code: number; stderr: string }) => error,
  );
  expect(ended.code).toBe(code);
  expect(ended.stderr).toEqual(typeof line === 'string' ? line : expect.stringMatching(line));
});
