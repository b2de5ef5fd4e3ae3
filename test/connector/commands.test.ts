import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventJson } from '../../connector/lnd/messages.ts';
import type { Listener } from '../../local/table/index.ts';
import {
  bookTips,
  type CurrentInvoice,
  type EventToQuarantine,
  openOptionId,
  type PaymentKind,
  readNode,
  readQuarantine,
  readTip,
  readTotals,
  takeLease,
} from '../../shared/ledger/index.ts';
import { keyItem, keys } from '../../shared/ledger/keys.ts';
import { gather } from '../shared/ledger/book.ts';
import { runConnector, startConnector } from './inProcess.ts';
import { type Jar, openJar, until } from './jar.ts';
import { memosOf } from './memos.ts';
import { MESSAGE, setIdOf, settledMessage, settledPlainMessage } from './played.ts';

let jar: Jar;
let listener: Listener;
let invoice: CurrentInvoice;

beforeAll(async () => {
  jar = await openJar();
  listener = await jar.tables.listen(0);
  const connector = startConnector(jar);
  invoice = await jar.invoice('alice');
  await connector.live();
  await connector.stop();
});

afterAll(() => jar.close());

const endpoint = () => ['--endpoint', `http://127.0.0.1:${listener.port}`];
const lnd = () => [
  ...['--lnd-host', jar.access.socket],
  ...['--lnd-cert', jar.access.certPath],
  ...['--lnd-macaroon', jar.access.macaroonPath],
];
const audit = (...args: string[]) => runConnector('audit', ...lnd(), ...endpoint(), ...args);
const quarantine = (...args: string[]) => runConnector('quarantine', ...args, ...endpoint());
const state = () => readNode(jar.ledger, jar.node.pubkey);

/** Keep an event as the connector does. @returns the id by which the operator names it */
async function setAside(event: EventToQuarantine): Promise<string> {
  const { pubkey } = jar.node;
  const before = new Set((await gather(readQuarantine(jar.ledger, pubkey))).map(({ id }) => id));
  const lease = (await takeLease(jar.ledger, {
    node: pubkey,
    network: 'regtest',
    holder: '',
    seen: await state(),
  }))!;
  await bookTips(jar.ledger, lease, { tips: [], quarantined: [event] });
  return (await gather(readQuarantine(jar.ledger, pubkey))).find(({ id }) => !before.has(id))!.id;
}

const message = (paying = {}) =>
  settledMessage(
    { ...invoice, memo: 'Tip alice', addIndex: 1n, creationDate: 0n },
    900n,
    1_795_000_000n,
    paying,
  );

describe('ampjar connector audit', () => {
  it('says that table and lnd agree, with exit code 0', async () => {
    const { code, stdout } = await audit();
    expect(stdout).toBe(
      `node      ${jar.node.pubkey}\ninvoices  1\nmissing   0 tips, 0 msat: at lnd, and not in the table\nbooked    0 of them now\nsurplus   0 tips: in the table, and not at lnd\ndiffering 0 tips and invoices: in the table with other amounts than at lnd\ngone      0 invoices: in the table, and not at lnd\n`,
    );
    expect(code).toBe(0);
  });

  it('tells programs the same by --json', async () => {
    const { code, stdout } = await audit('--json', '--dry-run');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      node: jar.node.pubkey,
      invoices: 1,
      missing: { count: 0, amountMsat: '0' },
      booked: 0,
      surplus: 0,
      differing: 0,
      gone: 0,
    });
  });

  it('tells of what is missing with exit code 1, books nothing when dry, and books it else', async () => {
    const paid = [
      await jar.pay(invoice.paymentRequest, { amountMsat: 2_000n }),
      await jar.pay(invoice.paymentRequest, { amountMsat: 3_001n }),
    ];
    const dry = await audit('--dry-run');
    expect(dry.stdout).toMatch(/^missing {3}2 tips, 5001 msat/m);
    expect(dry.stdout).toMatch(/^booked {4}0 of them now/m);
    expect(dry.code).toBe(1);
    expect(await readTip(jar.ledger, paid[0]!)).toBeUndefined();
    const { code, stdout, stderr } = await audit();
    expect(stdout).toMatch(/^booked {4}2 of them now/m);
    expect(code).toBe(1);
    expect(stderr).not.toContain(paid[0]);
    expect(await readTip(jar.ledger, paid[0]!)).toMatchObject({ sequence: 1n, amountMsat: 2_000n });
    expect(await readTip(jar.ledger, paid[1]!)).toMatchObject({ sequence: 2n, amountMsat: 3_001n });
    expect((await state())!.holder).toBe('');
    expect((await audit()).code).toBe(0);
  });

  it.each([1n, -1n])('tells with exit code 1 when the table has %i msat more of a payment', async (by) => {
    const setId = await jar.pay(invoice.paymentRequest, { amountMsat: 1_000n });
    await audit();
    const add = (msat: bigint) =>
      jar.ledger.client.send(
        new UpdateItemCommand({
          TableName: jar.ledger.table,
          Key: keyItem(keys.tip(setId, jar.node.pubkey)),
          UpdateExpression: 'ADD amountMsat :msat',
          ExpressionAttributeValues: { ':msat': { N: msat.toString() } },
        }),
      );
    await add(by);
    const { code, stdout } = await audit('--dry-run');
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^differing 1 tips and invoices/m)]);
    await add(-by);
    expect((await audit()).code).toBe(0);
  });

  it('leaves the lease with a connector that leads when nothing is missing', async () => {
    const connector = startConnector(jar);
    await connector.live();
    const { epoch } = (await state())!;
    expect((await audit()).code).toBe(0);
    expect(await state()).toMatchObject({ epoch, holder: 'test' });
    await connector.stop();
  });

  it.each<[string, () => string[], RegExp, number]>([
    ['an unknown flag', () => ['--everything'], /everything/, 2],
    ['a macaroon that is none', () => ['--lnd-macaroon', jar.access.certPath], /macaroon/, 2],
    ['a macaroon that can spend', () => ['--lnd-macaroon', jar.node.adminMacaroonPath], /bakemacaroon/, 2],
    ['a file that is not there', () => ['--lnd-cert', '/nowhere/tls.cert'], /--lnd-cert: .*no such file/, 2],
    ['a table that is not there', () => ['--table', 'elsewhere'], /elsewhere|resource/i, 1],
    ['a node that is away', () => ['--lnd-host', 'localhost:1'], /No connection established/, 1],
  ])('is one line on stderr for %s', async (_, args, line, code) => {
    const ended = await audit(...args());
    expect(ended.stderr).toMatch(line);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended.stdout).toBe('');
    expect(ended.code).toBe(code);
  });
});

describe('ampjar connector quarantine', () => {
  it('lists nothing when nothing is open', async () => {
    expect(await quarantine('list')).toMatchObject({ code: 0, stdout: 'nothing is open\n' });
    expect(await quarantine('list', '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  it('lists and shows an event, with hostile text made harmless', async () => {
    const hostile = Buffer.from('\u001b]0;owned\u0007\u202ereverse\nbooked 1 msat');
    const bad = message({ records: new Map([[MESSAGE, hostile]]) });
    bad.memo = '\u001b[2J\u001b[31mTip alice\nopen';
    bad.htlcs[0].amp.root_share.fill(7);
    const id = await setAside({
      reason: 'it \u001b[31mfails\nbadly',
      event: eventJson(bad),
      setId: setIdOf(bad),
    });
    for (const args of [['list'], ['show', id]]) {
      const { code, stdout } = await quarantine(...args);
      expect(code).toBe(0);
      expect(stdout).toContain(id);
      expect(stdout).toMatch(/1000 msat/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be printed
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\uffff]/);
      expect(stdout).not.toMatch(/^(booked|badly|open)/m);
    }
    const listed = await quarantine('list', '--json');
    const shown = await quarantine('show', id, '--json');
    for (const { stdout } of [listed, shown]) expect(stdout).toMatch(/^\P{C}+\n$/u);
    const event = {
      id,
      status: 'open',
      reason: 'it \u001b[31mfails\nbadly',
      via: null,
      payment: { amountMsat: '1000', paymentAddr: invoice.paymentAddr, memo: bad.memo },
      cutFrom: null,
      note: null,
      closedAt: null,
    };
    expect(JSON.parse(listed.stdout)).toEqual([event]);
    expect(JSON.parse(shown.stdout)).toEqual({ ...event, event: eventJson(bad) });
    const dismissed = await quarantine('dismiss', id, '--reason', 'a test', '--json');
    expect(dismissed).toMatchObject({ code: 0, stdout: `{"id":"${id}","status":"dismissed"}\n` });
  });

  it('books one that verifies by now like any other, while a connector leads, which goes on', async () => {
    const good = message({ amountMsat: 7_000n, shards: 2 });
    const reason = 'payment to an invoice with a memo of ours, but no creator has its option';
    const id = await setAside({ reason, event: eventJson(good), setId: setIdOf(good) });
    const connector = startConnector(jar);
    await connector.live();
    const { code, stdout } = await quarantine('book', id, '--reason', 'alice is there again');
    expect([code, stdout]).toEqual([0, `booked 7000 msat for alice, set id ${setIdOf(good)}\n`]);
    const tip = (await readTip(jar.ledger, setIdOf(good)))!;
    expect(tip).toMatchObject({ amountMsat: 7_000n, shards: 2, handle: 'alice' });
    expect(tip.override).toBeUndefined();
    await until(async () => (await state())!.holder === 'test');
    const next = await jar.pay(invoice.paymentRequest, { amountMsat: 1_000n });
    expect(await until(() => readTip(jar.ledger, next))).toMatchObject({ sequence: tip.sequence + 1n });
    await connector.stop();
    const [closed] = (await gather(readQuarantine(jar.ledger, jar.node.pubkey))).filter(
      (each) => each.id === id,
    );
    expect(closed).toMatchObject({ status: 'booked', note: 'alice is there again' });
  });

  it('forgets what a closed one told, and not one that is open', async () => {
    const bad = message({ records: new Map([[MESSAGE, Buffer.from('my secret')]]) });
    bad.htlcs[0].amp.root_share.fill(7);
    const id = await setAside({ reason: 'a test', event: eventJson(bad), setId: setIdOf(bad) });
    const secret = Buffer.from('my secret').toString('hex');
    expect((await quarantine('show', id)).stdout).toContain(secret);
    expect(await quarantine('forget', id)).toMatchObject({ code: 2, stderr: expect.stringMatching(/open/) });
    await quarantine('dismiss', id, '--reason', 'a test');
    expect(await quarantine('forget', id)).toMatchObject({ code: 0, stdout: `forgot what ${id} told\n` });
    const { code, stdout } = await quarantine('show', id);
    expect([code, stdout]).toEqual([0, expect.not.stringContaining(secret)]);
    expect(stdout).toContain('a test');
    expect((await quarantine('list', '--all')).stdout).toContain(id);
  });

  it("books one that can't be verified on the operator's word, and the row says so", async () => {
    const before = await readTotals(jar.ledger, 'alice');
    const bad = message({ amountMsat: 9_000n });
    bad.htlcs[0].amp.root_share.fill(7);
    const id = await setAside({
      reason: 'shares do not reconstruct',
      event: eventJson(bad),
      setId: setIdOf(bad),
    });
    const { code, stdout } = await quarantine('book', id, '--reason', "seen in lnd's own books", '--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { id, status: 'booked', tip: { handle: 'alice', amountMsat: '9000', via: 'amp', setId: setIdOf(bad) } },
    ]);
    expect(await readTip(jar.ledger, setIdOf(bad))).toMatchObject({
      amountMsat: 9_000n,
      override: "seen in lnd's own books",
      sequence: before.count + 1n,
    });
    expect((await readTotals(jar.ledger, 'alice')).amountMsat).toBe(before.amountMsat + 9_000n);
    const again = await quarantine('book', id, '--reason', 'twice');
    expect(again).toMatchObject({ code: 2, stderr: "id: it was booked before: seen in lnd's own books\n" });
    expect((await readTotals(jar.ledger, 'alice')).count).toBe(before.count + 1n);
  });

  /** A message of each kind that is booked, and what spoils it. */
  const KINDS: Record<
    PaymentKind,
    { told(): any; spoil(raw: any): void; id(raw: any): string; words: string }
  > = {
    amp: {
      told: () => message({ amountMsat: 8_001n, shards: 3 }),
      spoil: (raw) => raw.htlcs[0].amp.root_share.fill(7),
      id: setIdOf,
      words: 'set id',
    },
    bolt11: {
      told: () => plain({ amountMsat: 8_001n, shards: 3 }),
      spoil: (raw) => raw.r_preimage.fill(7),
      id: (raw) => raw.r_hash.toString('hex'),
      words: 'payment hash',
    },
  };
  const kinds = Object.entries(KINDS);
  const ASK = 'Ask-of_22_characters-0';
  let memo: string;
  beforeAll(async () => {
    const memos = await memosOf(jar.ledger, jar.node.pubkey);
    ({ memo } = memos.write('alice', { optionId: openOptionId('alice'), requestId: ASK }, new Date()));
  });
  const plain = (paying = {}) => settledPlainMessage({ memo }, 901n, 1_795_000_000n, paying);

  it.each(kinds)('books one of kind %s that verifies like any other', async (kind, { told, id, words }) => {
    const raw = told();
    const reason = 'payment to an invoice with a memo of ours, but no creator has its option';
    const name = await setAside({ reason, event: eventJson(raw), setId: id(raw) });
    const before = await readTotals(jar.ledger, 'alice');
    expect((await quarantine('list')).stdout).toContain('8001 msat to');
    const { code, stdout } = await quarantine('book', name, '--reason', 'alice is there again');
    expect([code, stdout]).toEqual([0, `booked 8001 msat for alice, ${words} ${id(raw)}\n`]);
    const tip = (await readTip(jar.ledger, id(raw)))!;
    expect(tip).toMatchObject({ amountMsat: 8_001n, shards: 3, via: kind });
    expect(tip.override).toBeUndefined();
    if (kind === 'bolt11') expect(tip.preimage).toBe(raw.r_preimage.toString('hex'));
    expect((await readTotals(jar.ledger, 'alice')).amountMsat).toBe(before.amountMsat + 8_001n);
  });

  it('books one whose memo has no MAC, as releases before wrote them, on the operator’s word', async () => {
    const old = `Tip alice (ampjar ${openOptionId('alice')} ${ASK})`;
    const raw = settledPlainMessage({ memo: old }, 902n, 1_795_000_000n, { amountMsat: 6_001n });
    const id = raw.r_hash.toString('hex');
    const name = await setAside({ reason: 'it failed', event: eventJson(raw), setId: id });
    expect((await quarantine('book', name, '--reason', 'it is hers')).code).toBe(0);
    expect(await readTip(jar.ledger, id)).toMatchObject({ handle: 'alice', override: 'it is hers' });
  });

  it.each(kinds)('books one of kind %s that does not on the operator’s word', async (_, each) => {
    const raw = each.told();
    each.spoil(raw);
    const name = await setAside({ reason: 'it fails', event: eventJson(raw), setId: each.id(raw) });
    expect((await quarantine('book', name, '--reason', "seen in lnd's own books")).code).toBe(0);
    const tip = (await readTip(jar.ledger, each.id(raw)))!;
    expect(tip).toMatchObject({ amountMsat: 8_001n, override: "seen in lnd's own books" });
    // What does not hash to the payment hash proves nothing.
    expect(tip.preimage).toBeUndefined();
  });

  it.each(kinds)('does not book one of kind %s twice', async (_, each) => {
    const raw = each.told();
    const [first, second] = [
      await setAside({ reason: 'a test', event: eventJson(raw), setId: each.id(raw) }),
      await setAside({ reason: 'another', event: eventJson(raw), setId: each.id(raw) }),
    ];
    expect((await quarantine('book', first, '--reason', 'once')).code).toBe(0);
    expect(await quarantine('book', second, '--reason', 'twice')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is booked already/),
    });
    await quarantine('dismiss', second, '--reason', 'done');
  });

  it.each<[string, (raw: any) => void, RegExp]>([
    ['of a plain invoice that nobody asked for', (raw) => (raw.memo = 'rent'), /not one of ours/],
    ['whose payment hash is not 32 bytes', (raw) => (raw.r_hash = Buffer.alloc(5)), /not 32 bytes/],
    ['that paid nothing', (raw) => (raw.amt_paid_msat = '0'), /amount is 0 msat/],
    ['whose amount can not be read', (raw) => (raw.amt_paid_msat = 'many'), /can't be read/],
    ['of a keysend', (raw) => (raw.is_keysend = true), /does not tell of one settled payment/],
  ])('does not book a plain one %s', async (_, spoil, line) => {
    const raw = plain();
    spoil(raw);
    const id = await setAside({ reason: 'a test', event: eventJson(raw) });
    const { code, stderr } = await quarantine('book', id, '--reason', 'please');
    expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
    expect((await quarantine('dismiss', id, '--reason', 'not ours to book')).code).toBe(0);
  });

  it.each<[string, (raw: any) => void, RegExp]>([
    ['whose set id is not 32 bytes', (raw) => rename(raw, 'abcd'), /not 32 bytes: it can only be dismissed/],
    ['without an amount', (raw) => amount(raw, '-5'), /amount is -5 msat: it can only be dismissed/],
    ['of an invoice of someone else', (raw) => void raw.payment_addr.fill(9), /whose it is can't be told/],
    ['that tells of no payment', (raw) => rename(raw), /can only be dismissed/],
  ])('does not book one %s', async (_, spoil, line) => {
    const raw = message();
    spoil(raw);
    const before = await readTotals(jar.ledger, 'alice');
    const id = await setAside({ reason: 'a test', event: eventJson(raw) });
    const { code, stderr } = await quarantine('book', id, '--reason', 'please');
    expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
    expect(await readTotals(jar.ledger, 'alice')).toEqual(before);
    const dismissed = await quarantine('dismiss', id, '--reason', 'not ours to book');
    expect(dismissed).toMatchObject({ code: 0, stdout: `dismissed ${id}\n` });
    expect((await quarantine('list', '--all')).stdout).toMatch(/not ours to book/);
  });

  const rename = (raw: any, setId?: string) => {
    const [own] = Object.values(raw.amp_invoice_state);
    raw.amp_invoice_state = setId === undefined ? {} : { [setId]: own };
  };
  const amount = (raw: any, msat: string) => {
    for (const set of Object.values<any>(raw.amp_invoice_state)) set.amt_paid_msat = msat;
  };

  it('does not book a set again that is booked, whatever the event says', async () => {
    const paid = await jar.pay(invoice.paymentRequest, { amountMsat: 1_000n });
    await audit();
    const raw = message({ amountMsat: 5_000_000n });
    rename(raw, paid);
    const id = await setAside({
      reason: 'booked before with another amount',
      event: eventJson(raw),
      setId: paid,
    });
    const { code, stderr } = await quarantine('book', id, '--reason', 'please');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/is booked already/)]);
    expect(await readTip(jar.ledger, paid)).toMatchObject({ amountMsat: 1_000n });
    await quarantine('dismiss', id, '--reason', 'done');
  });

  it.each<[string, string[], RegExp]>([
    ['no id', ['show'], /ID is missing/],
    ['an id that is none', ['book', 'abcd', '--reason', 'x'], /"abcd" is not one of the events/],
    ['a command that is none', ['burn', 'abcd'], /"burn" is not one of list, show, book, dismiss, forget/],
    ['too many words', ['show', 'a', 'b'], /"b" is too much/],
    ['a node that is none', ['show', 'abcd', '--node', 'ef'], /not one of the events of node ef/],
  ])('is exit code 2 and a line for %s', async (_, args, line) => {
    const { code, stderr } = await quarantine(...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('wants a reason for what is closed', async () => {
    const id = await setAside({ reason: 'a test', event: eventJson(message()) });
    for (const args of [
      ['book', id],
      ['dismiss', id],
    ]) {
      const { code, stderr } = await quarantine(...args);
      expect([code, stderr]).toEqual([
        2,
        `connector quarantine ${args[0]}: --reason is missing, expected --reason TEXT\n`,
      ]);
    }
    for (const reason of [' ', 'a\u001bb']) {
      const { code, stderr } = await quarantine('dismiss', id, '--reason', reason);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/^--reason: expected why, 1 to 500 characters .*\n$/),
      ]);
    }
    expect((await quarantine('dismiss', id, '--reason', 'done')).code).toBe(0);
  });

  it('prints its help', async () => {
    expect(await quarantine('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Usage: ampjar connector quarantine/),
    });
  });
});
