import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataFolder } from '../../../local/folder.ts';
import type { Resolution } from '../../../local/node/channel.ts';
import { type Invoice, InvoiceBook } from '../../../local/node/invoices.ts';
import { encodePayload } from '../../../local/node/onion.ts';
import { Receiver } from '../../../local/node/receiver.ts';
import { NodeStore } from '../../../local/node/store.ts';
import { type Shard, splitPayment } from '../../../shared/amp/index.ts';

let dir: string;
let store: NodeStore;
let book: InvoiceBook;
let receiver: Receiver;
let invoice: Invoice;
const clock = { now: 0 };

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-held-'));
  store = new NodeStore(DataFolder.take(dir));
  clock.now = 1_795_467_507_000;
  book = new InvoiceBook(store, () => clock.now);
  receiver = new Receiver(book, store, () => clock.now);
  const { invoice: added, stored } = book.add({
    kind: 'amp',
    paymentHash: randomBytes(32),
    paymentAddr: randomBytes(32),
    memo: '',
    valueMsat: 0n,
    expirySeconds: 3600,
    cltvExpiry: 40,
    paymentRequest: 'lnbcrt1',
  });
  await stored;
  invoice = added;
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

const split = (shards: number): Shard[] =>
  splitPayment({
    totalMsat: 10_000n,
    shards,
    root: randomBytes(32),
    setId: randomBytes(32),
    paymentAddr: invoice.paymentAddr,
    random: randomBytes,
  });

const send = ({ amountMsat, amp, mpp, hash }: Shard): Promise<Resolution> => {
  const onion = encodePayload({ amountMsat, cltvExpiry: 1000, amp, mpp, customRecords: new Map() });
  return receiver.receive({ paymentHash: hash, amountMsat, cltvExpiry: 1000, onion });
};

/** What has come of promises by now: nothing for those that are pending. */
const now = async (resolutions: Promise<Resolution>[]): Promise<(Resolution | undefined)[]> =>
  Promise.all(resolutions.map((each) => Promise.race([each, Promise.resolve(undefined)])));

const refused = { failure: 'INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS' };

describe('a set that is not whole', () => {
  test('is held, shown as accepted and counted, and no preimage leaves', async () => {
    const [first, second, third] = split(3);
    const held = [send(first!), send(second!)];
    await store.flushed();
    expect(await now(held)).toEqual([undefined, undefined]);
    expect(invoice.heldMsat).toBe(6_667n);
    expect(store.lastSettleIndex()).toBe(0);
    const [a, b, c] = await Promise.all([...held, send(third!)]);
    for (const each of [a, b, c]) expect(each).toHaveProperty('preimage');
    expect(invoice).toMatchObject({ heldMsat: 0n, settledMsat: 10_000n, settleIndex: 1 });
  });

  test('is sent back after two minutes', async () => {
    const held = split(2).slice(1).map(send);
    clock.now += 119_000;
    receiver.expireHeld([]);
    expect(await now(held)).toEqual([undefined]);
    clock.now += 2_000;
    receiver.expireHeld([]);
    expect(await Promise.all(held)).toEqual([{ failure: 'MPP_TIMEOUT' }]);
    expect(invoice.heldMsat).toBe(0n);
  });

  test('is sent back when its invoice is canceled, or the node stops', async () => {
    const held = split(2).slice(1).map(send);
    receiver.failHeld(invoice, 'INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS');
    expect(await Promise.all(held)).toEqual([refused]);
    const more = split(2).slice(1).map(send);
    await receiver.stop();
    expect(await Promise.all(more)).toEqual([{ failure: 'TEMPORARY_CHANNEL_FAILURE' }]);
    expect(await send(split(1)[0]!)).toEqual({ failure: 'TEMPORARY_CHANNEL_FAILURE' });
  });

  test('keeps waiting beside an HTLC that disagrees on the total', async () => {
    const [first, second] = split(2);
    const held = send(first!);
    const other = { ...second!, mpp: { ...second!.mpp, totalMsat: 20_000n } };
    expect(await send(other)).toEqual(refused);
    expect(await Promise.all([held, send(second!)])).toHaveLength(2);
    expect(invoice.settledMsat).toBe(10_000n);
  });
});

test('a set whose hashes do not follow from its shares is sent back whole, and the invoice stays open', async () => {
  const [first, second] = split(2);
  const lied = { ...second!, hash: randomBytes(32) };
  expect(await Promise.all([send(first!), send(lied)])).toEqual([refused, refused]);
  expect(invoice).toMatchObject({ heldMsat: 0n, settledMsat: 0n });
  expect(await send(split(1)[0]!)).toHaveProperty('preimage');
});

test('a settlement is on disk before its preimage leaves', async () => {
  const [shard] = split(1);
  let onDisk = 0;
  const preimage = send(shard!).then((resolution) => {
    onDisk = store.lastSettleIndex();
    return resolution;
  });
  expect(store.lastSettleIndex()).toBe(0);
  expect(await preimage).toHaveProperty('preimage');
  expect(onDisk).toBe(1);
});

test.each([
  ['that is no TLV stream', Buffer.from('ff', 'hex'), 'INVALID_ONION_PAYLOAD'],
  ['that promises more than comes', 'amount', 'FINAL_INCORRECT_HTLC_AMOUNT'],
  ['that promises another expiry', 'expiry', 'FINAL_INCORRECT_CLTV_EXPIRY'],
])('a payload %s is refused', async (_, payload, failure) => {
  const [shard] = split(1);
  const { amountMsat, amp, mpp, hash } = shard!;
  const told = {
    amountMsat: payload === 'amount' ? amountMsat + 1n : amountMsat,
    cltvExpiry: payload === 'expiry' ? 1001 : 1000,
  };
  const written = encodePayload({ ...told, amp, mpp, customRecords: new Map() });
  const onion = typeof payload === 'string' ? written : payload;
  const resolution = await receiver.receive({ paymentHash: hash, amountMsat, cltvExpiry: 1000, onion });
  expect(resolution).toEqual({ failure });
});
