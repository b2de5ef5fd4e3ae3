import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AmpAudit, TURN_MS, TURNS } from '../../../connector/audit/ampAudit.ts';
import { NO_DISCREPANCIES } from '../../../connector/audit/audit.ts';
import { Alarms } from '../../../connector/health/alarms.ts';
import type { SettledPayment, Unreadable } from '../../../connector/lnd/contract.ts';
import {
  fingerprint,
  type Ledger,
  openOptionId,
  putRetiredInvoice,
  readFeed,
  readInvoices,
  readNode,
  readQuarantine,
  readTip,
  readTotals,
  takeLease,
} from '../../../shared/ledger/index.ts';
import { type Key, keyItem, keys } from '../../../shared/ledger/keys.ts';
import { gather, LATER } from '../../shared/ledger/book.ts';
import { memosOf } from '../memos.ts';
import { indexOf, setIdOf } from '../played.ts';
import { openLog, openStage, type Stage, until } from '../stage.ts';
import { tampered } from '../tampered.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
  stage.time.flow();
});

afterEach(() => stage.close());

const feed = async (handle = 'alice') => (await readFeed(stage.ledger, handle, { limit: 1000 })).tips;
const booked = (message: any) => until(() => readTip(stage.ledger, setIdOf(message)));
/** Settled, and not told: in lnd's books alone. */
const unheard = (message: any) => {
  stage.lnd.books.push(message);
  return message;
};

/** A connector that listens, and alice's invoice. */
async function started(more: Parameters<Stage['start']>[0] = {}) {
  const connector = stage.start(more);
  await connector.live();
  const invoice = await stage.current();
  await until(() => stage.lnd.isListenedTo);
  return { connector, invoice };
}

/** Pay so many and wait until all are booked. */
async function paid(invoice: Awaited<ReturnType<typeof started>>['invoice'], count: number) {
  const messages = Array.from({ length: count }, () => stage.lnd.pay(invoice));
  for (const message of messages) await booked(message);
  return messages;
}

/** Pay so many, and more until lnd's order is known, so that the checkpoint is at the last one. @returns how many */
async function checkpointed(invoice: Awaited<ReturnType<typeof started>>['invoice'], least: number) {
  for (let count = least; ; count++) {
    await paid(invoice, count === least ? least : 1);
    if ((await stage.checkpoint()) === BigInt(count)) return count;
    // Nothing new for a while is what makes it known.
    const since = stage.time.ms;
    await until(() => stage.time.ms > since + 10_000);
  }
}

describe('a connection', () => {
  it("books what nobody was told of, with its records, in lnd's order", async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    stage.lnd.setIndex(10n);
    const messages = [1n, 2n, 3n, 4n, 5n].map((sat) =>
      stage.lnd.message(invoice, { amountMsat: sat * 1_000n, shards: 2 }),
    );
    for (const at of [3, 0, 4, 2, 1]) unheard(messages[at]);
    const again = stage.start();
    await again.live();
    await until(() => again.connector.health.booked === 5);
    expect((await feed()).reverse().map(({ setId, sequence, shards }) => [setId, sequence, shards])).toEqual(
      messages.map((message, at) => [setIdOf(message), BigInt(at + 1), 2]),
    );
    expect(again.connector.health).toMatchObject({ drift: 5, alarms: { missed: 5 } });
    expect(again.alarms()[0]).toEqual({
      alarm: 'missed',
      paymentAddr: invoice.paymentAddr,
      settleIndex: indexOf(messages[0]).toString(),
    });
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 5n, amountMsat: 15_000n });
  });

  it('finds the settlement with index 1, which lnd never replays, and finds nothing wrong with it', async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    const first = stage.lnd.message(invoice);
    expect(indexOf(first)).toBe(1n);
    stage.lnd.books.push(first);
    stage.lnd.replayed.push(first);
    const again = stage.start();
    await again.live();
    await booked(first);
    expect(stage.lnd.subscribed).toEqual([1n, 0n, 1n, 0n]);
    expect(again.connector.health).toMatchObject({ drift: 0, alarms: {} });
  });

  it.each([0n, 1n, 40n])(
    'that never booked takes what comes afterwards for a backlog, from index %i on',
    async (before) => {
      for (let index = 1n; index <= before; index++) {
        const others = await stage.lnd.mint('rent');
        stage.lnd.setIndex(index - 1n);
        stage.lnd.settle(stage.lnd.message(others));
      }
      const { connector, invoice } = await started();
      expect(await stage.checkpoint()).toBe(before);
      await connector.stop();
      const meanwhile = Array.from({ length: 20 }, () => stage.lnd.pay(invoice));
      const again = stage.start();
      await again.live();
      for (const message of meanwhile) await booked(message);
      await until(() => again.connector.health.booked === 20);
      expect(again.connector.health).toMatchObject({ booked: 20, drift: 0, alarms: {} });
      expect(stage.lnd.lookedUp).toBe(before === 0n ? 1 : 0);
    },
  );

  it('hears all anew when a first start was cut short, or found invoices of ours', async () => {
    const memos = await memosOf(stage.ledger, stage.lnd.node);
    const { memo } = memos.write('alice', { optionId: openOptionId('alice') }, stage.time.clock());
    const lost = await stage.lnd.mint(memo);
    stage.lnd.setIndex(5n);
    const paidBefore = stage.lnd.pay(lost);
    const connector = stage.start();
    await connector.live();
    await booked(paidBefore);
    expect(stage.lnd.subscribed).toEqual([1n, 0n]);
    await until(() => connector.connector.health.booked === 1);
    expect(connector.connector.health).toMatchObject({ booked: 1, drift: 0, alarms: {} });
  });

  it('does not call missing what its subscription is about to bring', async () => {
    const { connector, invoice } = await started();
    await checkpointed(invoice, 3);
    await connector.stop();
    const meanwhile = Array.from({ length: 20 }, () => stage.lnd.pay(invoice));
    const again = stage.start();
    await again.live();
    for (const message of meanwhile) await booked(message);
    expect(again.connector.health).toMatchObject({ drift: 0, alarms: {} });
    expect(stage.lnd.lookedUp).toBe(0);
  });

  it('begins one below the checkpoint, for lnd skips what follows a missing index', async () => {
    const { connector, invoice } = await started();
    const count = await checkpointed(invoice, 4);
    await connector.stop();
    await stage.start().live();
    expect(stage.lnd.subscribed.at(-1)).toBe(BigInt(count - 1));
  });

  it('does not call missing what was set aside', async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    stage.lnd.setIndex(10n);
    const bad = stage.lnd.message(invoice);
    bad.htlcs[0].amp.root_share.fill(7);
    unheard(bad);
    const first = stage.start();
    await first.live();
    await until(async () => (await gather(readQuarantine(stage.ledger, stage.lnd.node))).length === 1);
    expect(first.connector.health.drift).toBe(1);
    await first.stop();
    const second = stage.start();
    await second.live();
    expect(second.connector.health).toMatchObject({ drift: 0, alarms: {} });
  });

  it('tells of tips that lnd does not know, and leaves them', async () => {
    const { connector, invoice } = await started();
    const messages = await paid(invoice, 3);
    await connector.stop();
    stage.lnd.books.splice(0, 2);
    stage.lnd.replayed.splice(0, 2);
    const again = stage.start();
    await again.live();
    expect(again.alarms()).toMatchObject([
      { alarm: 'sets-gone', paymentAddr: invoice.paymentAddr, booked: '3', atLnd: 1 },
    ]);
    expect(again.has('audit: table and lnd differ')).toBe(true);
    for (const message of messages) expect(await booked(message)).toBeDefined();
    expect((await readTotals(stage.ledger, 'alice')).count).toBe(3n);
  });

  it('replaces a current invoice that lnd does not know, and goes on crediting it', async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    stage.lnd.forget(invoice.paymentAddr);
    const again = stage.start();
    await again.live();
    await until(() => again.has('minted'));
    const next = await until(async () => {
      const now = await stage.current();
      return now && now.paymentAddr !== invoice.paymentAddr ? now : undefined;
    });
    expect(again.alarms()).toMatchObject([{ alarm: 'invoice-gone', paymentAddr: invoice.paymentAddr }]);
    expect(await readInvoices(stage.ledger, [invoice.paymentAddr, next.paymentAddr])).toMatchObject([
      { status: 'retired' },
      { status: 'current' },
    ]);
    await booked(stage.lnd.pay(invoice));
  });
});

describe('indexes of lnd', () => {
  it('that are used again raise an alarm and an audit at once, and the payments are booked', async () => {
    const { connector, invoice } = await started();
    const count = await checkpointed(invoice, 5);
    await connector.stop();
    const again = stage.start();
    await again.live();
    await until(() => stage.lnd.isListenedTo);
    const lost = unheard(stage.lnd.message(invoice));
    stage.lnd.setIndex(1n);
    const reused = stage.lnd.pay(invoice);
    expect(indexOf(reused)).toBe(2n);
    await booked(reused);
    await booked(lost);
    expect(again.alarms()).toMatchObject([
      { alarm: 'index-reused', checkpoint: String(count), settleIndex: '2' },
      { alarm: 'missed' },
    ]);
    expect(stage.time.ms).toBeLessThan(600_000);
  });

  it('that are missing raise an alarm and an audit at once, which finds what was skipped', async () => {
    const { connector, invoice } = await started();
    const count = await checkpointed(invoice, 2);
    const skipped = unheard(stage.lnd.message(invoice));
    const next = stage.lnd.pay(invoice);
    await booked(next);
    await booked(skipped);
    expect(connector.alarms()).toMatchObject([
      { alarm: 'index-gap', after: String(count), settleIndex: String(count + 2) },
      { alarm: 'missed', settleIndex: String(count + 1) },
    ]);
    expect(stage.time.ms).toBeLessThan(600_000);
  });

  it('with gaps that hold nothing of ours stop nothing', async () => {
    const { connector, invoice } = await started();
    await checkpointed(invoice, 2);
    stage.lnd.setIndex(100_000n);
    await booked(stage.lnd.pay(invoice));
    await until(async () => (await stage.checkpoint()) === 100_001n);
    expect(connector.connector.health.alarms).toEqual({ 'index-gap': 1 });
  });
});

/** An audit by itself, on a table whose read keys are counted. */
async function openAudit(over: Ledger = stage.ledger) {
  const read = { keys: 0 };
  const found: (SettledPayment | Unreadable)[] = [];
  const counting = tampered(over, ({ name, input }) => {
    if (name === 'BatchGetItemCommand')
      read.keys += Object.values<any>(input.RequestItems).reduce((sum, { Keys }) => sum + Keys.length, 0);
    return undefined;
  });
  const logged = openLog();
  const audit = new AmpAudit({
    ledger: counting,
    lnd: stage.lnd,
    alarms: new Alarms(logged.log),
    node: stage.lnd.node,
    caughtUp: async () => {},
    found: async (told) => void found.push(told),
    gone: async () => {},
  });
  return { audit, read, found, alarms: logged.alarms };
}

/** A moment at which an audit does not read the rows of an invoice whose sums agree. */
const notTheTurnOf = (paymentAddr: string) => {
  const now = stage.time.clock().getTime();
  const turn = (at: number) => BigInt(Math.floor(at / TURN_MS) % TURNS);
  const its = fingerprint(paymentAddr) % BigInt(TURNS);
  return new Date(turn(now) === its ? now + TURN_MS : now);
};

describe('an audit', () => {
  it('of an invoice on which table and lnd agree reads no row', async () => {
    const { connector, invoice } = await started();
    await paid(invoice, 300);
    await connector.stop();
    const { audit, read } = await openAudit();
    expect((await audit.run(notTheTurnOf(invoice.paymentAddr), undefined)).drift).toEqual({
      ...NO_DISCREPANCIES,
      invoices: 1,
    });
    expect(read.keys).toBe(0);
  });

  it('of a busy invoice that differs again reads the rows that came since, and not all again', async () => {
    const { connector, invoice } = await started();
    await paid(invoice, 300);
    // One that no booking will mend: the counts differ from now on.
    const bad = stage.lnd.message(invoice);
    bad.htlcs[0].amp.root_share.fill(7);
    stage.lnd.settle(bad);
    await until(() => connector.connector.health.setAside === 1);
    const { audit, read, found } = await openAudit();
    await audit.run(stage.time.clock(), undefined);
    expect(read.keys).toBeGreaterThanOrEqual(301);
    read.keys = 0;
    await paid(invoice, 10);
    await audit.run(stage.time.clock(), undefined);
    expect(read.keys).toBeLessThanOrEqual(11);
    expect(found).toEqual([]);
  });

  it('reads all again when lnd tells of other sets than before', async () => {
    const { connector, invoice } = await started();
    await paid(invoice, 20);
    const bad = stage.lnd.message(invoice);
    bad.htlcs[0].amp.root_share.fill(7);
    stage.lnd.settle(bad);
    await until(() => connector.connector.health.setAside === 1);
    await connector.stop();
    const { audit, found } = await openAudit();
    await audit.run(stage.time.clock(), undefined);
    stage.lnd.setIndex(3n);
    const late = unheard(stage.lnd.message(invoice));
    await audit.run(stage.time.clock(), undefined);
    expect(found).toMatchObject([{ settlement: { setId: setIdOf(late) } }]);
  });

  it('finds a set that stands in for another, when number and sum agree', async () => {
    const { connector, invoice } = await started();
    const [first, gone] = await paid(invoice, 2);
    await connector.stop();
    stage.lnd.books.splice(stage.lnd.books.indexOf(gone), 1);
    const other = unheard(stage.lnd.message(invoice));
    const { audit, found } = await openAudit();
    const { drift } = await audit.run(stage.time.clock(), undefined);
    expect(found).toMatchObject([{ settlement: { setId: setIdOf(other) } }]);
    expect(drift).toMatchObject({ missingSets: 1, missingMsat: 1_000n, surplusSets: 1 });
    expect(await booked(first)).toBeDefined();
  });

  /** Gives an item of the table another value of a number. */
  const add = async (key: Key, attribute: string, by: bigint) => {
    const { client, table } = stage.ledger;
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: keyItem(key),
        UpdateExpression: 'ADD #attribute :by',
        ExpressionAttributeNames: { '#attribute': attribute },
        ExpressionAttributeValues: { ':by': { N: by.toString() } },
      }),
    );
  };

  describe.each([1n, -1n])('of a table that says %i', (by) => {
    it.each<[string, (addr: string, setId: string) => [Key, string], object]>([
      ['msat more of an invoice', (addr) => [keys.invoice(addr), 'receivedMsat'], { differing: 1 }],
      ['tips more of an invoice', (addr) => [keys.invoice(addr), 'count'], { differing: 1 }],
      ['more of its fingerprint', (addr) => [keys.invoice(addr), 'setSum'], { differing: 1 }],
      ['msat more of a tip', (_, setId) => [keys.tip(setId, stage.lnd.node), 'amountMsat'], { differing: 1 }],
    ])('%s tells of it, and of nothing else', async (_, what, expected) => {
      const { connector, invoice } = await started();
      const [one] = await paid(invoice, 3);
      await connector.stop();
      const { audit, found, alarms } = await openAudit();
      expect(await audit.runAll(() => {})).toEqual({ ...NO_DISCREPANCIES, invoices: 1 });
      const [key, attribute] = what(invoice.paymentAddr, setIdOf(one));
      await add(key, attribute, by);
      expect(await audit.runAll(() => {})).toEqual({ ...NO_DISCREPANCIES, invoices: 1, ...expected });
      expect(alarms()).toMatchObject([{ alarm: 'sums-differ', paymentAddr: invoice.paymentAddr }]);
      expect(found).toEqual([]);
      // The audits of a connector come to it within a day.
      let differing = 0;
      for (let turn = 0; turn < TURNS; turn++) {
        const now = new Date(stage.time.clock().getTime() + turn * TURN_MS);
        differing += (await audit.run(now, undefined)).drift.differing;
      }
      expect(differing).toBeGreaterThanOrEqual(1);
      await add(key, attribute, -by);
      expect(await audit.runAll(() => {})).toEqual({ ...NO_DISCREPANCIES, invoices: 1 });
    });
  });

  it('finds a payment of another amount than is booked, when the numbers agree', async () => {
    const { connector, invoice } = await started();
    const [one] = await paid(invoice, 1);
    await connector.stop();
    const [, state] = Object.entries<any>(one.amp_invoice_state)[0]!;
    state.amt_paid_msat = '999';
    const { audit, alarms } = await openAudit();
    const { drift } = await audit.run(stage.time.clock(), undefined);
    expect(drift).toMatchObject({ surplusSets: 0, missingSets: 0 });
    expect(drift.differing).toBeGreaterThanOrEqual(1);
    expect(alarms()).toContainEqual({
      alarm: 'sums-differ',
      paymentAddr: invoice.paymentAddr,
      settleIndex: '1',
      bookedMsat: '1000',
      atLndMsat: '999',
    });
  });

  it('of an invoice with a set that is set aside reads its rows once, and not each time', async () => {
    const { connector, invoice } = await started();
    await paid(invoice, 20);
    const bad = stage.lnd.message(invoice);
    bad.htlcs[0].amp.root_share.fill(7);
    stage.lnd.settle(bad);
    await until(() => connector.connector.health.setAside === 1);
    await connector.stop();
    const { audit, read } = await openAudit();
    const now = notTheTurnOf(invoice.paymentAddr);
    expect((await audit.run(now, undefined)).drift).toEqual({ ...NO_DISCREPANCIES, invoices: 1 });
    expect(read.keys).toBeGreaterThan(20);
    read.keys = 0;
    expect((await audit.run(now, undefined)).drift).toEqual({ ...NO_DISCREPANCIES, invoices: 1 });
    expect(read.keys).toBe(0);
  });

  it('looks at old retired invoices by turns, and at all of them within a bounded number of runs', async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    const seen = await readNode(stage.ledger, stage.lnd.node);
    const lease = (await takeLease(stage.ledger, {
      node: stage.lnd.node,
      network: 'regtest',
      holder: 'test',
      seen,
    }))!;
    const longAgo = stage.time.clock().getTime() - 30 * 86_400_000;
    const [known] = await readInvoices(stage.ledger, [invoice.paymentAddr]);
    const old: string[] = [];
    for (let at = 0; at < 250; at++) {
      const minted = await stage.lnd.mint(`old ${at}`);
      old.push(minted.paymentAddr);
      const { status: _, count: __, receivedMsat: ___, ...fields } = known!;
      // Some in the same moment.
      const retired = new Date(longAgo + Math.floor(at / 3) * 60_000);
      await putRetiredInvoice(stage.ledger, lease, { ...fields, ...minted, expiresAt: LATER }, retired);
    }
    const { audit } = await openAudit();
    let cursor: string | undefined;
    const looked: Set<string>[] = [];
    for (let run = 0; run < 3; run++) {
      stage.lnd.lookedAt.splice(0);
      ({ cursor } = await audit.run(stage.time.clock(), cursor));
      // The one that is handed out is looked at each time.
      expect(stage.lnd.lookedAt[0]).toBe(invoice.paymentAddr);
      // An invoice whose rows are read too, in its turn, is looked at a second time: which ones follows from their addresses.
      const distinct = new Set(stage.lnd.lookedAt);
      expect(distinct.size).toBeLessThanOrEqual(103);
      looked.push(distinct);
    }
    expect(old.every((addr) => looked.some((run) => run.has(addr)))).toBe(true);
    stage.lnd.lookedAt.splice(0);
    await audit.run(stage.time.clock(), cursor);
    expect(stage.lnd.lookedAt).toContain(old[0]);
  });

  it('looks at invoices that were retired lately each time if they were paid, and by turns if never', async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    const seen = await readNode(stage.ledger, stage.lnd.node);
    const by = { node: stage.lnd.node, network: 'regtest', holder: 'test', seen };
    const lease = (await takeLease(stage.ledger, by))!;
    const [known] = await readInvoices(stage.ledger, [invoice.paymentAddr]);
    const { status: _, count: __, receivedMsat: ___, ...fields } = known!;
    const retiredAgo = async (name: string, ms: number) => {
      const minted = await stage.lnd.mint(name);
      const retired = new Date(stage.time.clock().getTime() - ms);
      await putRetiredInvoice(stage.ledger, lease, { ...fields, ...minted, expiresAt: LATER }, retired);
      return minted.paymentAddr;
    };
    const unpaid: string[] = [];
    for (let at = 0; at < 150; at++)
      unpaid.push(await retiredAgo(`unpaid ${at}`, 2 * 86_400_000 + at * 60_000));
    const fresh = await retiredAgo('fresh', 600_000);
    const busy = await retiredAgo('busy', 86_400_000);
    const late = { ...invoice, ...fields, paymentAddr: unpaid[149]! };
    const { audit, found } = await openAudit();
    await stage.ledger.client.send(
      new UpdateItemCommand({
        TableName: stage.ledger.table,
        Key: keyItem(keys.invoice(busy)),
        UpdateExpression: 'SET #count = :one',
        ExpressionAttributeNames: { '#count': 'count' },
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );
    unheard(stage.lnd.message(late));
    let cursor: string | undefined;
    const looked = new Set<string>();
    for (let run = 0; run < 2; run++) {
      stage.lnd.lookedAt.splice(0);
      ({ cursor } = await audit.run(stage.time.clock(), cursor));
      expect(stage.lnd.lookedAt).toEqual(expect.arrayContaining([invoice.paymentAddr, fresh, busy]));
      expect(new Set(stage.lnd.lookedAt).size).toBeLessThanOrEqual(104);
      for (const addr of stage.lnd.lookedAt) looked.add(addr);
    }
    expect(unpaid.filter((addr) => !looked.has(addr))).toEqual([]);
    expect(found).toHaveLength(1);
  });

  it('does not stay for ever at more invoices than a turn has that were retired in one moment', async () => {
    const { connector, invoice } = await started();
    await connector.stop();
    const seen = await readNode(stage.ledger, stage.lnd.node);
    const lease = (await takeLease(stage.ledger, {
      node: stage.lnd.node,
      network: 'regtest',
      holder: 'test',
      seen,
    }))!;
    const retired = new Date(stage.time.clock().getTime() - 30 * 86_400_000);
    const [known] = await readInvoices(stage.ledger, [invoice.paymentAddr]);
    for (let at = 0; at < 230; at++) {
      const minted = await stage.lnd.mint(`old ${at}`);
      const { status: _, count: __, receivedMsat: ___, ...fields } = known!;
      await putRetiredInvoice(stage.ledger, lease, { ...fields, ...minted, expiresAt: LATER }, retired);
    }
    const { audit } = await openAudit();
    let cursor: string | undefined;
    for (let run = 0; run < 3; run++) ({ cursor } = await audit.run(stage.time.clock(), cursor));
    expect(new Set(stage.lnd.lookedAt).size).toBe(231);
  });
});
