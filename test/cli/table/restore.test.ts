import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreTable } from '../../../cli/table/restore.ts';
import { UsageError } from '../../../shared/command/failures.ts';
import { addCreator, bookTips, putCurrentInvoice } from '../../../shared/ledger/index.ts';
import { LATER, lead, minted, NOW, openBook, paid, scan } from '../../shared/ledger/book.ts';
import { writeExport } from './exportFolder.ts';
import { wanted } from './wanted.ts';

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
  await restoreTable(wanted(args), {
    client: book.ledger.client,
    onLoopback: true,
    sleep: async () => {},
    random: () => 0.5,
    print: (line) => lines.push(line),
  });
  return lines.join('\n');
}

describe('ampjar table restore', () => {
  it('loads the files of an export into a new table here: item by item what was there', async () => {
    const { ledger } = book;
    await addCreator(ledger, { handle: 'alice', name: 'Alice ☕' }, NOW);
    const lease = await lead(ledger);
    const invoice = minted('alice', 'one');
    const terms = { invoice, previous: undefined, mintRequest: undefined, renewAt: LATER, now: NOW };
    await putCurrentInvoice(ledger, lease, terms);
    // An event that was set aside has bytes.
    const quarantined = { reason: 'unreadable', event: '{"odd": true}' };
    const tips = Array.from({ length: 60 }, (_, at) => paid(invoice, `tip ${at}`));
    await bookTips(ledger, lease, { tips, quarantined: [quarantined] });
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
    [[], /^table restore: --to is missing/],
    [['--to', 'n'], /^--to: "n" is not a name/],
    [['--to', 'new', '--files', 'a', '--export', 's3://bucket/prefix'], /one source alone/],
    [['--to', 'new', '--at', 'yesterday'], /^--at: "yesterday" is not a time like/],
    [['--to', 'new', '--at', '2026-11-24'], /^--at: "2026-11-24" is not a time like/],
    [['--to', 'new', '--export', 'bucket/prefix'], /^--export: "bucket\/prefix" is not like s3:/],
    [['--to', 'new', '--everything'], /everything/],
    [['--to', 'new', '--endpoint', 'nowhere'], /^endpoint: "nowhere" is not a URL/],
  ])('names what is wrong with %j', (args, line) => {
    expect(() => wanted(args)).toThrow(line);
    expect(() => wanted(args)).toThrow(UsageError);
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
