import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Item } from '../../../shared/ledger/codec.ts';
import {
  addCreator,
  bookTips,
  compareSums,
  differences,
  editCreator,
  fingerprint,
  ItemError,
  isInOrder,
  isMendable,
  type Lease,
  type Ledger,
  type NewInvoice,
  newlyGone,
  putCurrentInvoice,
  putRetiredInvoice,
  readDay,
  readGone,
  readInvoice,
  readNodes,
  readPaidInvoices,
  readTip,
  readTotals,
  replaceSums,
  type ScannedRows,
  scanRows,
} from '../../../shared/ledger/index.ts';
import { type Key, keyItem, keys } from '../../../shared/ledger/keys.ts';
import { dayOf } from '../../../shared/ledger/totals.ts';
import { around, hex, LATER, lead, minted, NODE, NOW, openBook, paid } from './book.ts';

let ledger: Ledger;
let close: () => Promise<void>;
let lease: Lease;
let invoice: NewInvoice;

beforeEach(async () => {
  ({ ledger, close } = await openBook());
  lease = await lead(ledger);
  await addCreator(ledger, { handle: 'alice', name: 'Alice' }, NOW);
  invoice = minted('alice', 'first');
  await putCurrentInvoice(ledger, lease, {
    invoice,
    previous: undefined,
    mintRequest: undefined,
    renewAt: LATER,
    now: NOW,
  });
});

afterEach(() => close());

const DAY_MS = 86_400_000;
const book = (...names: string[]) =>
  bookTips(ledger, lease, { tips: names.map((name) => paid(invoice, name)), quarantined: [] });
const compare = async () => (await compareSums(ledger, 'alice'))!;

const update = (key: Key, expression: string, names?: Record<string, string>, values?: Item) =>
  ledger.client.send(
    new UpdateItemCommand({
      TableName: ledger.table,
      Key: keyItem(key),
      UpdateExpression: expression,
      ...(names && { ExpressionAttributeNames: names }),
      ...(values && { ExpressionAttributeValues: values }),
    }),
  );
const set = (key: Key, attributes: Item) => {
  const each = Object.entries(attributes);
  return update(
    key,
    `SET ${each.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    Object.fromEntries(each.map(([name]) => [`#${name}`, name])),
    Object.fromEntries(each.map(([name, value]) => [`:${name}`, value])),
  );
};
const item = async (key: Key) =>
  (await ledger.client.send(new GetItemCommand({ TableName: ledger.table, Key: keyItem(key) }))).Item;

/** A sum that no booking would write. */
const spoil = (amountMsat: string, key = keys.totals('alice')) => set(key, { amountMsat: { N: amountMsat } });

describe('the sums of rows', () => {
  it('agree with the totals that booking keeps, dust included', async () => {
    await editCreator(ledger, 'alice', { minimumMsat: 5_000n });
    await bookTips(ledger, lease, {
      tips: [
        paid(invoice, 'dust'),
        paid(invoice, 'tip', { amountMsat: 7_000n }),
        paid(invoice, 'yesterday', {
          settledAt: new Date(NOW.getTime() - DAY_MS),
          amountMsat: 2n ** 53n + 1n,
        }),
      ],
      quarantined: [],
    });
    const compared = await compare();
    expect(differences(compared)).toEqual([]);
    expect(isInOrder(compared)).toBe(true);
    expect(compared.counted.totals).toMatchObject({ count: 3n, amountMsat: 8_000n + 2n ** 53n + 1n });
    expect(compared.counted.days.size).toBe(2);
  });

  it('are none for a creator without tips', async () => {
    expect(differences(await compare())).toEqual([]);
  });

  it('are not compared when a tip is booked meanwhile: whoever asks, asks again', async () => {
    await book('one');
    const rival = around(ledger, 'QueryCommand', { before: () => book('two') });
    expect(await compareSums(rival, 'alice')).toBeUndefined();
    expect(differences(await compare())).toEqual([]);
  });

  it('do not replace totals that a tip was added to since', async () => {
    await book('one');
    await spoil('1');
    const compared = await compare();
    await book('two');
    expect(await replaceSums(ledger, compared)).toBe(false);
    expect((await readTotals(ledger, 'alice')).count).toBe(2n);
    expect(await replaceSums(ledger, await compare())).toBe(true);
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 2n, amountMsat: 2_000n });
  });

  it('replace more items than a transaction holds, each part only while no tip comes in', async () => {
    for (let at = 0; at < 150; at += 30) {
      const tips = Array.from({ length: 30 }, (_, each) =>
        paid(invoice, `${at + each}`, { settledAt: new Date(NOW.getTime() - (at + each) * DAY_MS) }),
      );
      await bookTips(ledger, lease, { tips, quarantined: [] });
    }
    const { counted } = await compare();
    expect(counted.days.size).toBe(150);
    for (const day of counted.days.keys()) await spoil('9', keys.day('alice', day));
    const compared = await compare();
    const rival = around(ledger, 'TransactWriteItemsCommand', { before: () => book('between') }, 2);
    expect(await replaceSums(rival, compared)).toBe(false);
    // What was replaced by then was right, and the tip in between is in all of it.
    expect(differences(await compare()).length).toBeLessThan(60);
    expect(await replaceSums(ledger, await compare())).toBe(true);
    expect(isInOrder(await compare())).toBe(true);
    expect(await readDay(ledger, 'alice', dayOf(NOW))).toMatchObject({ count: 2n });
  });

  it('keep attributes that a later release put on the totals', async () => {
    await book('one');
    await spoil('1');
    await set(keys.totals('alice'), { later: { S: 'here' } });
    expect(await replaceSums(ledger, await compare())).toBe(true);
    await book('two');
    expect(await item(keys.totals('alice'))).toMatchObject({ later: { S: 'here' }, count: { N: '2' } });
  });

  it('mend number, sum and fingerprint of each invoice, of those without rows, too', async () => {
    const empty = minted('alice', 'second');
    await putRetiredInvoice(ledger, lease, empty, NOW);
    await book('one');
    await set(keys.invoice(invoice.paymentAddr), { setSum: { N: '5' } });
    await set(keys.invoice(empty.paymentAddr), { count: { N: '3' }, receivedMsat: { N: '4' } });
    const paidTo = (await readPaidInvoices(ledger, readNodes(ledger))).get('alice')!;
    expect(paidTo.toSorted()).toEqual([invoice.paymentAddr, empty.paymentAddr].sort());
    const compared = (await compareSums(ledger, 'alice', { invoices: paidTo }))!;
    expect(differences(compared).map(({ kind, key }) => `${kind} ${key}`)).toEqual(
      [invoice, empty].map(({ paymentAddr }) => `invoice ${paymentAddr}`).sort(),
    );
    expect(await replaceSums(ledger, compared)).toBe(true);
    expect(await readInvoice(ledger, invoice.paymentAddr)).toMatchObject({
      setSum: fingerprint(hex('set one')),
    });
    expect(await readInvoice(ledger, empty.paymentAddr)).toMatchObject({ count: 0n, receivedMsat: 0n });
    expect(isInOrder((await compareSums(ledger, 'alice', { invoices: paidTo }))!)).toBe(true);
  });

  it('leave what is paid to an invoice that is not in the table, and mend the rest', async () => {
    await book('one');
    await ledger.client.send(
      new DeleteItemCommand({ TableName: ledger.table, Key: keyItem(keys.invoice(invoice.paymentAddr)) }),
    );
    await spoil('1');
    expect(await replaceSums(ledger, await compare())).toBe(true);
    expect(differences(await compare())).toMatchObject([
      { kind: 'invoice', keptBy: 'an invoice that is not in the table' },
    ]);
  });
});

describe('rows that are not found', () => {
  /** A row of which the index knows nothing, as when it lags. */
  const hide = (name: string) => update(rowOf(name), 'REMOVE listPk, listSk');
  const drop = (name: string) =>
    ledger.client.send(new DeleteItemCommand({ TableName: ledger.table, Key: keyItem(rowOf(name)) }));
  const rowOf = (name: string) => keys.tip(hex(`set ${name}`), NODE);
  const scanned = async () => (await scanRows(ledger, ['alice'])).get('alice') as ScannedRows;
  const numberOf = async (name: string) => (await readTip(ledger, hex(`set ${name}`)))!.sequence;

  it.each([
    ['the first', 'one'],
    ['one between', 'two'],
    ['the last', 'three'],
  ])('in the index alone lower no sum and free no number: %s', async (_, name) => {
    await book('one', 'two', 'three');
    await hide(name);
    const compared = await compare();
    expect(compared).toMatchObject({ isWhole: false, gone: [] });
    expect(differences(compared).map(({ keptBy }) => keptBy)).not.toContain(undefined);
    expect(isMendable(compared)).toBe(false);
    await replaceSums(ledger, compared);
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 3n, amountMsat: 3_000n });
    await book('four');
    expect(await numberOf('four')).toBe(4n);
    // A scan finds it: nothing is gone.
    const proven = (await compareSums(ledger, 'alice', { scanned: await scanned() }))!;
    expect(isInOrder(proven)).toBe(true);
  });

  it('keep what is lower, while what the others show is raised at once', async () => {
    await book('one', 'two', 'three');
    await hide('one');
    await set(keys.totals('alice'), { count: { N: '1' }, last: { N: '1' }, amountMsat: { N: '1000' } });
    const compared = await compare();
    expect(await replaceSums(ledger, compared)).toBe(true);
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 2n, amountMsat: 2_000n, last: 3n });
    expect(await readInvoice(ledger, invoice.paymentAddr)).toMatchObject({ count: 3n });
    await book('four');
    expect(await numberOf('four')).toBe(4n);
  });

  it.each([
    ['the first', 'one', [[1n, 1n]]],
    ['one between', 'two', [[2n, 2n]]],
    ['the last', 'three', [[3n, 3n]]],
  ])('by a scan are gone: sums go down, and numbers do not: %s', async (_, name, gone) => {
    await book('one', 'two', 'three');
    await drop(name);
    expect(await compareSums(ledger, 'alice')).toMatchObject({ isWhole: false, hidden: gone });
    const proof = await scanned();
    // What is booked after the scan is no hole.
    await book('four');
    const compared = (await compareSums(ledger, 'alice', { scanned: proof }))!;
    expect(compared).toMatchObject({ isWhole: true, hidden: [], gone });
    expect(newlyGone(compared)).toEqual(gone);
    expect(await replaceSums(ledger, compared)).toBe(true);
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 3n, amountMsat: 3_000n, last: 4n });
    // It is known from now on, and the index alone is enough.
    const after = await compare();
    expect([after.isWhole, newlyGone(after), isInOrder(after)]).toEqual([true, [], true]);
    await book(name, 'five');
    expect([await numberOf(name), await numberOf('five')]).toEqual([5n, 6n]);
    expect(isInOrder(await compare())).toBe(true);
  });

  it('are no more gone when they are there again', async () => {
    await book('one', 'two', 'three');
    const row = (await item(rowOf('two')))!;
    await drop('two');
    await replaceSums(ledger, (await compareSums(ledger, 'alice', { scanned: await scanned() }))!);
    await ledger.client.send(new PutItemCommand({ TableName: ledger.table, Item: row }));
    const compared = await compare();
    expect(await replaceSums(ledger, compared)).toBe(true);
    expect(await readGone(ledger, 'alice')).toEqual([]);
    expect(isInOrder(await compare())).toBe(true);
  });

  it('of a creator with a row that can not be read are told of nobody', async () => {
    await book('one', 'two');
    await set(rowOf('one'), { handle: { N: '7' } });
    expect((await scanRows(ledger, ['alice'])).get('alice')).toBeInstanceOf(ItemError);
  });

  it('are none of two rows of a number, and a scan alone tells that there are no more', async () => {
    await book('one', 'two');
    await set(rowOf('two'), { sequence: { N: '1' }, listSk: { S: '1'.padStart(16, '0') } });
    const compared = await compare();
    expect(compared).toMatchObject({ twice: [1n], isWhole: false, hidden: [[2n, 2n]] });
  });
});

describe('tables that the release before wrote', () => {
  /** Its booking puts the totals whole, without what it does not know. */
  const asBefore = () => update(keys.totals('alice'), 'REMOVE rev, #last', { '#last': 'last' });

  it('go on where they were', async () => {
    await book('one', 'two');
    await asBefore();
    expect(isInOrder(await compare())).toBe(true);
    await book('three');
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 3n, rev: 1n, last: 3n });
    await asBefore();
    await spoil('1');
    expect(await replaceSums(ledger, await compare())).toBe(true);
    expect(isInOrder(await compare())).toBe(true);
  });

  it('and that it writes meanwhile are noticed, by booking and by a rebuild', async () => {
    await book('one');
    const before = async () => {
      await bookTips(ledger, lease, { tips: [paid(invoice, 'rival')], quarantined: [] });
      await asBefore();
    };
    const compared = await compare();
    const rival = around(ledger, 'TransactWriteItemsCommand', { before });
    await bookTips(rival, lease, { tips: [paid(invoice, 'two')], quarantined: [] });
    expect(await replaceSums(ledger, compared)).toBe(false);
    const found = await compare();
    expect([isInOrder(found), found.counted.totals.count]).toEqual([true, 3n]);
  });
});

describe('booking and rebuilding at once', () => {
  it('a rebuild between a booking that read and its commit is not overwritten', async () => {
    await book('one', 'two');
    await spoil('1');
    const rebuilt: boolean[] = [];
    const before = async () => rebuilt.push(await replaceSums(ledger, await compare()));
    const rival = around(ledger, 'TransactWriteItemsCommand', { before });
    await bookTips(rival, lease, { tips: [paid(invoice, 'three')], quarantined: [] });
    expect(rebuilt).toEqual([true]);
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 3n, amountMsat: 3_000n });
  });

  it('leave the books right in whatever order their requests come, and give each number once', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom('book', 'book two', 'rebuild'), { minLength: 2, maxLength: 6 }),
        fc.boolean(),
        async (scheduler, works, before) => {
          const handle = `c${++run}`;
          await addCreator(ledger, { handle, name: handle }, NOW);
          const own = minted(handle, handle);
          await putRetiredInvoice(ledger, lease, own, NOW);
          const tips = (of: string, count: number) =>
            Array.from({ length: count }, (_, at) => paid(own, `${handle} ${of} ${at}`));
          await bookTips(ledger, lease, { tips: tips('first', 3), quarantined: [] });
          if (before) await update(keys.totals(handle), 'REMOVE rev, #last', { '#last': 'last' });
          await set(keys.totals(handle), { amountMsat: { N: '1' } });
          const send = async (command: never) => {
            await scheduler.schedule(Promise.resolve());
            return ledger.client.send(command);
          };
          const slow: Ledger = { ...ledger, client: { send } as never };
          const acts = works.map(async (work, at) => {
            if (work !== 'rebuild') {
              const some = tips(String(at), work === 'book' ? 1 : 2);
              await bookTips(slow, lease, { tips: some, quarantined: [] });
              return;
            }
            const compared = await compareSums(slow, handle);
            if (compared) await replaceSums(slow, compared);
          });
          await scheduler.waitFor(Promise.all(acts));
          const compared = (await compareSums(ledger, handle))!;
          const booked =
            3 + works.reduce((sum, work) => sum + ['rebuild', 'book', 'book two'].indexOf(work), 0);
          expect([compared.highest, compared.hidden, compared.twice]).toEqual([BigInt(booked), [], []]);
          // A sum may still be the wrong one of the beginning; no other is, and the last word mends it.
          const wrong = differences(compared);
          expect(wrong.map(({ kind }) => kind).filter((kind) => kind !== 'all tips')).toEqual([]);
          for (const { stated, counted } of wrong)
            expect([stated.count, counted.amountMsat - stated.amountMsat]).toEqual([counted.count, 2_999n]);
          await replaceSums(ledger, compared);
          expect(isInOrder((await compareSums(ledger, handle))!)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });
});
