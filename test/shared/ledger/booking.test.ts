import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bookingActions } from '../../../shared/ledger/booking.ts';
import {
  addCreator,
  batchLength,
  bookTips,
  closeCreator,
  closeQuarantined,
  type EventToQuarantine,
  editCreator,
  fingerprint,
  InvoiceMissingError,
  type Lease,
  type NewTip,
  putInvoiceRequest,
  putRetiredInvoice,
  quarantinedAmong,
  readAllTips,
  readCreatorWithTotals,
  readDay,
  readFeed,
  readInvoice,
  readNode,
  readQuarantine,
  readQuarantinedEvent,
  readTip,
  readTotals,
  type Tip,
} from '../../../shared/ledger/index.ts';
import { KINDS, type Kind } from '../../../shared/ledger/keys.ts';
import { TTL } from '../../../shared/ledger/table.ts';
import { around, gather, hex, lead, minted, NODE, NOW, openBook, paid, scan } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
let lease: Lease;
const alice = minted('alice', 'alice open');
const coffee = minted('alice', 'alice coffee', 'coffeeabcd');
const bob = minted('bob', 'bob open');

beforeEach(async () => {
  book = await openBook();
  lease = await lead(book.ledger);
  for (const handle of ['alice', 'bob']) await addCreator(book.ledger, { handle, name: handle }, NOW);
  for (const invoice of [alice, coffee, bob]) await putRetiredInvoice(book.ledger, lease, invoice, NOW);
});
afterEach(() => book.close());

const enter = (tips: NewTip[], quarantined: EventToQuarantine[] = [], ledger = book.ledger) =>
  bookTips(ledger, lease, { tips, quarantined });
const all = async (handle: string) => (await readFeed(book.ledger, handle, { limit: 1000 })).tips;
const quarantined = async () =>
  (await gather(readQuarantine(book.ledger, NODE))).map(({ reason, event }) => ({
    reason,
    event: gunzipSync(event).toString(),
  }));
const CONTRADICTED = 'booked before with another amount or payment address';

/** Whatever is written about tips beside their rows is the sum of the rows, and the sequence has no hole. */
async function expectBooksToAgree(handle: string, invoices = [alice, coffee, bob]) {
  const rows = await all(handle);
  const sum = (of: Tip[]) => ({
    count: BigInt(of.length),
    amountMsat: of.reduce((total, tip) => total + tip.amountMsat, 0n),
  });
  const grouped = (by: (tip: Tip) => string) =>
    new Map([...new Set(rows.map(by))].map((name) => [name, sum(rows.filter((tip) => by(tip) === name))]));
  const totals = await readTotals(book.ledger, handle);
  expect(totals).toEqual({
    ...sum(rows),
    options: grouped((tip) => tip.optionId),
    ...(rows.length > 0 && { rev: expect.any(BigInt), last: BigInt(rows.length) }),
  });
  expect((await readCreatorWithTotals(book.ledger, handle)).totals).toEqual(totals);
  for (const [day, ofDay] of grouped((tip) => tip.settledAt.toISOString().slice(0, 10))) {
    expect(await readDay(book.ledger, handle, day)).toEqual(ofDay);
  }
  const received = grouped((tip) => tip.paymentAddr);
  for (const invoice of invoices.filter((each) => each.handle === handle)) {
    const { count = 0n, amountMsat = 0n } = received.get(invoice.paymentAddr) ?? {};
    expect(await readInvoice(book.ledger, invoice.paymentAddr)).toMatchObject({
      count,
      receivedMsat: amountMsat,
    });
  }
  expect(rows.map((tip) => tip.sequence)).toEqual(rows.map((_, at) => BigInt(rows.length - at)));
  return rows;
}

describe('booking', () => {
  it('a tip is a row under its set id, with text or without', async () => {
    const tip = paid(alice, 'one', { message: '🍯\u202e', sender: 'Mallory', shards: 16 });
    const { tips, known, contradicted } = await enter([tip]);
    const { event: _, ...row } = tip;
    expect(tips).toStrictEqual([{ ...row, node: NODE, sequence: 1n }]);
    expect([known, contradicted]).toEqual([[], []]);
    expect(await readTip(book.ledger, tip.setId)).toStrictEqual(tips[0]);
    expect(await readTip(book.ledger, hex('set of nobody'))).toBeUndefined();
    await expectBooksToAgree('alice');
  });

  it('several creators, options and days share a commit, and the checkpoint moves with it', async () => {
    const days = ['2026-11-23T23:59:59.999Z', '2026-11-24T00:00:00.000Z'].map((day) => new Date(day));
    const tips = [alice, coffee, bob].flatMap((invoice, i) =>
      days.flatMap((settledAt, j) =>
        [1n, 20n].map((amountMsat) => paid(invoice, `${i} ${j} ${amountMsat}`, { settledAt, amountMsat })),
      ),
    );
    await bookTips(book.ledger, lease, { tips, quarantined: [] }, { settleIndex: 12n });
    expect(await expectBooksToAgree('alice')).toHaveLength(8);
    expect(await expectBooksToAgree('bob')).toHaveLength(4);
    expect((await readNode(book.ledger, NODE))?.settleIndex).toBe(12n);
    await enter([paid(alice, 'next')]);
    expect((await expectBooksToAgree('alice'))[0]?.sequence).toBe(9n);
    expect((await readNode(book.ledger, NODE))?.settleIndex).toBe(12n);
  });

  it('2^53 + 1 msat are booked exactly, in row, totals, day and invoice', async () => {
    const amountMsat = 2n ** 53n + 1n;
    await enter([paid(alice, 'large', { amountMsat })]);
    await enter([paid(alice, 'larger', { amountMsat: 2_100_000_000_000_000_000n })]);
    const [, row] = await expectBooksToAgree('alice');
    expect(row?.amountMsat).toBe(amountMsat);
    expect((await readTotals(book.ledger, 'alice')).amountMsat).toBe(2_109_007_199_254_740_993n);
  });

  it('what is told again is booked once, alone or among new tips, within one batch or later', async () => {
    const one = paid(alice, 'one');
    expect((await enter([one, one])).tips).toHaveLength(1);
    expect(await enter([one])).toEqual({ tips: [], known: [one.setId], contradicted: [] });
    const mixed = await enter([paid(alice, 'two'), { ...one, settleIndex: 99n }, paid(bob, 'three')]);
    expect(mixed.known).toEqual([one.setId]);
    expect(mixed.tips.map((tip) => tip.sequence)).toEqual([2n, 1n]);
    expect(await expectBooksToAgree('alice')).toHaveLength(2);
    expect(await expectBooksToAgree('bob')).toHaveLength(1);
    expect(await quarantined()).toEqual([]);
  });

  it.each([
    ['amount', { amountMsat: 2_000n }],
    ['payment address', { paymentAddr: coffee.paymentAddr }],
  ])('a set that comes again with another %s is set aside, and what follows is booked', async (_, other) => {
    await enter([paid(alice, 'one')]);
    const event = '{"again":true}';
    const again = await enter([paid(alice, 'one', { ...other, event }), paid(alice, 'two')]);
    expect(again.contradicted).toMatchObject([{ reason: CONTRADICTED, setId: hex('set one'), event }]);
    expect(again.tips.map((tip) => tip.setId)).toEqual([hex('set two')]);
    expect((await readTip(book.ledger, hex('set one')))?.amountMsat).toBe(1_000n);
    expect(await quarantined()).toEqual([{ reason: CONTRADICTED, event }]);
    await enter([paid(alice, 'one', { ...other, event })]);
    expect(await quarantined()).toHaveLength(1);
    expect(await expectBooksToAgree('alice')).toHaveLength(2);
  });

  it('a set that comes twice in one batch with two amounts is booked first and set aside second', async () => {
    const event = '{"again":true}';
    const booked = await enter([paid(alice, 'one'), paid(alice, 'one', { amountMsat: 5n, event })]);
    expect(booked.tips.map((tip) => tip.amountMsat)).toEqual([1_000n]);
    expect(booked.contradicted).toMatchObject([{ reason: CONTRADICTED, setId: hex('set one'), event }]);
    expect(await quarantined()).toEqual([{ reason: CONTRADICTED, event }]);
    await expectBooksToAgree('alice');
  });

  it('a tip and an event set aside share a commit, told twice or with 100 kB of text', async () => {
    const strange = {
      reason: 'does not reconstruct',
      event: JSON.stringify({ text: '\ud800x'.repeat(50_000) }),
    };
    await enter([paid(alice, 'one')], [strange, strange]);
    await enter([paid(alice, 'two')], [strange]);
    expect(await quarantined()).toEqual([strange]);
    expect(await expectBooksToAgree('alice')).toHaveLength(2);
  });

  it('an event that no item can hold is cut, says so, and stops nothing', async () => {
    const event = randomBytes(1_000_000).toString('hex');
    await enter([paid(alice, 'one')], [{ reason: 'huge', event }]);
    await enter([paid(alice, 'two')], [{ reason: 'huge', event }]);
    const [quarantined, ...others] = await gather(readQuarantine(book.ledger, NODE));
    expect(others).toEqual([]);
    expect(quarantined).toMatchObject({ reason: 'huge', cutFrom: 2_000_000 });
    expect(event.startsWith(gunzipSync(quarantined!.event).toString())).toBe(true);
    expect(await expectBooksToAgree('alice')).toHaveLength(2);
  });

  it("tips below the creator's minimum are booked and summed, and are not in the feed", async () => {
    await editCreator(book.ledger, 'alice', { minimumMsat: 1_000n });
    const amounts = [1n, 999n, 1_000n, 5_000n].map((amountMsat, at) =>
      paid(alice, `tip ${at}`, { amountMsat }),
    );
    await enter(amounts);
    expect((await all('alice')).map(({ sequence }) => sequence)).toEqual([4n, 3n]);
    expect(await readTip(book.ledger, hex('set tip 0'))).toMatchObject({ dust: true, sequence: 1n });
    expect(await readTotals(book.ledger, 'alice')).toMatchObject({ count: 4n, amountMsat: 7_000n });
    expect((await gather(readAllTips(book.ledger, 'alice'))).map(({ sequence }) => sequence).sort()).toEqual([
      1n,
      2n,
      3n,
      4n,
    ]);
    await editCreator(book.ledger, 'alice', { minimumMsat: 0n });
    await enter([paid(alice, 'small', { amountMsat: 1n })]);
    expect((await all('alice')).map(({ sequence }) => sequence)).toEqual([5n, 4n, 3n]);
  });

  it('a payment that lnd tells of again in other words is set aside once for a reason', async () => {
    const told = { reason: 'strange', setId: hex('one'), facts: 'addr 5' };
    await enter([], [{ ...told, event: '{"cumulative":5}' }]);
    await enter(
      [],
      [
        { ...told, event: '{"cumulative":9}' },
        { ...told, event: '{"cumulative":10}' },
      ],
    );
    expect(await quarantined()).toEqual([{ reason: 'strange', event: '{"cumulative":5}' }]);
    await enter([], [{ ...told, facts: 'addr 6', event: '{}' }]);
    expect(await quarantined()).toHaveLength(2);
  });

  it("an invoice's fingerprint is the sum over its sets, in whatever order", async () => {
    await enter([paid(alice, 'one'), paid(alice, 'two')]);
    await enter([paid(alice, 'three'), paid(bob, 'four')]);
    const sum = ['three', 'one', 'two'].reduce((total, name) => total + fingerprint(hex(`set ${name}`)), 0n);
    expect((await readInvoice(book.ledger, alice.paymentAddr))?.setSum).toBe(sum);
  });

  it('sets that have an event set aside are told from those that have none', async () => {
    await enter([], [{ reason: 'strange', event: '{}', setId: hex('one') }]);
    expect(await quarantinedAmong(book.ledger, NODE, [hex('two'), hex('one')])).toEqual(
      new Set([hex('one')]),
    );
    const [quarantined] = await gather(readQuarantine(book.ledger, NODE));
    const closed = {
      id: quarantined!.id,
      status: 'dismissed',
      note: 'a test of the node',
      now: NOW,
    } as const;
    expect(await closeQuarantined(book.ledger, lease, closed)).toBe(true);
    expect(await closeQuarantined(book.ledger, lease, closed)).toBe(false);
    expect(await readQuarantinedEvent(book.ledger, NODE, quarantined!.id)).toMatchObject({
      status: 'dismissed',
      note: 'a test of the node',
      closedAt: NOW,
    });
    await enter([], [{ reason: 'strange', event: '{}', setId: hex('one') }]);
    expect((await readQuarantinedEvent(book.ledger, NODE, quarantined!.id))?.status).toBe('dismissed');
  });

  it('a closed creator gets what is still paid', async () => {
    await closeCreator(book.ledger, 'alice');
    await enter([paid(alice, 'late')]);
    expect(await expectBooksToAgree('alice')).toHaveLength(1);
  });

  it('a tip to an invoice that is not attributed is not booked, nor is any sum', async () => {
    const before = await scan(book.ledger);
    await expect(enter([paid(minted('alice', 'unknown'), 'one')])).rejects.toThrow(InvoiceMissingError);
    expect(await scan(book.ledger)).toEqual(before);
  });

  it('a commit whose answer was lost is asked again, and nothing is booked twice', async () => {
    const lost = new Error('socket hang up');
    const flaky = around(book.ledger, 'TransactWriteItemsCommand', {
      after: () => {
        throw lost;
      },
    });
    await enter([paid(alice, 'zero')]);
    const tips = [paid(alice, 'one'), paid(bob, 'two'), paid(alice, 'zero', { amountMsat: 7n })];
    const strange = { reason: 'strange', event: '{}' };
    await expect(enter(tips.slice(0, 2), [strange], flaky)).rejects.toBe(lost);
    const again = await enter(tips, [strange]);
    expect(again).toMatchObject({ tips: [], known: [tips[0]!.setId, tips[1]!.setId] });
    expect(again.contradicted).toHaveLength(1);
    expect(await quarantined()).toHaveLength(2);
    expect(await expectBooksToAgree('alice')).toHaveLength(2);
    expect(await expectBooksToAgree('bob')).toHaveLength(1);
  });

  it('totals that another commit moved are read anew', async () => {
    const raced = around(book.ledger, 'TransactWriteItemsCommand', {
      before: () => enter([paid(alice, 'quick')]),
    });
    const { tips } = await enter([paid(alice, 'slow')], [], raced);
    expect(tips[0]?.sequence).toBe(2n);
    expect(await expectBooksToAgree('alice')).toHaveLength(2);
  });

  it('two bookings at once give each number once', async () => {
    const names = Array.from({ length: 8 }, (_, at) => `at once ${at}`);
    await Promise.all(names.map((name) => enter([paid(alice, name)])));
    expect(await expectBooksToAgree('alice')).toHaveLength(8);
  });

  it('only kinds that may vanish carry the TTL attribute, and every item is of a kind', async () => {
    await enter([paid(alice, 'one', { message: 'x' })], [{ reason: 'strange', event: '{}' }]);
    const asked = { id: 'a'.repeat(22), handle: 'alice', optionId: alice.optionId, amountMsat: 1n };
    await putInvoiceRequest(book.ledger, {
      ...asked,
      descriptionHash: hex('hash'),
      client: 'who',
      createdAt: NOW,
    });
    const met = new Set<string>();
    for (const item of await scan(book.ledger)) {
      const kind = item.pk!.S!.split('#')[0]!;
      met.add(kind);
      expect(Object.keys(KINDS)).toContain(kind);
      if (!KINDS[kind as Kind].ttl) expect(item).not.toHaveProperty(TTL);
    }
    expect([...met].sort()).toEqual(
      ['aside', 'ask', 'creator', 'invoice', 'node', 'option', 'signs', 'tip', 'totals', 'want'].sort(),
    );
  });
});

describe('the feed', () => {
  it('pages newest first, without gap or repeat, and ends', async () => {
    await enter(Array.from({ length: 7 }, (_, at) => paid(alice, `tip ${at}`)));
    await enter([paid(bob, 'between')]);
    const seen: bigint[] = [];
    const sizes: number[] = [];
    let before: bigint | undefined;
    do {
      const page = await readFeed(book.ledger, 'alice', { limit: 3, ...(before && { before }) });
      sizes.push(page.tips.length);
      seen.push(...page.tips.map((tip) => tip.sequence));
      before = page.next;
    } while (before);
    expect(seen).toEqual([7n, 6n, 5n, 4n, 3n, 2n, 1n]);
    expect(sizes).toEqual([3, 3, 1]);
  });

  it('has no next page when the last tip ends a full one', async () => {
    await enter([paid(alice, 'one'), paid(alice, 'two')]);
    expect(await readFeed(book.ledger, 'alice', { limit: 2 })).not.toHaveProperty('next');
    expect((await readFeed(book.ledger, 'alice', { limit: 1 })).next).toBe(2n);
  });

  it.each([0n, 1n])('is empty before %s, and for who has no tips', async (before) => {
    await enter([paid(alice, 'one')]);
    expect(await readFeed(book.ledger, 'alice', { before, limit: 5 })).toEqual({ tips: [] });
    expect(await readFeed(book.ledger, 'bob', { limit: 5 })).toEqual({ tips: [] });
  });

  it('starts with the newest for a position beyond all tips', async () => {
    await enter([paid(alice, 'one')]);
    expect((await readFeed(book.ledger, 'alice', { before: 2n ** 64n - 1n, limit: 5 })).tips).toHaveLength(1);
  });
});

describe('how much fits one commit', () => {
  const many = (count: number, of: (at: number) => NewTip) =>
    Array.from({ length: count }, (_, at) => of(at));
  const strangers = many(200, (at) => paid(minted(`c${at}`, `invoice ${at}`), `stranger ${at}`));
  const actionsOf = (batch: readonly NewTip[]) =>
    bookingActions(
      'ampjar',
      lease,
      batch.map(({ event: _, ...tip }) => ({ ...tip, node: NODE, sequence: 1n })),
      [],
      new Map(),
      1n,
    ).length;

  it.each([
    ['tips of one creator, invoice and day', many(200, (at) => paid(alice, `tip ${at}`)), 96],
    ['tips of as many creators', strangers, 24],
    [
      'tips of as many days',
      many(200, (at) => paid(alice, `tip ${at}`, { settledAt: new Date(NOW.getTime() + at * 86_400_000) })),
      48,
    ],
  ])('by actions: %s', (_, queue, most) => {
    expect(batchLength(queue)).toBe(most);
    expect(actionsOf(queue.slice(0, most))).toBeLessThanOrEqual(100);
    expect(actionsOf(queue.slice(0, most + 1))).toBeGreaterThan(100);
  });

  it('a full batch of one creator is taken by the table', async () => {
    const queue = many(96, (at) => paid(alice, `tip ${at}`));
    await enter(queue.slice(0, batchLength(queue)));
    expect(await expectBooksToAgree('alice')).toHaveLength(96);
  });

  it('by bytes, and at least one', () => {
    const heavy = many(5, (at) => paid(alice, `tip ${at}`, { event: 'x'.repeat(1_000_000) }));
    expect(batchLength(heavy)).toBe(2);
    expect(batchLength([{ reason: 'huge', event: 'x'.repeat(5_000_000) }, heavy[0]!])).toBe(1);
    expect(batchLength([])).toBe(0);
  });

  it('events set aside count one action each', () => {
    const strange = Array.from({ length: 200 }, (_, at) => ({ reason: 'strange', event: `${at}` }));
    expect(batchLength(strange)).toBe(99);
  });
});
