import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Item } from '../../shared/ledger/codec.ts';
import {
  addCreator,
  compareSums,
  differences,
  publicTipId,
  readFeed,
  readInvoices,
  readTip,
  readTotals,
} from '../../shared/ledger/index.ts';
import { NOW, scan } from '../shared/ledger/book.ts';
import { memosOf } from './memos.ts';
import { setIdOf } from './played.ts';
import { openStage, type Stage, until } from './stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
  stage.time.flow();
});

afterEach(() => stage.close());

/** Bring the table back to what a scan of it told before. */
async function restore(items: readonly Item[]) {
  const { client, table } = stage.ledger;
  for (const { pk, sk } of await scan(stage.ledger))
    await client.send(new DeleteItemCommand({ TableName: table, Key: { pk: pk!, sk: sk! } }));
  for (const item of items) await client.send(new PutItemCommand({ TableName: table, Item: item }));
}

const booked = (message: any) => until(() => readTip(stage.ledger, setIdOf(message)));
const feed = async () => (await readFeed(stage.ledger, 'alice', { limit: 100 })).tips.reverse();

describe('a table that was restored to an earlier time', () => {
  it('gets back what it lost: invoices by their memo, payments by the audit, ids and order as they were', async () => {
    const first = stage.start();
    await first.live();
    const invoice = await stage.current();
    await until(() => stage.lnd.isListenedTo);
    for (let at = 0; at < 3; at++) await booked(stage.lnd.pay(invoice));
    await first.stop();
    const then = await scan(stage.ledger);

    const second = stage.start({ rotateAfter: 5, rotateRestMs: 0 });
    await second.live();
    await until(() => stage.lnd.isListenedTo);
    for (let at = 0; at < 4; at++) await booked(stage.lnd.pay(invoice, { amountMsat: 2_000n }));
    const next = await until(async () => {
      const now = await stage.current();
      return now.paymentAddr !== invoice.paymentAddr ? now : undefined;
    });
    for (let at = 0; at < 5; at++) await booked(stage.lnd.pay(next, { amountMsat: 3_000n, shards: 2 }));
    await addCreator(stage.ledger, { handle: 'bobby', name: 'Bob' }, NOW);
    const bobs = await stage.current('bobby');
    const toBob = stage.lnd.pay(bobs);
    await booked(toBob);
    await second.stop();
    const before = await feed();
    expect(before).toHaveLength(12);

    await restore(then);
    expect(await feed()).toHaveLength(3);
    const third = stage.start();
    await third.live();
    await until(async () => (await feed()).length === 12);
    const after = await feed();
    expect(after.map(({ sequence }) => sequence)).toEqual(before.map((_, at) => BigInt(at + 1)));
    expect(after).toEqual(before);
    expect(after.map(publicTipId)).toEqual(before.map(publicTipId));
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 12n, amountMsat: 26_000n });
    expect(differences((await compareSums(stage.ledger, 'alice'))!)).toEqual([]);
    // The table knows the older invoice as the current one, so the newer is only credited.
    expect(await readInvoices(stage.ledger, [invoice.paymentAddr, next.paymentAddr])).toMatchObject([
      { status: 'current', count: 7n },
      { status: 'retired', count: 5n },
    ]);

    // Bob is not there any more: his invoice can't be attributed, and a payment to it is kept for an operator.
    expect(await readTip(stage.ledger, setIdOf(toBob))).toBeUndefined();
    stage.lnd.pay(bobs);
    await until(() => third.connector.health.alarms['set-aside'] === 1);
  });

  it('hands out an invoice that it had minted and lost, when the option has none', async () => {
    await memosOf(stage.ledger, stage.lnd.node);
    const empty = await scan(stage.ledger);
    const first = stage.start();
    await first.live();
    const invoice = await stage.current();
    await until(() => stage.lnd.isListenedTo);
    const payment = stage.lnd.pay(invoice);
    await booked(payment);
    await first.stop();
    await restore(empty);
    await stage.start().live();
    expect((await stage.current()).paymentAddr).toBe(invoice.paymentAddr);
    expect(await booked(payment)).toMatchObject({ sequence: 1n, handle: 'alice' });
    expect(stage.lnd.invoices).toHaveLength(1);
  });
});
