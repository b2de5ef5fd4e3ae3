import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readQuarantine, readTip, readTotals } from '../../../shared/ledger/index.ts';
import { gather } from '../../shared/ledger/book.ts';
import { memosOf } from '../memos.ts';
import { indexOf, MESSAGE, setIdOf, setOf } from '../played.ts';
import { spoilInvoice } from '../spoil.ts';
import { openStage, type Stage, until } from '../stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
  stage.time.flow();
});

afterEach(() => stage.close());

const quarantined = () => gather(readQuarantine(stage.ledger, stage.lnd.node));
const tip = (message: any) => readTip(stage.ledger, setIdOf(message));

/** A connector that listens, alice's invoice, and one payment booked on it. */
async function started() {
  const connector = stage.start();
  await connector.live();
  const invoice = await stage.current();
  await until(() => stage.lnd.isListenedTo);
  /** A good payment is told after what was told before, and booked, and the connector knows. */
  const bookedBehind = async () => {
    const good = stage.lnd.pay(invoice, { amountMsat: 7_000n, shards: 3 });
    expect(await until(() => tip(good))).toMatchObject({ handle: 'alice', amountMsat: 7_000n, shards: 3 });
    await until(() => connector.connector.health.waiting === 0);
  };
  return { connector, invoice, bookedBehind };
}

const state = (message: any) => setOf(message)[1];
const rename = (message: any, setId: string) => {
  message.amp_invoice_state = { [setId]: state(message) };
};

describe('a settled event that can not be', () => {
  it.each<[string, (message: any) => void, RegExp]>([
    ['a share of it is another', (m) => m.htlcs[0].amp.root_share.fill(7), /shares do not reconstruct/],
    ['a share of it is too short', (m) => (m.htlcs[0].amp.root_share = Buffer.alloc(31)), /reconstruct/],
    ['its hashes are of another payment', (m) => m.htlcs[1].amp.hash.fill(1), /reconstruct/],
    ['its preimages are missing', (m) => (m.htlcs[0].amp.preimage = Buffer.alloc(0)), /reconstruct/],
    ['a shard of it is missing', (m) => m.htlcs.shift(), /do not sum/],
    ['its amounts do not add up', (m) => (state(m).amt_paid_msat = '5001'), /do not sum/],
    ['an amount of it is negative', (m) => (m.htlcs[0].amt_msat = '-1'), /without an amount/],
    ['its set id is 31 bytes', (m) => rename(m, setIdOf(m).slice(2)), /set id is not 32 bytes/],
    ['its set id is empty', (m) => rename(m, ''), /set id is not 32 bytes/],
    ['its set id is upper case', (m) => rename(m, setIdOf(m).toUpperCase()), /set id is not 32 bytes/],
    ['its shards name another set', (m) => rename(m, 'ab'.repeat(32)), /a shard of another set/],
    ['it has no time', (m) => noTime(m), /no time of settlement/],
    ['its time is beyond the calendar', (m) => (state(m).settle_time = '9223372036854775807'), /time/],
    ['its amount is no number', (m) => (state(m).amt_paid_msat = 'many'), /can't be read/],
    ['it has no list of HTLCs', (m) => delete m.htlcs, /can't be read/],
  ])('is set aside when %s, and what comes behind it is booked', async (_, spoil, reason) => {
    const { connector, invoice, bookedBehind } = await started();
    const bad = stage.lnd.message(invoice, { amountMsat: 5_000n, shards: 2 });
    spoil(bad);
    stage.lnd.tell(bad);
    await bookedBehind();
    expect(await quarantined()).toMatchObject([{ reason: expect.stringMatching(reason), status: 'open' }]);
    expect(connector.alarms()).toMatchObject([{ alarm: 'set-aside', reason: expect.stringMatching(reason) }]);
    expect(connector.connector.health).toMatchObject({ setAside: 1, alarms: { 'set-aside': 1 } });
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 1n, amountMsat: 7_000n });
  });

  const noTime = (message: any) => {
    state(message).settle_time = '0';
    for (const htlc of message.htlcs) htlc.resolve_time = '0';
  };

  it('does not hold up the audit or the checkpoint either, though lnd has it in its books', async () => {
    const { connector, invoice, bookedBehind } = await started();
    const bad = stage.lnd.message(invoice, { amountMsat: 5_000n });
    bad.htlcs[0].amp.root_share.fill(7);
    stage.lnd.settle(bad);
    await bookedBehind();
    await connector.stop();
    const again = stage.start();
    await again.live();
    expect(again.connector.health.drift).toBe(0);
    expect(again.alarms().filter(({ alarm }) => alarm === 'missed')).toEqual([]);
    // Until lnd's order is known it stays where it was.
    await until(async () => {
      const good = stage.lnd.pay(invoice);
      await until(() => tip(good));
      const since = stage.time.ms;
      await until(() => stage.time.ms > since + 10_000);
      return (await stage.checkpoint()) === indexOf(good);
    });
    expect(await quarantined()).toHaveLength(1);
  });

  it('is set aside by the audit when it can not be read there either, and what is missing beside it is booked', async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    const bad = stage.lnd.message(invoice);
    state(bad).settle_index = '11';
    bad.htlcs[0].amt_msat = 'many';
    stage.lnd.books.push(bad);
    const missed = stage.lnd.message(invoice);
    stage.lnd.books.push(missed);
    const again = stage.start();
    await until(() => tip(missed));
    await again.live();
    expect(again.connector.health.drift).toBe(2);
    await until(async () => (await quarantined()).length === 1);
    expect(await quarantined()).toMatchObject([{ id: expect.stringContaining(setIdOf(bad)) }]);
  });
});

describe('what a payer sends along', () => {
  it.each<[string, Uint8Array, string | undefined]>([
    ['a message of 100 kB', Buffer.alloc(100_000, 'x'), 'x'.repeat(500)],
    ['a message that is not UTF-8', Buffer.from([0x68, 0x69, 0xff, 0xfe]), 'hi\ufffd\ufffd'],
    ['a message with a lone surrogate', Buffer.from([0x61, 0xed, 0xa0, 0x80]), 'a\ufffd\ufffd\ufffd'],
    ['a message of zero bytes', Buffer.alloc(0), undefined],
    ['a message of control characters', Buffer.from('\u0000\u001b[2J\u202e'), '[2J'],
  ])('is cut and cleaned when it is %s, and the payment is booked', async (_, bytes, expected) => {
    const { connector, invoice, bookedBehind } = await started();
    const payment = stage.lnd.pay(invoice, { records: new Map([[MESSAGE, bytes]]) });
    const booked = await until(() => tip(payment));
    expect(booked.message).toBe(expected);
    await bookedBehind();
    expect(connector.alarms()).toEqual([]);
  });

  it('can not stop the flow by its size: a megabyte that does not verify is set aside, cut', async () => {
    const { invoice, bookedBehind } = await started();
    const records = new Map([
      [MESSAGE, Buffer.from(Array.from({ length: 1_000_000 }, () => Math.random() * 256))],
    ]);
    const bad = stage.lnd.message(invoice, { records });
    bad.htlcs[0].amp.root_share.fill(7);
    stage.lnd.tell(bad);
    await bookedBehind();
    expect(await quarantined()).toMatchObject([{ cutFrom: expect.any(Number) }]);
  });
});

describe('a settlement', () => {
  it('is ignored when it pays an invoice of someone else, and the log says so', async () => {
    const { connector, bookedBehind } = await started();
    const other = await stage.lnd.mint('Donation to someone else');
    stage.lnd.pay(other);
    await bookedBehind();
    expect(connector.lines).toContainEqual({
      level: 'info',
      fields: { paymentAddr: other.paymentAddr },
      text: 'not ours',
    });
    expect(await quarantined()).toEqual([]);
  });

  it('is ignored when it pays no invoice at all', async () => {
    const { bookedBehind } = await started();
    const unknown = {
      paymentRequest: '',
      paymentAddr: 'ab'.repeat(32),
      memo: '',
      addIndex: 99n,
      creationDate: 0n,
    };
    stage.lnd.tell(stage.lnd.message(unknown));
    await bookedBehind();
    expect(await quarantined()).toEqual([]);
  });

  it('is set aside when the memo of its invoice is one of ours, and names an option that no creator has', async () => {
    const { connector, bookedBehind } = await started();
    const memos = await memosOf(stage.ledger, stage.lnd.node);
    const { memo } = memos.write('bob', { optionId: 'abcdefghij' }, stage.time.clock());
    stage.lnd.pay(await stage.lnd.mint(memo));
    await bookedBehind();
    expect(await quarantined()).toMatchObject([
      { reason: expect.stringMatching(/no creator has its option/) },
    ]);
    expect(connector.alarms()).toMatchObject([{ alarm: 'set-aside' }]);
  });

  it('is ignored when the memo only resembles ours', async () => {
    const { invoice, bookedBehind } = await started();
    stage.lnd.pay(await stage.lnd.mint(`${invoice.memo} `));
    stage.lnd.pay(await stage.lnd.mint('(ampjar TOO-LOUD)'));
    await bookedBehind();
    expect(await quarantined()).toEqual([]);
    expect((await readTotals(stage.ledger, 'alice')).count).toBe(1n);
  });

  it('is booked once when it is told twice', async () => {
    const { connector, invoice, bookedBehind } = await started();
    const payment = stage.lnd.pay(invoice);
    await until(() => tip(payment));
    stage.lnd.tell(payment);
    await bookedBehind();
    await until(() => connector.connector.health.booked === 2);
    expect(connector.connector.health).toMatchObject({ booked: 2, known: 1, setAside: 0 });
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 2n, amountMsat: 8_000n });
  });

  it('is set aside when it is told again with another amount, and the first one stays', async () => {
    const { connector, invoice, bookedBehind } = await started();
    const payment = stage.lnd.pay(invoice);
    await until(() => tip(payment));
    const other = structuredClone(payment);
    for (const htlc of other.htlcs) htlc.amt_msat = '999000';
    for (const htlc of other.htlcs)
      for (const name of ['root_share', 'set_id', 'hash', 'preimage'])
        htlc.amp[name] = Buffer.from(htlc.amp[name]);
    other.payment_addr = Buffer.from(other.payment_addr);
    state(other).amt_paid_msat = '999000';
    stage.lnd.tell(other);
    await bookedBehind();
    expect(await tip(payment)).toMatchObject({ amountMsat: 1_000n });
    expect(await quarantined()).toMatchObject([
      { reason: 'booked before with another amount or payment address' },
    ]);
    expect(connector.alarms()).toMatchObject([{ alarm: 'set-aside', paymentAddr: invoice.paymentAddr }]);
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 2n, amountMsat: 8_000n });
  });

  it('is booked when it comes out of order', async () => {
    const { connector, invoice } = await started();
    const messages = [1, 2, 3, 4].map(() => stage.lnd.message(invoice));
    for (const message of messages.reverse()) stage.lnd.settle(message);
    for (const message of messages) await until(() => tip(message));
    await until(() => connector.connector.health.booked === 4);
    expect(connector.connector.health).toMatchObject({ booked: 4, setAside: 0 });
  });

  it('is booked to the msat when it is 2^53 + 1 msat', async () => {
    const { invoice } = await started();
    const amountMsat = 2n ** 53n + 1n;
    const payment = stage.lnd.pay(invoice, { amountMsat });
    expect(await until(() => tip(payment))).toMatchObject({ amountMsat: 9_007_199_254_740_993n });
    expect((await readTotals(stage.ledger, 'alice')).amountMsat).toBe(amountMsat);
  });

  it('of a plain invoice, and a message with several sets, are no tips', async () => {
    const { connector, invoice, bookedBehind } = await started();
    stage.lnd.tell({ ...stage.lnd.message(invoice), memo: 'rent', is_amp: false, amp_invoice_state: {} });
    stage.lnd.tell({ ...stage.lnd.message(invoice), is_amp: false, is_keysend: true, amp_invoice_state: {} });
    const several = stage.lnd.message(invoice);
    const another = stage.lnd.message(invoice);
    several.amp_invoice_state = { ...several.amp_invoice_state, ...another.amp_invoice_state };
    stage.lnd.tell(several);
    await bookedBehind();
    await until(() => connector.connector.health.booked === 1);
    expect(connector.connector.health).toMatchObject({ booked: 1, setAside: 0 });
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 1n, amountMsat: 7_000n });
    expect(await quarantined()).toEqual([]);
  });

  it('is not lost when the item of its invoice can not be read: it is set aside, and others are booked', async () => {
    const { bookedBehind } = await started();
    const spoiled = await stage.lnd.mint('(ampjar abcdefghij)');
    await spoilInvoice(stage.ledger, spoiled.paymentAddr);
    stage.lnd.tell(stage.lnd.message(spoiled));
    await bookedBehind();
    expect(await quarantined()).toMatchObject([{ reason: expect.stringMatching(/can't be read/) }]);
  });
});
