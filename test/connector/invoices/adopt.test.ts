import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../../../local/table/index.ts';
import type { Item } from '../../../shared/ledger/codec.ts';
import {
  openOptionId,
  readInvoice,
  readMemoSecret,
  readTip,
  readTotals,
} from '../../../shared/ledger/index.ts';
import { scan } from '../../shared/ledger/book.ts';
import { runConnector, startConnector } from '../inProcess.ts';
import { type Jar, openJar, until } from '../jar.ts';

let jar: Jar;
let listener: Listener;
/** The table before its first connector, as a release before it would have left one. */
let before: Item[];

beforeAll(async () => {
  jar = await openJar();
  listener = await jar.tables.listen(0);
  before = await scan(jar.ledger);
});
afterAll(() => jar.close());

const endpoint = () => ['--endpoint', `http://127.0.0.1:${listener.port}`];
const adopt = (...args: string[]) =>
  runConnector(
    'adopt',
    ...args,
    ...['--lnd-host', jar.access.socket, '--lnd-cert', jar.access.certPath],
    ...['--lnd-macaroon', jar.access.macaroonPath, ...endpoint()],
  );

async function restore(items: readonly Item[]) {
  const { client, table } = jar.ledger;
  for (const { pk, sk } of await scan(jar.ledger))
    await client.send(new DeleteItemCommand({ TableName: table, Key: { pk: pk!, sk: sk! } }));
  for (const item of items) await client.send(new PutItemCommand({ TableName: table, Item: item }));
}

describe('ampjar connector adopt', () => {
  const ALICE = openOptionId('alice');
  const old = `Tip alice (ampjar ${ALICE})`;
  const oldAnswer = `Tip alice (ampjar ${ALICE} ${'A'.repeat(22)})`;
  let codes: { paymentRequest: string; paymentAddr: string }[];
  let answer: { paymentRequest: string; paymentAddr: string; paymentHash: string };

  it('lists what the table does not know, with why it is not believed and what was paid to it', async () => {
    const first = startConnector(jar);
    await first.live();
    const minted = await jar.invoice('alice');
    await jar.pay(minted.paymentRequest, { amountMsat: 5_000n });
    await first.stop();
    await restore(before);
    // The table has no secret yet, and what was minted under the one before can't be told.
    const second = startConnector(jar);
    await second.live();
    codes = [minted, await jar.add({ memo: old }), await jar.add({ memo: 'Tip (ampjar abcdefghij)' })];
    answer = await jar.add({ memo: oldAnswer, amountMsat: 3_000n });
    await jar.pay(codes[1]!.paymentRequest, { amountMsat: 1_000n });
    await jar.pay(codes[1]!.paymentRequest, { amountMsat: 1_001n });
    await jar.pay(answer.paymentRequest, { amp: false });
    await until(async () => (second.connector.health.alarms['memo-unverified'] ?? 0) >= 3);
    await second.stop();
    expect((await readTotals(jar.ledger, 'alice')).count).toBe(0n);

    const { code, stdout, stderr } = await adopt();
    expect([code, stderr]).toEqual([0, '']);
    const entries = stdout.split(/\n(?=[0-9a-f]{64})/);
    expect(entries.map((entry) => entry.slice(0, 64))).toEqual([
      ...codes.map(({ paymentAddr }) => paymentAddr),
      answer.paymentAddr,
    ]);
    expect(entries[0]).toMatch(
      /AMP, made 20.*\n {2}paid {5}1 times, 5000 msat\n {2}for {6}alice, .*\n {2}memo .*\n.*MAC is not of this/,
    );
    expect(entries[1]).toMatch(
      /paid {5}2 times, 2001 msat\n.*\n {2}memo {5}"Tip alice \(ampjar .{10}\)"\n {2}why {6}its memo has no MAC/,
    );
    expect(entries[2]).toMatch(
      /paid {5}0 times, 0 msat\n {2}for {6}tip option abcdefghij, which no creator has/,
    );
    expect(entries[3]).toMatch(/BOLT11, made .*\n {2}paid {5}1 times, 3000 msat/);

    const listed = JSON.parse((await adopt('--json')).stdout);
    expect(listed).toHaveLength(4);
    expect(listed[1]).toEqual({
      paymentAddr: codes[1]!.paymentAddr,
      via: 'amp',
      createdAt: expect.stringMatching(/^20.*Z$/),
      payments: 2,
      amountMsat: '2001',
      optionId: ALICE,
      handle: 'alice',
      memo: old,
      disbelief: expect.stringContaining('no MAC'),
    });
    expect(listed[2]).toMatchObject({ optionId: 'abcdefghij', handle: null });
    expect(listed[3]).toMatchObject({ via: 'bolt11', amountMsat: '3000' });
  });

  it('takes none without --yes', async () => {
    expect((await adopt(codes[1]!.paymentAddr)).stdout).toMatch(/^\S{64} {2}AMP[^$]*no MAC\n$/);
    expect(await readInvoice(jar.ledger, codes[1]!.paymentAddr)).toBeUndefined();
  });

  it.each<[string, () => Promise<string[]> | string[], RegExp]>([
    ['none', () => [], /^payment address: missing/],
    ['one that is no address', () => ['AB'], /^payment address: "AB" is not 64 hex digits/],
    [
      'one that the table knows',
      async () => [(await jar.invoice('alice')).paymentAddr],
      /is not one of the invoices of node/,
    ],
    [
      'one whose option no creator has, nor another beside it',
      () => [codes[1]!.paymentAddr, codes[2]!.paymentAddr],
      /is for tip option abcdefghij, which no creator has/,
    ],
  ])('takes nothing when what is named is %s', async (_, named, words) => {
    const { code, stdout, stderr } = await adopt(...(await named()), '--yes');
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(words)]);
    expect(await readInvoice(jar.ledger, codes[1]!.paymentAddr)).toBeUndefined();
  });

  it('takes those that are named with --yes, and what was paid to them is booked', async () => {
    const named = [codes[0]!, codes[1]!, answer].map(({ paymentAddr }) => paymentAddr);
    const { code, stdout, stderr } = await adopt(...named, '--yes');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      `${named[0]} is alice's; 1 payments of 5000 msat are booked by the next audit`,
      `${named[1]} is alice's; 2 payments of 2001 msat are booked by the next audit`,
      `${named[2]} is alice's; its payment of 3000 msat is booked`,
      '',
    ]);
    expect(await readTip(jar.ledger, answer.paymentHash)).toMatchObject({ via: 'bolt11', handle: 'alice' });
    const third = startConnector(jar);
    await until(async () => (await readTotals(jar.ledger, 'alice')).count === 4n);
    expect((await readTotals(jar.ledger, 'alice')).amountMsat).toBe(10_001n);
    // And what is paid from then on.
    const late = await jar.pay(codes[1]!.paymentRequest, { amountMsat: 7_000n });
    expect(await until(() => readTip(jar.ledger, late))).toMatchObject({ handle: 'alice' });
    await third.stop();
    expect((await adopt()).stdout).toMatch(new RegExp(`^${codes[2]!.paymentAddr}(?![^]*\\n[0-9a-f]{64})`));
  });
});

describe('ampjar connector rotate-secret', () => {
  it('puts another secret in place, which a connector that runs takes up', async () => {
    const running = startConnector(jar);
    await running.live();
    const secret = await readMemoSecret(jar.ledger);
    const { code, stdout } = await runConnector('rotate-secret', ...endpoint());
    expect([code, stdout]).toEqual([0, 'memos are proven by another secret from now on\n']);
    const next = await readMemoSecret(jar.ledger);
    expect(next).toHaveLength(32);
    expect(next).not.toEqual(secret);
    await until(async () => running.has(/connecting again/));
    await running.live();
    // What was handed out is booked as ever.
    const paid = await jar.pay((await jar.invoice('alice')).paymentRequest, { amountMsat: 1_000n });
    expect(await until(() => readTip(jar.ledger, paid))).toMatchObject({ handle: 'alice' });
    expect(running.alarms()).toEqual([]);
    await running.stop();
  });
});
