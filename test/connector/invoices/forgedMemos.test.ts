import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimIn } from '../../../connector/invoices/memo.ts';
import type { Item } from '../../../shared/ledger/codec.ts';
import {
  addOption,
  assignNode,
  memoHolder,
  readInvoice,
  readMemoSecret,
  readQuarantine,
  readTip,
  readTotals,
  requestMint,
} from '../../../shared/ledger/index.ts';
import { keyItem, keys } from '../../../shared/ledger/keys.ts';
import { gather, scan } from '../../shared/ledger/book.ts';
import { memosOf, strangersMemos } from '../memos.ts';
import { PlayedLnd, setIdOf } from '../played.ts';
import { openStage, type Stage, until } from '../stage.ts';
import { awsError, tampered } from '../tampered.ts';

const HOUR_MS = 3_600_000;

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
  stage.time.flow();
});
afterEach(() => stage.close());

const listening = () => until(() => stage.lnd.isListenedTo);
const booked = (message: any) => until(() => readTip(stage.ledger, setIdOf(message)));
const isBooked = async (message: any) => (await readTip(stage.ledger, setIdOf(message))) !== undefined;
const quarantined = () => gather(readQuarantine(stage.ledger, stage.lnd.node));
const macOf = ({ memo }: { memo: string }) => claimIn(memo)!.proof!.mac;

async function started(more: Parameters<Stage['start']>[0] = {}) {
  const connector = stage.start(more);
  await connector.live();
  const invoice = await stage.current();
  await listening();
  return { connector, invoice };
}

/** Bring the table back to what a scan of it told before. */
async function restore(items: readonly Item[]) {
  const { client, table } = stage.ledger;
  for (const { pk, sk } of await scan(stage.ledger))
    await client.send(new DeleteItemCommand({ TableName: table, Key: { pk: pk!, sk: sk! } }));
  for (const item of items) await client.send(new PutItemCommand({ TableName: table, Item: item }));
}

/** As a release before left it: the memo at lnd has no MAC, and the table keeps none. */
async function madeBefore(invoice: Awaited<ReturnType<typeof started>>['invoice']) {
  const at = stage.lnd.invoices.indexOf(invoice);
  const old = { ...invoice, memo: invoice.memo.replace(/ \w+ [\w-]{12}\)$/, ')') };
  stage.lnd.invoices[at] = old;
  const Key = keyItem(keys.memo(macOf(invoice)));
  await stage.ledger.client.send(new DeleteItemCommand({ TableName: stage.ledger.table, Key }));
  return old;
}

describe('a payment to an invoice that someone else made at the node', () => {
  it.each<[string, (memo: string) => Promise<string> | string, RegExp]>([
    ['names an option, as anyone can read it', () => `mine (ampjar ${option()})`, /no MAC/],
    ['has a MAC that they made up', () => forged(stage.lnd.node), /MAC/],
    ['is that of a live code, word for word', (memo) => memo, /that of invoice/],
    ['is that of a live code, with other words before it', (memo) => memo.replace('alice', 'me'), /that of/],
    ['is what another node of the table writes', () => ofNode('03'), /MAC/],
  ])('is nobody’s here when its memo %s: one line, one count, and nothing kept', async (_, memo, reason) => {
    const { connector, invoice } = await started();
    const before = await scan(stage.ledger);
    const copy = await stage.lnd.mint(await memo(invoice.memo));
    const paid = [stage.lnd.pay(copy), stage.lnd.pay(copy, { amountMsat: 9_000n })];
    await booked(stage.lnd.pay(invoice, { amountMsat: 7_000n }));
    for (const each of paid) expect(await isBooked(each)).toBe(false);
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 1n, amountMsat: 7_000n });
    expect(await quarantined()).toEqual([]);
    const alarm = {
      alarm: 'memo-unverified',
      paymentAddr: copy.paymentAddr,
      reason: expect.stringMatching(reason),
    };
    expect(connector.alarms()).toEqual([alarm, alarm]);
    expect(connector.connector.health).toMatchObject({ setAside: 0, alarms: { 'memo-unverified': 2 } });
    // Nothing of theirs is in the table.
    const kinds = (items: readonly Item[]) => new Set(items.map(({ pk }) => pk!.S!.split('#')[0]));
    const more = (await scan(stage.ledger)).filter(
      ({ pk, sk }) => !before.some((was) => was.pk!.S === pk!.S && was.sk!.S === sk!.S),
    );
    expect([...kinds(more)].sort()).toEqual(['tip', 'totals']);
  });

  const option = () => claimIn(stage.lnd.invoices[0]!.memo)!.optionId;
  const forged = (node: string) =>
    strangersMemos(node).write('alice', { optionId: option() }, stage.time.clock()).memo;
  const ofNode = async (prefix: string) => {
    const memos = await memosOf(stage.ledger, `${prefix}${stage.lnd.node.slice(2, -1)}0`);
    return memos.write('alice', { optionId: option() }, stage.time.clock()).memo;
  };
});

describe('a memo is good for one invoice', () => {
  it('before a restore of the table that loses it, and after it', async () => {
    await memosOf(stage.ledger, stage.lnd.node);
    const then = await scan(stage.ledger);
    const { connector, invoice } = await started();
    const copy = await stage.lnd.mint(invoice.memo);
    const toCopy = [stage.lnd.pay(copy)];
    const paid = [stage.lnd.pay(invoice, { amountMsat: 7_000n })];
    await booked(paid[0]);
    expect(await memoHolder(stage.ledger, macOf(invoice))).toBe(invoice.paymentAddr);
    await connector.stop();

    await restore(then);
    // While nobody listens both are paid, the copy first.
    toCopy.push(stage.lnd.pay(copy));
    paid.push(stage.lnd.pay(invoice, { amountMsat: 8_000n }));
    const again = await started();
    expect(again.invoice.paymentAddr).toBe(invoice.paymentAddr);
    for (const each of paid) await booked(each);
    toCopy.push(stage.lnd.pay(copy));
    paid.push(stage.lnd.pay(invoice, { amountMsat: 9_000n }));
    for (const each of paid) await booked(each);
    for (const each of toCopy) expect(await isBooked(each)).toBe(false);
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 3n, amountMsat: 24_000n });
    expect(await readInvoice(stage.ledger, copy.paymentAddr)).toBeUndefined();
    expect(again.connector.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: { invoices: 1 },
        text: expect.stringMatching(/adopt lists/),
      }),
    );
    expect(await quarantined()).toEqual([]);
  });

  it('also when its creator is not there: it is kept for the first, and a copy is not set aside in its place', async () => {
    const memos = await memosOf(stage.ledger, stage.lnd.node);
    const { memo, mac } = memos.write('bobby', { optionId: 'abcdefghij' }, stage.time.clock());
    const lost = await stage.lnd.mint(memo);
    const copy = await stage.lnd.mint(memo);
    const { connector, invoice } = await started();
    expect(await memoHolder(stage.ledger, mac)).toBe(lost.paymentAddr);
    stage.lnd.pay(copy);
    const toLost = stage.lnd.pay(lost);
    await booked(stage.lnd.pay(invoice));
    expect(await quarantined()).toMatchObject([{ id: expect.stringContaining(setIdOf(toLost)) }]);
    expect(connector.connector.health.alarms).toMatchObject({ 'memo-unverified': 1, 'set-aside': 1 });
  });

  it('and so none of an option’s invoices has the memo of another, however fast they follow', async () => {
    const { connector, invoice } = await started();
    const { optionId } = claimIn(invoice.memo)!;
    // From here on no time passes.
    stage.time.halt();
    for (let at = 1; at <= 3; at++) {
      const { paymentAddr } = await stage.current();
      await requestMint(stage.ledger, { handle: 'alice', optionId, paymentAddr }, stage.time.clock());
      connector.connector.hint();
      await until(() => stage.lnd.invoices.length === at + 1);
      const minted = stage.lnd.invoices[at]!.paymentAddr;
      await until(async () => (await stage.current()).paymentAddr === minted);
    }
    const macs = stage.lnd.invoices.map(macOf);
    expect(new Set(macs).size).toBe(4);
    for (const [at, mac] of macs.entries())
      await until(async () => (await memoHolder(stage.ledger, mac)) === stage.lnd.invoices[at]!.paymentAddr);
    expect(connector.alarms()).toEqual([]);
  });
});

describe('the secret of a table', () => {
  it('is made before the first invoice is, and stays whoever leads', async () => {
    const seen: (Uint8Array | undefined)[] = [];
    stage.lnd.onMint = () => void readMemoSecret(stage.ledger).then((secret) => seen.push(secret));
    const { connector } = await started();
    await until(() => seen.length > 0);
    expect(seen[0]).toHaveLength(32);
    const standby = stage.start({ holder: 'two' });
    await until(() => standby.connector.health.state === 'standing by');
    await connector.stop();
    await standby.live();
    expect(await readMemoSecret(stage.ledger)).toEqual(seen[0]);
  });

  it('lets who takes over know what the one before had minted and not written', async () => {
    let dies = false;
    const over = tampered(stage.ledger, ({ name, input }) =>
      dies && name === 'TransactWriteItemsCommand' && JSON.stringify(input).includes('memo#')
        ? { fail: awsError('InternalServerError', 'away') }
        : undefined,
    );
    dies = true;
    const first = stage.start({ over });
    await until(() => stage.lnd.invoices.length === 1);
    await first.stop();
    const second = stage.start({ holder: 'two' });
    await second.live();
    expect((await stage.current()).paymentAddr).toBe(stage.lnd.invoices[0]!.paymentAddr);
    expect(stage.lnd.invoices).toHaveLength(1);
  });

  it('is one for two nodes, whose memos are not each other’s', async () => {
    const other = new PlayedLnd(() => stage.time.clock().getTime());
    const one = await started();
    const two = stage.start({ beside: other, holder: 'other', anotherNode: true });
    await two.live();
    const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
    const { id } = await addOption(
      stage.ledger,
      'alice',
      { label: 'Tea', amountMsat: 1_000n },
      stage.time.clock(),
      random,
    );
    await stage.current('alice', id);
    await assignNode(stage.ledger, 'alice', other.node, stage.time.clock());
    const there = await until(() => other.invoices.length === 2 && other.invoices);
    // Each copies what the other made.
    const copied = await other.mint(one.invoice.memo);
    const back = await stage.lnd.mint(there[0]!.memo);
    const forged = [other.pay(copied), stage.lnd.pay(back)];
    const good = [other.pay(there[0]!), stage.lnd.pay(one.invoice)];
    for (const each of good) await booked(each);
    for (const each of forged) expect(await isBooked(each)).toBe(false);
    for (const each of [one.connector, two])
      expect(each.connector.health.alarms).toEqual({ 'memo-unverified': 1 });
  });

  it('is gone with a table that is restored to before it: what was minted since is nobody’s, and told', async () => {
    const then = await scan(stage.ledger);
    const { connector, invoice } = await started();
    await booked(stage.lnd.pay(invoice));
    await connector.stop();
    await restore(then);
    const again = await started();
    expect(again.invoice.paymentAddr).not.toBe(invoice.paymentAddr);
    const late = stage.lnd.pay(invoice);
    await booked(stage.lnd.pay(again.invoice));
    expect(await isBooked(late)).toBe(false);
    expect(again.connector.alarms()).toMatchObject([
      { alarm: 'memo-unverified', paymentAddr: invoice.paymentAddr },
    ]);
    expect(again.connector.has(/npx ampjar connector adopt lists them/)).toBe(true);
  });
});

describe('a code of a release before, whose memo has no MAC', () => {
  it('goes on being booked, by its address', async () => {
    const first = await started();
    await first.connector.stop();
    const old = await madeBefore(first.invoice);
    const again = await started();
    expect(again.invoice).toEqual(old);
    await booked(stage.lnd.pay(old, { amountMsat: 6_000n }));
    await until(() => again.connector.connector.health.booked === 1);
    expect(again.connector.alarms()).toEqual([]);
    expect(again.connector.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('is not found again by a table that lost it', async () => {
    await memosOf(stage.ledger, stage.lnd.node);
    const then = await scan(stage.ledger);
    const first = await started();
    await first.connector.stop();
    const old = await madeBefore(first.invoice);
    await restore(then);
    const again = await started();
    expect(again.invoice.paymentAddr).not.toBe(old.paymentAddr);
    stage.lnd.pay(old);
    await booked(stage.lnd.pay(again.invoice));
    expect(again.connector.alarms()).toMatchObject([
      { alarm: 'memo-unverified', reason: 'its memo has no MAC' },
    ]);
  });
});

describe('a clock that is not lnd’s', () => {
  it.each([-2 * HOUR_MS, -HOUR_MS / 2, HOUR_MS / 2, 2 * HOUR_MS])(
    'of %i ms keeps no invoice from being found again',
    async (aheadMs) => {
      await memosOf(stage.ledger, stage.lnd.node);
      const then = await scan(stage.ledger);
      stage.lnd.aheadMs = aheadMs;
      const { connector, invoice } = await started();
      expect(connector.has(/more than an hour apart/)).toBe(Math.abs(aheadMs) > HOUR_MS);
      const paid = stage.lnd.pay(invoice);
      await booked(paid);
      await connector.stop();
      await restore(then);
      expect((await started()).invoice.paymentAddr).toBe(invoice.paymentAddr);
      await booked(paid);
    },
  );
});
