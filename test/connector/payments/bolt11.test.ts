import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_DISCREPANCIES } from '../../../connector/audit/audit.ts';
import { auditBolt11 } from '../../../connector/audit/bolt11Audit.ts';
import { Alarms } from '../../../connector/health/alarms.ts';
import { impatiently } from '../../../connector/invoices/attribution.ts';
import type { Memos } from '../../../connector/invoices/memo.ts';
import type { Bolt11State, Lnd, SettledPayment } from '../../../connector/lnd/contract.ts';
import { type Bolt11Settlement, bolt11 } from '../../../connector/payments/bolt11.ts';
import { entryOf } from '../../../connector/payments/entry.ts';
import {
  addCreator,
  addOption,
  bookTips,
  type Lease,
  type Ledger,
  type NewTip,
  openOptionId,
  putInvoiceRequest,
  readInvoiceRequest,
  readTip,
  replyToInvoiceRequest,
} from '../../../shared/ledger/index.ts';
import { hex, LATER, lead, NODE, NOW, openBook } from '../../shared/ledger/book.ts';
import { memosOf, strangersMemos } from '../memos.ts';
import { openLog } from '../stage.ts';

let ledger: Ledger;
let close: () => Promise<void>;
let lease: Lease;
let logged: ReturnType<typeof openLog>;
let memos: Memos;
let parts: { ledger: Ledger; memos: Memos };

const entryFor = async (payment: SettledPayment) =>
  entryOf(
    payment,
    await bolt11
      .owners(impatiently({ ...parts, lease, log: logged.log, clock: () => NOW }))
      .of(payment.settlement as Bolt11Settlement),
  );

beforeEach(async () => {
  ({ ledger, close } = await openBook());
  lease = await lead(ledger);
  logged = openLog();
  memos = await memosOf(ledger, NODE);
  parts = { ledger, memos };
  await addCreator(ledger, { handle: 'alice', name: 'Alice' }, NOW);
});

afterEach(() => close());

const ASK = 'Ask-of_22_characters.-'.replace('.', '0');
const OPTION = openOptionId('alice');
const preimageOf = (name: string) => createHash('sha256').update(`preimage ${name}`).digest();
const hashOf = (name: string) => createHash('sha256').update(preimageOf(name)).digest();

const askMemo = (requestId = ASK, optionId = OPTION, of = memos) =>
  of.write('alice', { optionId, requestId }, NOW).memo;

/** A payment as lnd tells of it. */
function told(
  name: string,
  more: Partial<Bolt11Settlement> = {},
): SettledPayment & { settlement: Bolt11Settlement } {
  const settlement: Bolt11Settlement = {
    paymentRequest: `lnbcrt1p${name}`,
    paymentAddr: hex(`address ${name}`),
    memo: askMemo(),
    addIndex: 5n,
    creationDate: BigInt(NOW.getTime()) / 1_000n,
    setId: hashOf(name).toString('hex'),
    preimage: preimageOf(name),
    settleIndex: 9n,
    settledAt: BigInt(NOW.getTime()) / 1_000n,
    amountMsat: 2_100n,
    parts: [2_100n],
    ...more,
  };
  return { kind: 'bolt11', settlement, raw: { memo: settlement.memo, name } };
}

/** An ask in the table, answered with the invoice of a name. */
async function ask(name: string, more: { comment?: string; optionId?: string; id?: string } = {}) {
  const { id = ASK, optionId = OPTION, comment } = more;
  await putInvoiceRequest(ledger, {
    id,
    handle: 'alice',
    optionId,
    amountMsat: 2_100n,
    descriptionHash: hex('metadata'),
    client: 'one',
    createdAt: NOW,
    ...(comment !== undefined && { comment }),
  });
  await replyToInvoiceRequest(ledger, (await readInvoiceRequest(ledger, id))!, {
    status: 'minted',
    paymentRequest: `lnbcrt1p${name}`,
    paymentHash: hashOf(name).toString('hex'),
    expiresAt: LATER,
  });
}

describe('a paid plain invoice', () => {
  it('is a tip of who was asked for, with the comment as its message and the preimage as its proof', async () => {
    await ask('a', { comment: ' \u202ehello\u0007  there ' });
    const paid = told('a', { amountMsat: 2_101n, parts: [2_000n, 101n] });
    expect(await entryFor(paid)).toEqual({
      via: 'bolt11',
      setId: hashOf('a').toString('hex'),
      paymentAddr: hex('address a'),
      handle: 'alice',
      optionId: OPTION,
      amountMsat: 2_101n,
      settleIndex: 9n,
      settledAt: new Date(Math.floor(NOW.getTime() / 1_000) * 1_000),
      shards: 2,
      preimage: preimageOf('a').toString('hex'),
      message: 'hello there',
      event: JSON.stringify(paid.raw),
    });
  });

  it('whose comment is nothing but what can not be seen has no message', async () => {
    await ask('a', { comment: '\u202e\u0000 \n' });
    expect(await entryFor(told('a'))).not.toHaveProperty('message');
  });

  it('is known by its memo alone when the ask has gone', async () => {
    const entry = await entryFor(told('a'));
    expect(entry).toMatchObject({ via: 'bolt11', handle: 'alice', optionId: OPTION, amountMsat: 2_100n });
    expect(entry).not.toHaveProperty('message');
  });

  it('has not the comment of an ask that was answered with another invoice', async () => {
    await ask('other', { comment: 'not mine' });
    const entry = await entryFor(told('a'));
    expect(entry).toMatchObject({ handle: 'alice' });
    expect(entry).not.toHaveProperty('message');
  });

  it('goes to the option that its memo names, whatever the ask says', async () => {
    const { id } = await addOption(
      ledger,
      'alice',
      { label: 'Coffee', amountMsat: 2_000n },
      NOW,
      (n) => new Uint8Array(n),
    );
    await ask('a', { optionId: id, comment: 'of another option' });
    const entry = await entryFor(told('a'));
    expect(entry).toMatchObject({ optionId: OPTION });
    expect(entry).not.toHaveProperty('message');
  });

  it.each([
    ['no memo', () => ''],
    ['words of its own', () => 'a coffee, please'],
    ['the memo of an AMP invoice of ours', () => memos.write('alice', { optionId: OPTION }, NOW).memo],
    ['an ask id that is too short', () => askMemo(ASK.slice(1))],
    ['something behind our words', () => `${askMemo()} `],
  ])('is nobody’s here when it has %s', async (_, memo) => {
    expect(await entryFor(told('a', { memo: memo() }))).toBeUndefined();
  });

  it.each<[string, () => string]>([
    ['has no MAC', () => `Tip alice (ampjar ${OPTION} ${ASK})`],
    ['has a MAC that someone made up', () => askMemo(ASK, OPTION, strangersMemos(NODE))],
    ['is of another node', () => askMemo(ASK, OPTION, strangersMemos('03ab'))],
    ['was written for another option', () => askMemo(ASK, 'abcdefghij').replace('abcdefghij', OPTION)],
    ['was written for another ask', () => askMemo('B'.repeat(22)).replace('B'.repeat(22), ASK)],
    ['was written for an AMP invoice', () => ofAmp().replace(OPTION, `${OPTION} ${ASK}`)],
  ])('is not believed when its memo %s, though an ask of that name is there', async (_, memo) => {
    await ask('another');
    const entry = await entryFor(told('a', { memo: memo() }));
    expect(entry).toEqual({ unverified: expect.stringMatching(/MAC/) });
  });

  const ofAmp = () => memos.write('alice', { optionId: OPTION }, NOW).memo;

  it('of a release before, whose memo has no MAC, is ours when the ask says so', async () => {
    const memo = `Tip alice (ampjar ${OPTION} ${ASK})`;
    await ask('a', { comment: 'hello' });
    expect(await entryFor(told('a', { memo }))).toMatchObject({
      handle: 'alice',
      message: 'hello',
    });
    expect(await entryFor(told('b', { memo }))).toHaveProperty('unverified');
  });

  it('of a release before that was booked is no news when it is told again, though its ask is gone by then', async () => {
    const memo = `Tip alice (ampjar ${OPTION} ${ASK})`;
    const tip = { ...((await entryFor(told('a'))) as NewTip) };
    await bookTips(ledger, lease, { tips: [tip], quarantined: [] });
    expect(await entryFor(told('a', { memo }))).toBeUndefined();
    expect(await entryFor(told('b', { memo }))).toHaveProperty('unverified');
  });

  it('is ours whatever clocks say, for its memo is good for one ask alone', async () => {
    const creationDate = BigInt(NOW.getTime()) / 1_000n + 86_400n;
    expect(await entryFor(told('a', { creationDate }))).toMatchObject({ handle: 'alice' });
  });

  it.each<[string, Partial<Bolt11Settlement>, RegExp]>([
    ['its preimage is another', { preimage: preimageOf('b') }, /preimage/],
    ['it has no preimage', { preimage: new Uint8Array() }, /preimage/],
    ['its payment hash is too short', { setId: hashOf('a').subarray(1).toString('hex') }, /payment hash/],
    ['its payment address is none', { paymentAddr: '' }, /payment address/],
    ['its parts are less than it says', { parts: [2_000n, 99n] }, /do not sum/],
    ['its parts are more than it says', { parts: [2_000n, 101n] }, /do not sum/],
    ['it has no parts', { parts: [] }, /do not sum/],
    ['it paid nothing', { amountMsat: 0n, parts: [] }, /no amount/],
    ['it has no time', { settledAt: 0n }, /no time/],
    ['its time is beyond the calendar', { settledAt: 2n ** 62n }, /no time/],
    ['no creator has its option', { memo: 'of bob' }, /no creator/],
  ])('is set aside when %s', async (_, more, reason) => {
    await ask('a');
    const memo = more.memo === 'of bob' ? askMemo(ASK, openOptionId('bob')) : askMemo();
    const paid = told('a', { ...more, memo });
    const entry = await entryFor(paid);
    expect(entry).toMatchObject({ reason: expect.stringMatching(reason), event: JSON.stringify(paid.raw) });
    expect(entry).not.toHaveProperty('amountMsat');
  });

  it('is set aside under its payment hash, where that is one', async () => {
    expect(await entryFor(told('a', { parts: [] }))).toMatchObject({
      setId: hashOf('a').toString('hex'),
    });
    expect(await entryFor(told('a', { setId: '0000000000' }))).not.toHaveProperty('setId');
  });
});

describe('the audit of plain invoices', () => {
  /** lnd's list. */
  let list: Bolt11State[];
  let listed: bigint[];
  let found: string[];
  beforeEach(() => {
    list = [];
    listed = [];
    found = [];
  });

  const add = (
    addIndex: bigint,
    state: 'open' | 'paid' | 'canceled',
    more: Partial<Bolt11Settlement> = {},
  ) => {
    // None is lnd's first settlement unless a test says so.
    const paid = told(`${addIndex}`, { addIndex, settleIndex: addIndex + 1n, ...more });
    const { memo, paymentAddr, paymentRequest, creationDate } = paid.settlement;
    list.push({
      ...{ memo, paymentAddr, paymentRequest, addIndex, creationDate },
      paymentHash: paid.settlement.setId,
      over: state !== 'open',
      ...(state === 'paid' && { settled: paid }),
    });
    list.sort((a, b) => (a.addIndex < b.addIndex ? -1 : 1));
  };

  const listBolt11Invoices: Lnd['listBolt11Invoices'] = async (after, most) => {
    listed.push(after);
    const invoices = list.filter(({ addIndex }) => addIndex > after).slice(0, most);
    return { invoices, last: invoices.at(-1)?.addIndex };
  };

  const audit = async (after: bigint, { books = true } = {}) => {
    listed = [];
    found = [];
    const { next, drift } = await auditBolt11(
      {
        ...parts,
        lnd: { listBolt11Invoices } as Partial<Lnd> as Lnd,
        node: NODE,
        alarms: new Alarms(logged.log),
        caughtUp: async () => {},
        found: async (each) => {
          if ('reason' in each) throw new Error(each.reason);
          found.push(each.settlement.addIndex.toString());
          const tip = (await entryFor(each)) as NewTip;
          if (books) await bookTips(ledger, lease, { tips: [tip], quarantined: [] });
        },
      },
      after,
    );
    return { next, drift, found };
  };

  it('books what was paid and is not in the table, and says so', async () => {
    add(1n, 'paid');
    add(2n, 'canceled');
    add(3n, 'paid', { amountMsat: 5n, parts: [5n] });
    expect(await audit(0n)).toMatchObject({
      found: ['1', '3'],
      drift: { missingSets: 2, missingMsat: 2_105n },
    });
    expect(await readTip(ledger, hashOf('3').toString('hex'))).toMatchObject({ amountMsat: 5n });
    expect(logged.alarms()).toMatchObject([
      { alarm: 'missed', paymentHash: hashOf('1').toString('hex') },
      { alarm: 'missed', paymentHash: hashOf('3').toString('hex') },
    ]);
    expect(await audit(0n)).toMatchObject({ found: [], drift: { missingSets: 0 } });
  });

  it('books lnd’s first settlement, which no subscription brings again, without calling it missed', async () => {
    add(1n, 'paid', { settleIndex: 1n });
    expect(await audit(0n)).toMatchObject({ found: ['1'], drift: NO_DISCREPANCIES });
    expect(await readTip(ledger, hashOf('1').toString('hex'))).toMatchObject({ amountMsat: 2_100n });
    expect(logged.alarms()).toEqual([]);
  });

  it('tells of a payment that is booked with another amount, more or less', async () => {
    add(1n, 'paid');
    await audit(0n);
    for (const amountMsat of [2_099n, 2_101n]) {
      list = [];
      add(1n, 'paid', { amountMsat, parts: [amountMsat] });
      expect(await audit(0n)).toMatchObject({ found: [], drift: { ...NO_DISCREPANCIES, differing: 1 } });
      expect(logged.alarms().at(-1)).toMatchObject({
        alarm: 'sums-differ',
        bookedMsat: '2100',
        atLndMsat: amountMsat.toString(),
      });
    }
  });

  it('leaves alone what nobody asked for here', async () => {
    add(1n, 'paid', { memo: 'another shop' });
    add(2n, 'open', { memo: 'another shop' });
    expect(await audit(0n)).toMatchObject({ found: [], next: 2n, drift: NO_DISCREPANCIES });
  });

  it('begins below the first one that may still be paid, and never again with those that are over', async () => {
    add(1n, 'canceled');
    add(4n, 'open');
    add(6n, 'canceled');
    add(9n, 'open');
    const { next } = await audit(0n);
    expect(next).toBe(3n);
    list = list.filter(({ addIndex }) => addIndex !== 4n);
    add(4n, 'paid');
    expect(await audit(next)).toMatchObject({ found: ['4'] });
    expect(listed[0]).toBe(3n);
  });

  it('goes on from the end when all are over', async () => {
    add(1n, 'canceled');
    add(7n, 'canceled');
    const { next } = await audit(0n);
    expect(next).toBe(7n);
    add(8n, 'paid');
    expect(await audit(next)).toMatchObject({ found: ['8'] });
  });

  it('comes back to what it found until that is booked', async () => {
    add(1n, 'canceled');
    add(2n, 'paid');
    add(3n, 'canceled');
    const { next } = await audit(0n, { books: false });
    expect(next).toBe(1n);
    // The process ended before it was written; the next one begins where this one came to.
    const again = await audit(next);
    expect(again).toMatchObject({ found: ['2'] });
    expect(await audit(again.next)).toMatchObject({ found: [], next: 3n });
  });

  it('looks through long lists page by page', async () => {
    for (let each = 1n; each <= 250n; each++) add(each, each === 240n ? 'paid' : 'canceled');
    expect(await audit(0n)).toMatchObject({ found: ['240'], drift: { missingSets: 1 } });
    expect(listed).toEqual([0n, 100n, 200n, 250n]);
  });
});
