import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAmpInvoice } from '../../../shared/bolt11/index.ts';
import { hex, type Pair, startPair } from './pair.ts';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair.stop());

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const add = (request: object): Promise<any> => pair.jar.call('default', 'addInvoice', request);
const addAmp = (request: object = {}): Promise<any> => add({ is_amp: true, ...request });
const pay = async (request: object): Promise<any> => (await pair.payer.pay(request)).at(-1);
const payAmp = (request: object): Promise<any> => pay({ amp: true, ...request });
const lookUp = (payment_addr: Uint8Array): Promise<any> =>
  pair.jar.call('invoices', 'lookupInvoiceV2', { payment_addr });
const jarKey = (): Buffer => Buffer.from(pair.jarNode.pubkey, 'hex');
const toAddr = (payment_addr: Uint8Array, amt_msat: string, extra: object = {}): Promise<any> =>
  payAmp({ dest: jarKey(), payment_addr, amt_msat, final_cltv_delta: 80, ...extra });
const failed = { status: 'FAILED', failure_reason: 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS' };

describe('a payment to an AMP invoice', () => {
  test('is told of before it is sent, in flight and at its end, under its set id', async () => {
    const { payment_request } = await addAmp();
    const updates = await pair.payer.pay({ payment_request, amp: true, amt_msat: '2100' });
    expect(updates.map(({ status, htlcs }) => [status, htlcs.length])).toEqual([
      ['IN_FLIGHT', 0],
      ['IN_FLIGHT', 1],
      ['SUCCEEDED', 1],
    ]);
    const [htlc] = updates[2].htlcs;
    const [hop] = htlc.route.hops;
    expect(hop.amp_record.set_id.toString('hex')).toBe(updates[2].payment_hash);
    expect(hop).toMatchObject({ pub_key: pair.jarNode.pubkey, amt_to_forward_msat: '2100' });
    expect(hop.mpp_record.total_amt_msat).toBe('2100');
  });

  test('is split so that no shard is larger than asked, and each preimage fits its hash', async () => {
    const { payment_request, payment_addr } = await addAmp();
    const sent = await payAmp({ payment_request, amt_msat: '500003', max_shard_size_msat: '100001' });
    expect(sent.status).toBe('SUCCEEDED');
    const { htlcs } = await lookUp(payment_addr);
    expect(htlcs.map(({ amt_msat }: any) => amt_msat)).toEqual([
      ...['100001', '100001', '100001', '100000', '100000'],
    ]);
    for (const { amp } of htlcs) expect(sha256(amp.preimage)).toEqual(amp.hash);
    const indexes = new Set(htlcs.map(({ amp }: any) => amp.child_index));
    expect(indexes.size).toBe(5);
  });

  test('of a fixed amount takes that or more, and is refused below it', async () => {
    const { payment_request, payment_addr } = await addAmp({ value: '5000' });
    expect((await payAmp({ payment_request })).status).toBe('SUCCEEDED');
    expect(await toAddr(payment_addr, '4999000')).toMatchObject(failed);
    expect(await toAddr(payment_addr, '4999999')).toMatchObject(failed);
    expect((await toAddr(payment_addr, '5000001')).status).toBe('SUCCEEDED');
    expect((await toAddr(payment_addr, '20000000')).status).toBe('SUCCEEDED');
    expect((await lookUp(payment_addr)).amt_paid_msat).toBe('30000001');
  });

  test('carries records to the receiver, by numbers of every size', async () => {
    const { payment_request, payment_addr } = await addAmp();
    const records = { '34349334': 'Great post ☕', '7629169': '{}', '5482373485': 'large', '65536': '' };
    const sending = Object.entries(records).map(([type, text]) => [type, Buffer.from(text)]);
    await payAmp({ payment_request, amt_msat: '1000', dest_custom_records: Object.fromEntries(sending) });
    const { htlcs } = await lookUp(payment_addr);
    const read = Object.entries<Buffer>(htlcs[0].custom_records).map(([key, value]) => [
      String(Buffer.from(key, 'latin1').readBigUInt64LE()),
      value.toString(),
    ]);
    expect(Object.fromEntries(read)).toEqual(records);
  });

  test('shares the channel with others sent at once, shard by shard, and each set is whole', async () => {
    const { payment_request, payment_addr } = await addAmp();
    const send = (): Promise<any> =>
      pair.payerNode.pay({
        paymentRequest: payment_request,
        amp: true,
        amountMsat: 8000n,
        maxShardMsat: 1000n,
      });
    const sent = await Promise.all(Array.from({ length: 20 }, send));
    expect(sent.every(({ status }) => status === 'SUCCEEDED')).toBe(true);
    const { htlcs, amp_invoice_state } = await lookUp(payment_addr);
    expect(htlcs).toHaveLength(160);
    expect(Object.keys(amp_invoice_state).sort()).toEqual(sent.map(({ paymentHash }) => paymentHash).sort());
    const setOf = htlcs.map(({ amp }: any) => hex(amp.set_id));
    const changes = setOf.filter((id: string, i: number) => id !== setOf[i + 1]).length;
    expect(changes).toBeGreaterThan(100);
  });
});

describe('a payment that is refused', () => {
  test.each([
    ['without the AMP flag', { amp: false, amt_msat: '1' }, 'must be set to pay an AMP invoice'],
    ['without an amount', {}, 'amount must be specified when paying a zero amount invoice'],
    ['with both amounts', { amt: '1', amt_msat: '1000' }, 'mutually exclusive'],
    [
      'with a destination as well',
      { amt: '1', dest: Buffer.alloc(33) },
      'dest and payment_request cannot appear',
    ],
    [
      'in too few parts',
      { amt: '100', max_shard_size_msat: '1000', max_parts: 3 },
      'exceeds maximum possible',
    ],
    ['in too many parts', { amt: '1', max_shard_size_msat: '1', max_parts: 1001 }, 'upper limit of 1000'],
    [
      'with a record below the custom ones',
      { amt: '1', dest_custom_records: { 65535: Buffer.alloc(1) } },
      '65536',
    ],
  ])('%s never starts', async (_, request, details) => {
    const { payment_request } = await addAmp();
    await expect(payAmp({ payment_request, ...request })).rejects.toMatchObject({
      code: 2,
      details: expect.stringContaining(details),
    });
  });

  test('with another amount than the fixed one never starts', async () => {
    const { payment_request } = await addAmp({ value: '5' });
    await expect(payAmp({ payment_request, amt: '6' })).rejects.toMatchObject({
      details: 'amount must not be specified when paying a non-zero amount invoice',
    });
  });

  test('of an invoice of another network or none never starts', async () => {
    const mainnet = `lnbc${(await addAmp()).payment_request.slice(6)}`;
    await expect(payAmp({ payment_request: mainnet, amt: '1' })).rejects.toMatchObject({
      details: "invoice not for current active network 'regtest'",
    });
    await expect(payAmp({ payment_request: 'lnbcrt1junk', amt: '1' })).rejects.toMatchObject({ code: 2 });
  });

  test('by a node that has no channel there finds no route', async () => {
    const sent = await payAmp({ dest: Buffer.concat([Buffer.of(2), randomBytes(32)]), amt: '1' });
    expect(sent).toMatchObject({ status: 'FAILED', failure_reason: 'FAILURE_REASON_NO_ROUTE' });
  });

  test('to oneself never starts', async () => {
    const { payment_request } = await addAmp();
    const self = pair.jar.pay({ payment_request, amp: true, amt: '1' });
    await expect(self).rejects.toMatchObject({ details: 'self-payments not allowed' });
  });

  test('with fewer blocks left than the invoice asks for is sent back', async () => {
    const { payment_addr } = await addAmp();
    expect(await toAddr(payment_addr, '1000', { final_cltv_delta: 76 })).toMatchObject(failed);
  });

  test('with a set id that was settled before is sent back', async () => {
    const { payment_request } = await addAmp();
    const setId = randomBytes(32);
    const { splitPayment } = await import('../../../shared/amp/index.ts');
    const { encodePayload } = await import('../../../local/node/onion.ts');
    const { paymentAddr } = readAmpInvoice(payment_request);
    const once = (): Promise<object> => {
      const [shard] = splitPayment({
        totalMsat: 1000n,
        shards: 1,
        root: randomBytes(32),
        setId,
        paymentAddr: Buffer.from(paymentAddr, 'hex'),
        random: randomBytes,
      });
      const { amountMsat, amp, mpp, hash } = shard!;
      const onion = encodePayload({ amountMsat, cltvExpiry: 2000, amp, mpp, customRecords: new Map() });
      return pair.jarNode.receive({ paymentHash: hash, amountMsat, cltvExpiry: 2000, onion });
    };
    expect(await once()).toHaveProperty('preimage');
    expect(await once()).toEqual({ failure: 'INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS' });
  });
});

describe('a plain invoice', () => {
  test('is paid once; the payer refuses the second time', async () => {
    const { payment_request, r_hash } = await add({ value_msat: '1234000', memo: 'plain' });
    const sent = await pay({ payment_request });
    expect(sha256(Buffer.from(sent.payment_preimage, 'hex'))).toEqual(r_hash);
    await expect(pay({ payment_request })).rejects.toMatchObject({
      code: 6,
      details: 'invoice is already paid',
    });
  });

  test('may be paid in parts, of any amount when it has none', async () => {
    const { payment_request, r_hash } = await add({});
    const sent = await pay({ payment_request, amt_msat: '10001', max_shard_size_msat: '2500' });
    expect(sent).toMatchObject({ status: 'SUCCEEDED', payment_hash: hex(r_hash) });
    const invoice = await pair.jar.call('default', 'lookupInvoice', { r_hash });
    expect(invoice).toMatchObject({ state: 'SETTLED', amt_paid_msat: '10001', settled: true });
    expect(invoice.htlcs).toHaveLength(5);
  });

  test('is still "already paid" after the payer was started again', async () => {
    const { payment_request } = await add({ value: '1' });
    await pay({ payment_request });
    await pair.restart();
    await expect(pay({ payment_request })).rejects.toMatchObject({ details: 'invoice is already paid' });
  });
});

describe('a spontaneous payment', () => {
  test('by AMP makes an invoice of its own', async () => {
    const sent = await payAmp({ dest: jarKey(), amt_msat: '777000', max_shard_size_msat: '300000' });
    expect(sent.status).toBe('SUCCEEDED');
    const set_id = Buffer.from(sent.payment_hash, 'hex');
    const invoice = await pair.jar.call('invoices', 'lookupInvoiceV2', { set_id });
    expect(invoice).toMatchObject({ payment_request: '', memo: '', value_msat: '777000', is_amp: true });
    expect(invoice.htlcs).toHaveLength(3);
  });

  test('by keysend carries its own preimage', async () => {
    const preimage = randomBytes(32);
    const dest_custom_records = { 5482373484: preimage };
    const request = { dest: jarKey(), amt: '55', payment_hash: sha256(preimage), dest_custom_records };
    expect(await pay(request)).toMatchObject({ status: 'SUCCEEDED', payment_preimage: hex(preimage) });
    const wrong = { ...request, payment_hash: randomBytes(32) };
    expect(await pay(wrong)).toMatchObject(failed);
  });
});

describe('an invoice that ended', () => {
  test('unpaid and canceled refuses, and canceling again changes nothing', async () => {
    const { payment_request, payment_addr, r_hash } = await addAmp();
    for (const _ of [1, 2]) await pair.jar.call('invoices', 'cancelInvoice', { payment_hash: r_hash });
    expect(await payAmp({ payment_request, amt: '1' })).toMatchObject(failed);
    expect(await lookUp(payment_addr)).toMatchObject({ state: 'CANCELED', amp_invoice_state: {} });
  });

  test('canceled after a payment is not canceled and goes on receiving', async () => {
    const { payment_request, r_hash } = await addAmp();
    await payAmp({ payment_request, amt: '1' });
    await expect(pair.jar.call('invoices', 'cancelInvoice', { payment_hash: r_hash })).rejects.toMatchObject({
      code: 2,
      details: 'htlc already settled',
    });
    expect((await payAmp({ payment_request, amt: '1' })).status).toBe('SUCCEEDED');
  });

  test('plain and paid says so', async () => {
    const { payment_request, r_hash } = await add({ value: '1' });
    await pay({ payment_request });
    await expect(pair.jar.call('invoices', 'cancelInvoice', { payment_hash: r_hash })).rejects.toMatchObject({
      details: 'invoice already settled',
    });
  });

  test('by expiry is refused by the payer, and by the receiver only when it was never paid', async () => {
    const paid = await addAmp({ expiry: '60' });
    const unpaid = await addAmp({ expiry: '60' });
    await payAmp({ payment_request: paid.payment_request, amt: '1' });
    const { now } = pair.clock;
    pair.clock.now += 61_000;
    await expect(payAmp({ payment_request: paid.payment_request, amt: '1' })).rejects.toMatchObject({
      details: expect.stringMatching(
        /^invoice expired\. Valid until 2026-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$/,
      ),
    });
    expect((await toAddr(paid.payment_addr, '1000')).status).toBe('SUCCEEDED');
    expect(await toAddr(unpaid.payment_addr, '1000')).toMatchObject(failed);
    pair.clock.now = now;
  });
});
