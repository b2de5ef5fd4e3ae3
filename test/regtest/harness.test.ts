import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { reconstructSet } from '../../shared/amp/index.ts';
import {
  addAmpInvoice,
  addBolt11Invoice,
  ampStates,
  cancelInvoice,
  type InvoiceWatch,
  lastSettleIndex,
  type WireInvoice,
  watchInvoices,
} from './harness/invoices.ts';
import { connectNetwork } from './harness/network.ts';
import { keysend, type Payment, payAmp, payAmpTo, payPlain } from './harness/pay.ts';
import { BOOST_METADATA, readRecords, TEXT_MESSAGE } from './harness/records.ts';
import { asRecorded, shapeOf } from './harness/shape.ts';

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;
const fixture = new URL('../fixtures/lnd-settled.json', import.meta.url);
const recorded: WireInvoice[] = JSON.parse(readFileSync(fixture, 'utf8')).settled_events;

let watch: InvoiceWatch;

beforeAll(async () => {
  // Nothing is replayed after index 0: with one payment before, no later settlement can slip past the subscription.
  const { paymentRequest } = await addAmpInvoice(jar);
  await payAmp(payer, { paymentRequest, amountMsat: 1_000n });
  watch = watchInvoices(jar.lnd, { settleIndex: await lastSettleIndex(jar) });
});

afterAll(() => {
  watch.cancel();
  network.disconnect();
});

const setsOf = ({ amp_invoice_state }: WireInvoice): string[] => Object.keys(amp_invoice_state);

/** The SETTLED message of a payment: by set id, or by the payment hash of one that is not AMP. */
async function settlement({ setId, status, failureReason }: Payment): Promise<WireInvoice> {
  expect({ status, failureReason }).toEqual({ status: 'SUCCEEDED', failureReason: 'FAILURE_REASON_NONE' });
  const isOf = (event: WireInvoice): boolean =>
    event.state === 'SETTLED' && (setsOf(event).includes(setId) || event.r_hash.toString('hex') === setId);
  const events = await watch.until(`${setId} settles`, (all) => all.some(isOf));
  return events.find(isOf)!;
}

const settleIndex = (event: WireInvoice): bigint =>
  BigInt(event.is_amp ? event.amp_invoice_state[setsOf(event)[0]!]!.settle_index : event.settle_index);

const refused = {
  status: 'FAILED',
  failureReason: 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS',
};

describe('a payment to a static invoice', () => {
  const message = new Map([[TEXT_MESSAGE, Buffer.from('Great post! ☕')]]);
  it.each([
    { what: 'in one shard', amountMsat: 1_000_000n, shards: 1 },
    { what: 'of an amount that is no whole satoshi', amountMsat: 12_345_678n, shards: 1 },
    { what: 'in five shards', amountMsat: 50_000_003n, maxShardMsat: 10_000_001n, shards: 5 },
    { what: 'in sixteen shards', amountMsat: 16_000_000n, maxShardMsat: 1_000_000n, shards: 16 },
    { what: 'with a message', amountMsat: 2_100_000n, records: message, shards: 1 },
  ])('$what is one message that holds its set alone, and shares that give the root', async (payment) => {
    const { paymentRequest, paymentAddr } = await addAmpInvoice(jar, { memo: 'Tip alice' });
    const earlier = await payAmp(payer, { paymentRequest, amountMsat: 1_000n });
    await settlement(earlier);

    const paid = await payAmp(payer, { paymentRequest, ...payment });
    const event = await settlement(paid);

    expect(setsOf(event)).toEqual([paid.setId]);
    expect(event.htlcs).toHaveLength(payment.shards);
    expect(BigInt(event.amp_invoice_state[paid.setId]!.amt_paid_msat)).toBe(payment.amountMsat);
    expect(event.htlcs.reduce((sum, htlc) => sum + BigInt(htlc.amt_msat), 0n)).toBe(payment.amountMsat);
    expect(BigInt(event.amt_paid_msat)).toBe(payment.amountMsat + 1_000n);
    expect([event.settle_index, event.settle_date]).toEqual(['0', '0']);

    const shares = event.htlcs.map(({ amp }) => ({ share: amp!.root_share, childIndex: amp!.child_index }));
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    expect(reconstructSet(shares).children.map(({ preimage, hash }) => [hex(preimage), hex(hash)])).toEqual(
      event.htlcs.map(({ amp }) => [hex(amp!.preimage), hex(amp!.hash)]),
    );
    for (const { custom_records } of event.htlcs) {
      expect(readRecords(custom_records)).toEqual(payment.records ?? new Map());
    }

    const states = await ampStates(jar, paymentAddr);
    expect([...states.keys()].sort()).toEqual([earlier.setId, paid.setId].sort());
    expect(states.get(paid.setId)).toEqual(event.amp_invoice_state[paid.setId]);
  });
});

describe('an invoice of 5,000 sat', () => {
  it.each([4_999_000n, 4_999_999n])('refuses %d msat', async (amountMsat) => {
    const { paymentAddr } = await addAmpInvoice(jar, { amountMsat: 5_000_000n });
    expect(await payAmpTo(payer, { dest: jar.pubkey, paymentAddr, amountMsat })).toMatchObject(refused);
    expect((await ampStates(jar, paymentAddr)).size).toBe(0);
  });

  it.each([5_000_000n, 5_000_001n, 10_001_000n, 20_000_000n])('takes %d msat', async (amountMsat) => {
    const { paymentAddr } = await addAmpInvoice(jar, { amountMsat: 5_000_000n });
    const paid = await payAmpTo(payer, { dest: jar.pubkey, paymentAddr, amountMsat });
    const { amp_invoice_state } = await settlement(paid);
    expect(BigInt(amp_invoice_state[paid.setId]!.amt_paid_msat)).toBe(amountMsat);
  });

  it('is paid twice by its payment request', async () => {
    const { paymentRequest } = await addAmpInvoice(jar, { amountMsat: 5_000_000n });
    const paid = [await payAmp(payer, { paymentRequest }), await payAmp(payer, { paymentRequest })];
    const [first, second] = [await settlement(paid[0]!), await settlement(paid[1]!)];
    expect([first.amt_paid_msat, second.amt_paid_msat]).toEqual(['5000000', '10000000']);
  });
});

describe('an invoice out of use', () => {
  it('goes on receiving when it was paid before: lnd refuses to cancel it', async () => {
    const invoice = await addAmpInvoice(jar);
    await settlement(await payAmp(payer, { paymentRequest: invoice.paymentRequest, amountMsat: 1_000n }));
    await expect(cancelInvoice(jar, invoice)).rejects.toMatchObject({ details: 'htlc already settled' });
    const { paymentAddr } = invoice;
    await settlement(await payAmpTo(payer, { dest: jar.pubkey, paymentAddr, amountMsat: 2_000n }));
  });

  it('refuses payments once it was cancelled unpaid', async () => {
    const invoice = await addAmpInvoice(jar);
    await cancelInvoice(jar, invoice);
    const { paymentAddr } = invoice;
    expect(await payAmpTo(payer, { dest: jar.pubkey, paymentAddr, amountMsat: 2_000n })).toMatchObject(
      refused,
    );
  });
});

describe('the messages of every kind of payment', () => {
  it('have the shape of the recorded ones, and one counter of settlements', async () => {
    const open = await addAmpInvoice(jar, { memo: 'Tip alice' });
    const plain = await addBolt11Invoice(jar, { memo: 'plain bolt11', amountMsat: 1_234_000n });
    const text = new Map([[TEXT_MESSAGE, Buffer.from('old keysend')]]);
    const boost = new Map([
      [TEXT_MESSAGE, Buffer.from('boost!')],
      [696969n, Buffer.from('alice')],
      [BOOST_METADATA, Buffer.from('{"app_name":"Podplayer"}')],
    ]);
    const message = new Map([[TEXT_MESSAGE, Buffer.from('Great post! ☕')]]);
    const pairs: [Payment, (event: WireInvoice) => boolean][] = [
      [
        await payAmp(payer, { ...open, amountMsat: 50_000_003n, maxShardMsat: 10_000_001n }),
        ({ is_amp, htlcs }) => is_amp && htlcs.length === 5,
      ],
      [
        await payAmp(payer, { ...open, amountMsat: 2_000_000n, records: message }),
        ({ memo, htlcs }) => memo === 'Tip alice' && Object.keys(htlcs[0]!.custom_records).length === 1,
      ],
      [await payPlain(payer, plain), ({ memo }) => memo === 'plain bolt11'],
      [
        await payAmpTo(payer, { dest: jar.pubkey, amountMsat: 9_000_000n, records: boost }),
        ({ payment_request, htlcs }) =>
          payment_request === '' &&
          htlcs[0]!.amp !== null &&
          Object.keys(htlcs[0]!.custom_records).length === 3,
      ],
      [
        await keysend(payer, { dest: jar.pubkey, amountMsat: 9_000_000n, records: text }),
        (e) => e.is_keysend,
      ],
    ];
    const events: WireInvoice[] = [];
    for (const [paid, isAlike] of pairs) {
      const event = await settlement(paid);
      events.push(event);
      expect(shapeOf(asRecorded(event))).toEqual(shapeOf(recorded.find(isAlike)));
    }
    const first = settleIndex(events[0]!);
    expect(events.map(settleIndex)).toEqual(events.map((_, n) => first + BigInt(n)));
  });
});

describe('a subscription', () => {
  const replay = async (from: bigint): Promise<bigint[]> => {
    const replayed = watchInvoices(jar.lnd, { settleIndex: from });
    const { paymentRequest } = await addAmpInvoice(jar);
    const { setId } = await payAmp(payer, { paymentRequest, amountMsat: 1_000n });
    // A live settlement comes after all that is replayed.
    const events = await replayed.until('the live one', (all) =>
      all.some((event) => setsOf(event).includes(setId)),
    );
    replayed.cancel();
    return events.filter(({ state }) => state === 'SETTLED').map(settleIndex);
  };

  it('from settle index 0 replays nothing', async () => {
    const last = await lastSettleIndex(jar);
    expect((await replay(0n)).filter((index) => index <= last)).toEqual([]);
  });

  it('from settle index 1 replays all but the first', async () => {
    const last = await lastSettleIndex(jar);
    const indexes = await replay(1n);
    expect(indexes).toEqual(Array.from({ length: Number(last) }, (_, n) => BigInt(n) + 2n));
  });

  it('from the one before the last replays the last', async () => {
    const last = await lastSettleIndex(jar);
    expect(await replay(last - 1n)).toEqual([last, last + 1n]);
  });
});

describe('200 payments to five invoices at the same time', () => {
  it('come in settle order, none twice, none left out', async () => {
    const from = watch.events.length;
    const invoices = await Promise.all(
      Array.from({ length: 5 }, (_, n) => addAmpInvoice(jar, { memo: `${n}` })),
    );
    const started = performance.now();
    const paid = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        payAmp(payer, { ...invoices[n % 5]!, amountMsat: 10_000n + BigInt(n) }),
      ),
    );
    const perSecond = (200 / (performance.now() - started)) * 1000;
    console.log(`${perSecond.toFixed(0)} payments a second`);
    for (const payment of paid) await settlement(payment);
    const settled = watch.events.slice(from).filter(({ state }) => state === 'SETTLED');
    expect(settled.flatMap(setsOf).sort()).toEqual(paid.map(({ setId }) => setId).sort());
    const indexes = settled.map(settleIndex);
    expect(indexes).toEqual(indexes.map((_, n) => indexes[0]! + BigInt(n)));
  });
});
