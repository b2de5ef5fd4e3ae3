import { createHash } from 'node:crypto';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renewalOf } from '../../../connector/invoices/rotation.ts';
import { LndError } from '../../../connector/lnd/contract.ts';
import { WakeQueue } from '../../../shared/concurrency/wakeQueue.ts';
import {
  addCreator,
  addOption,
  type CurrentInvoice,
  closeCreator,
  dueMintRequests,
  moveHints,
  putMintRequest,
  readCreatorWithInvoice,
  readInvoice,
  readNode,
  readTip,
  readTotals,
  removeOption,
  requestMint,
  takeLease,
  WANT_HINT,
} from '../../../shared/ledger/index.ts';
import { keyItem, keys } from '../../../shared/ledger/keys.ts';
import { gather, LATER, NOW } from '../../shared/ledger/book.ts';
import { setIdOf } from '../played.ts';
import { spoilCreator } from '../spoil.ts';
import { openStage, type Stage, until } from '../stage.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
  stage.time.flow();
});

afterEach(() => stage.close());

const random = (length: number) => createHash('sha256').update('option').digest().subarray(0, length);
const current = async (optionId?: string): Promise<CurrentInvoice | undefined> =>
  (await readCreatorWithInvoice(stage.ledger, 'alice', optionId)).invoice;
const another = (than: { paymentAddr: string }) =>
  until(async () => {
    const now = await current();
    return now && now.paymentAddr !== than.paymentAddr ? now : undefined;
  });
const booked = (message: any) => until(() => readTip(stage.ledger, setIdOf(message)));
const minted = (connector: ReturnType<Stage['start']>) =>
  connector.lines.filter(({ text }) => text === 'minted').map(({ fields }) => fields.reason);
/** Until the connector looked at what is wanted a few times more. */
const looked = async () => {
  const since = stage.time.ms;
  await until(() => stage.time.ms > since + 6_500);
};
/** Want an invoice as another hand would: the epoch of who leads. */
async function want(due: Date) {
  const { epoch, holder } = (await readNode(stage.ledger, stage.lnd.node))!;
  const { optionId, handle } = (await current())!;
  await putMintRequest(
    stage.ledger,
    { node: stage.lnd.node, epoch, holder, home: true },
    { due, optionId, handle },
  );
}

async function started(more: Parameters<Stage['start']>[0] = {}) {
  const connector = stage.start(more);
  await connector.live();
  const invoice = (await until(() => current()))!;
  await until(() => stage.lnd.isListenedTo);
  return { connector, invoice };
}

describe('the time to replace an invoice', () => {
  it.each([
    ['a year', 365 * DAY_MS, 358 * DAY_MS],
    ['30 days', 30 * DAY_MS, 23 * DAY_MS],
    ['28 days', 28 * DAY_MS, 21 * DAY_MS],
    ['a day', DAY_MS, 18 * HOUR_MS],
    ['a minute', 60_000, 45_000],
  ])('is, for a life of %s, well before its end', (_, lifeMs, renewal) => {
    const createdAt = NOW;
    const expiresAt = new Date(NOW.getTime() + lifeMs);
    expect(renewalOf({ createdAt, expiresAt }).getTime() - NOW.getTime()).toBe(renewal);
  });
});

describe('an invoice is minted', () => {
  it('once for an option that has none, and a want that comes twice does nothing', async () => {
    const { connector, invoice } = await started();
    await want(NOW);
    await want(new Date(NOW.getTime() + 1));
    await until(async () => (await gather(dueMintRequests(stage.ledger, stage.time.clock()))).length === 0);
    expect(minted(connector)).toEqual(['none']);
    expect((await current())!.paymentAddr).toBe(invoice.paymentAddr);
    expect(stage.lnd.invoices).toHaveLength(1);
  });

  it('a week before the one before expires, and the option wants the next one then', async () => {
    const { connector, invoice } = await started({ expirySeconds: 30 * 86_400 });
    stage.time.jumpedMs = 22 * DAY_MS;
    await looked();
    expect(minted(connector)).toEqual(['none']);
    stage.time.jumpedMs = 23 * DAY_MS;
    const next = await another(invoice);
    await until(() => minted(connector).length === 2);
    expect(minted(connector)).toEqual(['none', 'expiry']);
    expect(next.expiresAt.getTime() - next.createdAt.getTime()).toBe(30 * DAY_MS);
    expect(await readInvoice(stage.ledger, invoice.paymentAddr)).toMatchObject({ status: 'retired' });
    const later = await gather(dueMintRequests(stage.ledger, LATER));
    expect(later.map(({ due }) => due)).toEqual([renewalOf(next)]);
  });

  it('of a fixed amount for a fixed option, and the page of the other is left as it is', async () => {
    const { invoice } = await started();
    const option = await addOption(
      stage.ledger,
      'alice',
      { label: 'Coffee', amountMsat: 3_000_000n },
      NOW,
      random,
    );
    const fixed = await until(() => current(option.id));
    expect(fixed).toMatchObject({ amountMsat: 3_000_000n, optionId: option.id });
    expect((await current())!.paymentAddr).toBe(invoice.paymentAddr);
  });

  it('at once when a hint says that one is wanted, and not before the next look without', async () => {
    const wakeMessages = new WakeQueue();
    await started({ wakeMessages });
    await looked();
    stage.time.halt();
    const before = stage.time.ms;
    const option = await addOption(stage.ledger, 'alice', { label: 'Tea', amountMsat: 5_000n }, NOW, random);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await current(option.id)).toBeUndefined();
    wakeMessages.push(WANT_HINT);
    expect(await until(() => current(option.id))).toMatchObject({ amountMsat: 5_000n });
    expect(stage.time.ms).toBe(before);
  });

  it('in place of a young one when its creator asks for it, and once', async () => {
    const { connector, invoice } = await started();
    const { handle, optionId, paymentAddr } = invoice;
    const ask = (ms: number) =>
      requestMint(stage.ledger, { handle, optionId, paymentAddr }, new Date(NOW.getTime() + ms));
    await Promise.all([ask(1), ask(2)]);
    const next = await another(invoice);
    await until(async () => (await gather(dueMintRequests(stage.ledger, stage.time.clock()))).length === 0);
    await looked();
    expect(minted(connector)).toEqual(['none', 'asked']);
    expect((await current())!.paymentAddr).toBe(next.paymentAddr);
    expect(await readInvoice(stage.ledger, paymentAddr)).toMatchObject({ status: 'retired' });
    await booked(stage.lnd.pay(stage.lnd.invoice(paymentAddr)));
  });

  it('never again for an option that was taken away: the last one retires, and is credited for ever', async () => {
    const { connector } = await started();
    const coffee = { label: 'Coffee', amountMsat: 3_000_000n };
    const option = await addOption(stage.ledger, 'alice', coffee, NOW, random);
    const invoice = await until(() => current(option.id));
    await removeOption(stage.ledger, 'alice', option.id, NOW);
    await until(async () => (await readInvoice(stage.ledger, invoice.paymentAddr))?.status === 'retired');
    await until(async () => (await gather(dueMintRequests(stage.ledger, stage.time.clock()))).length === 0);
    stage.time.jumpedMs = 359 * DAY_MS;
    await until(async () => (await gather(dueMintRequests(stage.ledger, stage.time.clock()))).length === 0);
    expect(minted(connector).filter((reason) => reason === 'none')).toHaveLength(2);
    const tip = await booked(stage.lnd.pay(stage.lnd.invoice(invoice.paymentAddr)));
    expect(tip).toMatchObject({ handle: 'alice', optionId: option.id });
    expect((await readTotals(stage.ledger, 'alice')).options.get(option.id)).toMatchObject({ count: 1n });
  });

  it('after so many payments, but not within an hour; the old one is credited for ever', async () => {
    const { connector, invoice } = await started({ rotateAfter: 5 });
    const old = stage.lnd.invoice(invoice.paymentAddr);
    for (let paid = 0; paid < 20; paid++) await booked(stage.lnd.pay(old));
    await looked();
    expect(minted(connector)).toEqual(['none']);
    stage.time.jumpedMs = HOUR_MS;
    const next = await another(invoice);
    await until(() => minted(connector).length === 2);
    expect(minted(connector)).toEqual(['none', 'payments']);
    await booked(stage.lnd.pay(old));
    await booked(stage.lnd.pay(stage.lnd.invoice(next.paymentAddr)));
    expect(await readInvoice(stage.ledger, old.paymentAddr)).toMatchObject({ status: 'retired', count: 21n });
    expect(await readInvoice(stage.ledger, next.paymentAddr)).toMatchObject({ status: 'current', count: 1n });
    expect((await readTotals(stage.ledger, 'alice')).count).toBe(22n);
    stage.time.jumpedMs = 3 * HOUR_MS;
    await looked();
    expect(minted(connector)).toEqual(['none', 'payments']);
  });

  it('after so many payments even when the want came before they were booked, and did nothing', async () => {
    const { connector, invoice } = await started({ rotateAfter: 10, rotateRestMs: 0 });
    const old = stage.lnd.invoice(invoice.paymentAddr);
    // The table is slower than lnd: what is heard is not booked yet when the want is looked at.
    for (let paid = 0; paid < 9; paid++) await booked(stage.lnd.pay(old));
    const bad = stage.lnd.message(old);
    bad.htlcs[0].amp.root_share.fill(7);
    stage.lnd.settle(bad);
    await until(() => connector.connector.health.setAside === 1);
    await looked();
    expect(minted(connector)).toEqual(['none']);
    for (let paid = 0; paid < 5; paid++) await booked(stage.lnd.pay(old));
    await another(invoice);
    await until(() => minted(connector).length === 2);
    expect(minted(connector)).toEqual(['none', 'payments']);
  });

  it('when lnd does not know the one before any more', async () => {
    const { connector, invoice } = await started();
    stage.lnd.forget(invoice.paymentAddr);
    await want(stage.time.clock());
    await another(invoice);
    await until(() => minted(connector).length === 2);
    expect(minted(connector)).toEqual(['none', 'gone']);
  });

  it('when the one before was cancelled at lnd, as the audit sees', async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    stage.lnd.cancelled.add(invoice.paymentAddr);
    stage.time.jumpedMs = 2 * HOUR_MS;
    // An audit begins each connection; the next one would be ten minutes away.
    const again = stage.start();
    await another(invoice);
    await until(() => minted(again).length === 1);
    expect(minted(again)).toEqual(['gone']);
    expect(again.alarms()).toEqual([]);
  });

  it('not for a creator who is closed; the want is dropped', async () => {
    const { connector, invoice } = await started();
    await closeCreator(stage.ledger, 'alice');
    stage.time.jumpedMs = 364 * DAY_MS;
    await until(async () => (await gather(dueMintRequests(stage.ledger, stage.time.clock()))).length === 0);
    expect(minted(connector)).toEqual(['none']);
    await booked(stage.lnd.pay(stage.lnd.invoice(invoice.paymentAddr)));
  });
});

describe('route hints', () => {
  it('are not missed where there are no unannounced channels', async () => {
    const { connector } = await started({ routeHints: true });
    stage.time.jumpedMs = 2 * HOUR_MS;
    await want(stage.time.clock());
    await looked();
    expect(minted(connector)).toEqual(['none']);
  });

  it('are wanted when there are unannounced channels, but not again and again where lnd gives none', async () => {
    const { connector, invoice } = await started({ routeHints: true });
    stage.lnd.channels.push(['123']);
    stage.time.jumpedMs = 2 * HOUR_MS;
    await want(stage.time.clock());
    await another(invoice);
    await until(() => minted(connector).length === 2);
    expect(minted(connector)).toEqual(['none', 'hints']);
    for (const hours of [4, 6, 8]) {
      stage.time.jumpedMs = hours * HOUR_MS;
      await want(stage.time.clock());
      await looked();
    }
    expect(minted(connector)).toEqual(['none', 'hints']);
    // With another channel it may be different.
    stage.lnd.channels.push(['124']);
    const now = (await current())!;
    await want(stage.time.clock());
    await another(now);
    await until(() => minted(connector).length === 3);
    expect(minted(connector)).toEqual(['none', 'hints', 'hints']);
  });
});

describe('an option whose invoice fails', () => {
  const refuse = (text: string, code = 2) => {
    stage.lnd.onMint = (memo) => {
      if (memo.includes('alice')) throw new LndError('addInvoice', { code, details: text });
    };
  };

  it('holds up no other, raises an alarm, and is tried again later and later', async () => {
    refuse('invoice amount 21000000 BTC is too large, max is 100000 BTC');
    await addCreator(stage.ledger, { handle: 'bobby', name: 'Bob' }, new Date(NOW.getTime() + 1));
    const connector = stage.start();
    await stage.current('bobby');
    await connector.live();
    expect(connector.alarms()).toMatchObject([{ alarm: 'mint-failed', handle: 'alice', waitMs: 60_000 }]);
    await looked();
    expect(connector.connector.health.alarms).toEqual({ 'mint-failed': 1 });
    await until(() => connector.connector.health.alarms['mint-failed'] === 2);
    expect(connector.alarms()[1]).toMatchObject({ waitMs: 120_000 });
    expect(stage.time.ms).toBeGreaterThanOrEqual(60_000);
    stage.lnd.onMint = () => {};
    await stage.current('alice');
  });

  it('is not blamed when it is lnd that is away: the connection is made anew', async () => {
    refuse('the RPC server is in the process of starting up, but not yet ready to accept calls');
    const connector = stage.start();
    await until(() => connector.has(/connecting again/));
    expect(connector.alarms()).toEqual([]);
    stage.lnd.onMint = () => {};
    await stage.current('alice');
  });

  it('holds up no other when the item of its creator can not be read', async () => {
    const { connector } = await started();
    // While nobody looks, or the item might be read before it is spoiled.
    await connector.stop();
    await addCreator(stage.ledger, { handle: 'spoiled', name: 'S' }, NOW);
    await spoilCreator(stage.ledger, 'spoiled');
    await addCreator(stage.ledger, { handle: 'bobby', name: 'Bob' }, new Date(NOW.getTime() + 1));
    const again = stage.start();
    await stage.current('bobby');
    expect(again.alarms()).toMatchObject([{ alarm: 'mint-failed', handle: 'spoiled' }]);
  });

  it('is not minted for again and again when the table does not take the invoice', async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    // The pointer is there, and the attribution that it points at is not: an item was lost.
    const seen = await readNode(stage.ledger, stage.lnd.node);
    const lease = (await takeLease(stage.ledger, {
      node: stage.lnd.node,
      network: 'regtest',
      holder: '',
      seen,
    }))!;
    const { mark } = (await stage.lnd.invoiceFrom(1n))!;
    await moveHints(stage.ledger, lease, { addIndex: 1n, addMark: mark });
    await stage.ledger.client.send(
      new DeleteItemCommand({ TableName: 'ampjar', Key: keyItem(keys.invoice(invoice.paymentAddr)) }),
    );
    stage.time.jumpedMs = 364 * DAY_MS;
    const again = stage.start();
    await again.live();
    await until(() => again.connector.health.alarms['mint-failed'] === 1);
    const count = stage.lnd.invoices.length;
    await looked();
    expect(stage.lnd.invoices.length).toBe(count);
  });
});
