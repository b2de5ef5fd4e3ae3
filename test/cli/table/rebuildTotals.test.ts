import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSums } from '../../../functions/outbox/checkSums.ts';
import { type EmbeddedTables, type Listener, openEmbeddedTable } from '../../../local/table/index.ts';
import {
  addCreator,
  bookTips,
  compareSums,
  differences,
  type Lease,
  type Ledger,
  type NewTip,
  putCurrentInvoice,
  readInvoice,
  readTotals,
  readWrongSums,
  tableDefinition,
} from '../../../shared/ledger/index.ts';
import { type Key, keyItem, keys } from '../../../shared/ledger/keys.ts';
import { dayOf } from '../../../shared/ledger/totals.ts';
import { LATER, lead, minted, NODE, NOW, paid } from '../../shared/ledger/book.ts';
import { run } from '../stage.ts';

let dir: string;
let tables: EmbeddedTables;
let listener: Listener;
let ledger: Ledger;
let lease: Lease;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-rebuild-'));
  tables = await openEmbeddedTable({ dir, clock: () => NOW.getTime() });
  ledger = { client: tables.client(), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  listener = await tables.listen(0);
  lease = await lead(ledger);
});

afterEach(async () => {
  await tables.close();
  rmSync(dir, { recursive: true });
});

/** A creator with so many tips of 1, 2, 3, ... sat. */
async function creator(handle: string, count: number): Promise<NewTip[]> {
  await addCreator(ledger, { handle, name: handle }, NOW);
  const invoice = minted(handle, handle);
  await putCurrentInvoice(ledger, lease, {
    invoice,
    previous: undefined,
    mintRequest: undefined,
    renewAt: LATER,
    now: NOW,
  });
  const tips = Array.from({ length: count }, (_, at) =>
    paid(invoice, `${handle} ${at}`, { amountMsat: BigInt(at + 1) * 1_000n }),
  );
  if (count > 0) await bookTips(ledger, lease, { tips, quarantined: [] });
  return tips;
}

/** Put another number where one was. */
const spoil = (key: Key, attribute: string, value: { N: string } | { S: string }) =>
  ledger.client.send(
    new UpdateItemCommand({
      TableName: ledger.table,
      Key: keyItem(key),
      UpdateExpression: 'SET #it = :value',
      ExpressionAttributeNames: { '#it': attribute },
      ExpressionAttributeValues: { ':value': value },
    }),
  );

const dropRow = ({ setId }: NewTip) =>
  ledger.client.send(new DeleteItemCommand({ TableName: ledger.table, Key: keyItem(keys.tip(setId, NODE)) }));

const rebuild = (...args: string[]) =>
  run(['table', 'rebuild-totals', '--endpoint', `http://127.0.0.1:${listener.port}`, ...args]);

const faults = async (handle: string) => differences((await compareSums(ledger, handle))!);

describe('ampjar table rebuild-totals', () => {
  it('says that rows and totals agree, with exit code 0', async () => {
    await creator('alice', 5);
    await creator('bobby', 0);
    expect(await rebuild()).toEqual({ code: 0, out: '2 creators, 0 with differences\n', err: '' });
    expect(JSON.parse((await rebuild('--json')).out)).toEqual({ creators: 2, differing: [] });
  });

  it('shows what differs with exit code 1, and leaves it when not asked to replace it', async () => {
    const [tip] = await creator('alice', 5);
    await creator('bobby', 2);
    await spoil(keys.totals('alice'), 'amountMsat', { N: '7' });
    await spoil(keys.day('alice', dayOf(NOW)), 'count', { N: '9' });
    await spoil(keys.invoice(tip!.paymentAddr), 'receivedMsat', { N: '1' });
    const { code, out } = await rebuild();
    expect(out.split('\n')).toEqual([
      'alice: all tips: stated 5 tips, 7 msat; rows say 5 tips, 15000 msat',
      `alice: day ${dayOf(NOW)}: stated 9 tips, 15000 msat; rows say 5 tips, 15000 msat`,
      `alice: invoice ${tip!.paymentAddr}: stated 5 tips, 1 msat; rows say 5 tips, 15000 msat`,
      '2 creators, 1 with differences',
      '',
    ]);
    expect(code).toBe(1);
    const forPrograms = await rebuild('--json');
    const counted = { count: '5', amountMsat: '15000' };
    const differs = (kind: string, key: string | null, stated: object) => ({
      kind,
      key,
      stated: { ...counted, ...stated },
      counted,
      sameSets: true,
      keptBy: null,
    });
    const found = {
      handle: 'alice',
      error: null,
      sums: [
        differs('all tips', null, { amountMsat: '7' }),
        differs('day', dayOf(NOW), { count: '9' }),
        differs('invoice', tip!.paymentAddr, { amountMsat: '1' }),
      ],
      hidden: [],
      gone: [],
      twice: [],
      highest: '5',
      last: '5',
      outcome: null,
    };
    expect([forPrograms.code, JSON.parse(forPrograms.out)]).toEqual([1, { creators: 2, differing: [found] }]);
    expect((await readTotals(ledger, 'alice')).amountMsat).toBe(7n);
  });

  it('replaces what differs when asked to, and the next tip goes on from there', async () => {
    const tips = await creator('alice', 5);
    await spoil(keys.totals('alice'), 'count', { N: '4' });
    await spoil(keys.invoice(tips[0]!.paymentAddr), 'count', { N: '50' });
    const { code, out } = await rebuild('--replace');
    expect([code, out]).toEqual([1, expect.stringMatching(/^alice: replaced$/m)]);
    expect(await faults('alice')).toEqual([]);
    expect(await readInvoice(ledger, tips[0]!.paymentAddr)).toMatchObject({
      count: 5n,
      receivedMsat: 15_000n,
    });
    const next = { ...tips[0]!, setId: 'ef'.repeat(32) };
    const booked = await bookTips(ledger, lease, { tips: [next], quarantined: [] });
    expect(booked.tips).toMatchObject([{ sequence: 6n }]);
    expect((await rebuild()).code).toBe(0);
  });

  it('puts totals of none in for rows that are all gone, once a scan has proven it, and gives no number again', async () => {
    const [tip] = await creator('alice', 1);
    await dropRow(tip!);
    expect((await rebuild('--replace')).out).toMatch(/^alice: left as it is$/m);
    expect((await rebuild('--replace', '--scan')).out).toMatch(/^alice: replaced$/m);
    const booked = await bookTips(ledger, lease, { tips: [tip!], quarantined: [] });
    expect(booked.tips).toMatchObject([{ sequence: 2n }]);
    expect(await rebuild()).toMatchObject({ code: 0 });
  });

  it('ends the alarm of sums that were wrong once they are right, of the creators that it was asked for', async () => {
    for (const handle of ['alice', 'bobby']) {
      await creator(handle, 2);
      await spoil(keys.totals(handle), 'amountMsat', { N: '1' });
    }
    await checkSums({ ledger, clock: () => NOW, report: () => {} });
    const wrong = async () => (await readWrongSums(ledger)).map(({ handle }) => handle);
    await rebuild();
    expect(await wrong()).toEqual(['alice', 'bobby']);
    await rebuild('--replace', '--handle', 'alice');
    expect(await wrong()).toEqual(['bobby']);
  });

  it('tells of a number without a row, keeps the totals until a scan proves that it is gone, and then tells of it no more', async () => {
    const tips = await creator('alice', 5);
    await dropRow(tips[2]!);
    const unproven = await rebuild('--replace');
    expect(unproven.out.split('\n')).toEqual([
      'alice: all tips: stated 5 tips, 15000 msat; rows say 4 tips, 12000 msat; kept, for rows that may be hidden',
      ...['option', 'day', 'invoice'].map(() =>
        expect.stringMatching(/; kept, for rows that may be hidden$/),
      ),
      'alice: no row is listed for 1 numbers: 3; --scan tells whether they are gone',
      'alice: left as it is',
      '1 creators, 1 with differences',
      '',
    ]);
    expect(unproven.code).toBe(1);
    expect((await readTotals(ledger, 'alice')).count).toBe(5n);
    expect(JSON.parse((await rebuild('--replace', '--json')).out).differing).toMatchObject([
      { hidden: [{ first: '3', last: '3' }], outcome: 'left' },
    ]);
    const proven = await rebuild('--replace', '--scan');
    expect(proven.out).toMatch(/^alice: the rows of 1 numbers are gone: 3$/m);
    expect(proven.out).toMatch(/^alice: replaced$/m);
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 4n, last: 5n });
    expect(await rebuild()).toMatchObject({ code: 0, out: '1 creators, 0 with differences\n' });
  });

  it('mends an invoice of which the fingerprint alone is wrong, and one that was never paid', async () => {
    const [tip] = await creator('alice', 2);
    await creator('bobby', 0);
    await spoil(keys.invoice(tip!.paymentAddr), 'setSum', { N: '9' });
    await spoil(keys.invoice(minted('bobby', 'bobby').paymentAddr), 'count', { N: '9' });
    const { out } = await rebuild('--replace');
    expect(out).toMatch(/^alice: invoice [0-9a-f]{64}: .*; they are not the same sets$/m);
    expect(out).toMatch(/^bobby: invoice [0-9a-f]{64}: stated 9 tips, 0 msat; rows say 0 tips, 0 msat$/m);
    expect(await rebuild()).toMatchObject({ code: 0 });
  });

  it('tells of totals that can not be read, and sums up the other creators all the same', async () => {
    await creator('alice', 2);
    await creator('bobby', 2);
    await spoil(keys.totals('alice'), 'count', { S: 'many' });
    await spoil(keys.totals('bobby'), 'amountMsat', { N: '1' });
    expect(JSON.parse((await rebuild('--json')).out).differing[0]).toEqual({
      handle: 'alice',
      error: 'attribute count is not a whole number',
    });
    const { code, out } = await rebuild('--replace');
    expect(out).toMatch(/^alice: can't be summed up: attribute count is not a whole number$/m);
    expect(out).toMatch(/^bobby: replaced$/m);
    expect(code).toBe(1);
  });

  it('looks at one creator alone when told', async () => {
    await creator('alice', 2);
    await creator('bobby', 2);
    await spoil(keys.totals('bobby'), 'amountMsat', { N: '1' });
    expect(await rebuild('--handle', 'alice')).toMatchObject({
      code: 0,
      out: '1 creators, 0 with differences\n',
    });
  });

  it.each<[string, string[], RegExp, number]>([
    ['a creator that is none', ['--handle', 'nobody'], /there is no creator "nobody"/, 2],
    ['an unknown flag', ['--all'], /all/, 2],
    ['an endpoint that is no URL', ['--endpoint', 'here'], /endpoint: "here"/, 2],
    ['a table that is not there', ['--table', 'elsewhere'], /there is no "elsewhere"/, 1],
    ['a table that is away', ['--endpoint', 'http://127.0.0.1:1'], /can't be reached/, 1],
  ])('is one line on stderr for %s', async (_, args, line, code) => {
    const ended = await rebuild(...args);
    expect(ended.err).toMatch(line);
    expect(ended.err.trim().split('\n')).toHaveLength(1);
    expect(ended.code).toBe(code);
  });
});
