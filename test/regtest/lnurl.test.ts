import { createHash, randomBytes } from 'node:crypto';
import { LightningAddress } from '@getalby/lightning-tools/lnurl';
import * as lnurlPay from 'lnurl-pay';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { encodeLnurl } from '../../shared/contract/lnurl.ts';
import {
  addOption,
  editCreator,
  openOptionId,
  readInvoiceRequest,
  readQuarantine,
  readTip,
  readTotals,
} from '../../shared/ledger/index.ts';
import { tipOf } from './harness/books.ts';
import type { Running } from './harness/connector.ts';
import { addBolt11Invoice, cancelInvoice } from './harness/invoices.ts';
import { type Asking, openLnurl, requestIdOf } from './harness/lnurl.ts';
import { connectNetwork } from './harness/network.ts';
import { keysend, payPlain } from './harness/pay.ts';
import {
  expectPlainBooks,
  invoiceByHash,
  payByHash,
  preimageAtPayer,
  requestedInvoices,
} from './harness/plain.ts';
import { DOMAIN } from './harness/site.ts';
import { until } from './harness/until.ts';

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;
const REFUSED = 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS';

let asking: Asking;
let running: Running;

beforeAll(async () => {
  asking = await openLnurl(jar);
  running = asking.start();
  await running.live();
});

afterEach(() => {
  asking.site.from = undefined;
  expect(asking.site.faults.splice(0)).toEqual([]);
});

afterAll(async () => {
  await running?.stop();
  await asking?.close();
  network.disconnect();
});

const fetchGet = ({ url, params }: { url: string; params?: Record<string, unknown> }) =>
  asking.site.json(url, params);
const payUrl = (handle: string) => `https://${DOMAIN}/.well-known/lnurlp/${handle}`;

/** The address as the wallets' library sees it, its terms fetched. */
async function addressOf(handle: string): Promise<LightningAddress> {
  const address = new LightningAddress(`${handle}@${DOMAIN}`, { proxy: false });
  await address.fetchLnurlData();
  return address;
}

describe('a Lightning Address, asked by @getalby/lightning-tools and paid by a real lnd', () => {
  it('tells its terms', async () => {
    await asking.addCreator('alice');
    const { lnurlpData } = await addressOf('alice');
    expect(lnurlpData).toMatchObject({
      fixed: false,
      min: 1_000,
      max: 10_000_000_000,
      domain: DOMAIN,
      identifier: `alice@${DOMAIN}`,
      description: 'Tip alice the Great',
      commentAllowed: 500,
    });
  });

  it('gives an invoice of the exact amount that expires soon', async () => {
    const address = await addressOf('alice');
    const invoice = await address.requestInvoice({ satoshi: 21, comment: 'Great post! ☕' });
    expect(invoice).toMatchObject({
      millisatoshi: 21_000,
      expiry: 600,
    });
    const atLnd = await invoiceByHash(jar, invoice.paymentHash);
    expect(atLnd).toMatchObject({ value_msat: '21000', state: 'OPEN', is_amp: false, expiry: '600' });
    const metadata = address.lnurlpData!.rawData.metadata;
    expect(atLnd!.description_hash.toString('hex')).toBe(createHash('sha256').update(metadata).digest('hex'));
  });

  it('is verified before and after the payment, by the preimage that the payer has', async () => {
    const address = await addressOf('alice');
    const invoice = await address.requestInvoice({ satoshi: 2_100, comment: 'Great post! ☕' });
    expect(await invoice.isPaid()).toBe(false);
    expect(await asking.site.json(invoice.verify!)).toEqual({
      status: 'OK',
      settled: false,
      preimage: null,
      pr: invoice.paymentRequest,
    });
    const paid = await payPlain(payer, invoice);
    expect(paid).toMatchObject({ status: 'SUCCEEDED', setId: invoice.paymentHash });
    expect(await tipOf(asking.ledger, paid.setId)).toMatchObject({
      via: 'bolt11',
      handle: 'alice',
      amountMsat: 2_100_000n,
      message: 'Great post! ☕',
    });
    expect(await invoice.verifyPayment()).toBe(true);
    expect(invoice.preimage).toBe(await preimageAtPayer(payer, paid.setId));
    expect(await invoice.isPaid()).toBe(true);
    expect(invoice.validatePreimage('00'.repeat(32))).toBe(false);
  });

  it('keeps what a payer wrote harmless', async () => {
    const address = await addressOf('alice');
    const comment = '  \u202egood\u0000 <script>alert(1)</script>\r\n\tbye\u2066 ☕\u0007 ';
    const invoice = await address.requestInvoice({ satoshi: 1, comment });
    await payPlain(payer, invoice);
    const { message } = await tipOf(asking.ledger, invoice.paymentHash);
    expect(message).toBe('good <script>alert(1)</script> bye ☕');
    await expectPlainBooks(asking.ledger, jar, 'alice', [openOptionId('alice')]);
  });

  it('takes a comment as long as it says, and none longer', async () => {
    const comment = '☕'.repeat(500);
    const { pr, verify } = await asking.ask('alice', { amount: 1_000, comment });
    expect((await payPlain(payer, { paymentRequest: pr })).status).toBe('SUCCEEDED');
    await asking.settled(verify);
    const { paymentHash } = (await readInvoiceRequest(asking.ledger, requestIdOf(verify)))!;
    expect(await readTip(asking.ledger, paymentHash!)).toMatchObject({ message: comment });
    const longer = await asking.ask('alice', { amount: 1_000, comment: `${comment}x` });
    expect(longer).toMatchObject({ status: 'ERROR', reason: expect.stringContaining('500') });
  });
});

describe('LNURL-pay, asked by lnurl-pay', () => {
  it.each([
    ['an LNURL', encodeLnurl(payUrl('bob'))],
    ['a link of an LNURL', `lightning:${encodeLnurl(payUrl('bob'))}`],
    ['a page with an LNURL', `https://${DOMAIN}/@bob?lightning=${encodeLnurl(payUrl('bob'))}`],
    ['an address', `bob@${DOMAIN}`],
    ['lnurlp://', payUrl('bob').replace('https:', 'lnurlp:')],
  ])('gives %s an invoice whose amount and description hash are right', async (_, lnUrlOrAddress) => {
    await asking.addCreator('bob').catch(() => {});
    const tokens = lnurlPay.utils.toSats(123);
    const got = await lnurlPay.requestInvoice({ lnUrlOrAddress, tokens, fetchGet, validateInvoice: true });
    expect(got).toMatchObject({ hasValidAmount: true, hasValidDescriptionHash: true });
    const paid = await payPlain(payer, { paymentRequest: got.invoice });
    expect(got.validatePreimage(await preimageAtPayer(payer, paid.setId))).toBe(true);
    await tipOf(asking.ledger, paid.setId);
    await expectPlainBooks(asking.ledger, jar, 'bob', [openOptionId('bob')]);
  });

  it('asks for a fixed option’s amount and no other', async () => {
    await asking.addCreator('carol');
    const coffee = { label: 'Coffee', amountMsat: 3_000_000n };
    const { id } = await addOption(asking.ledger, 'carol', coffee, new Date(), randomBytes);
    const lnUrlOrAddress = encodeLnurl(`${payUrl('carol')}?option=${id}`);
    const params = await lnurlPay.requestPayServiceParams({ lnUrlOrAddress, fetchGet });
    expect(params).toMatchObject({ fixed: true, min: 3_000, max: 3_000 });
    expect(params.description).toContain('Coffee');
    for (const amount of [2_999_999, 3_000_001])
      expect(await asking.site.json(params.callback, { amount })).toMatchObject({ status: 'ERROR' });
    const { invoice } = await lnurlPay.requestInvoiceWithServiceParams({
      params,
      tokens: params.min,
      fetchGet,
      validateInvoice: true,
    });
    const paid = await payPlain(payer, { paymentRequest: invoice });
    expect(await tipOf(asking.ledger, paid.setId)).toMatchObject({ optionId: id, amountMsat: 3_000_000n });
    await expectPlainBooks(asking.ledger, jar, 'carol', [id, openOptionId('carol')]);
    expect((await readTotals(asking.ledger, 'carol')).options.get(id)).toMatchObject({ count: 1n });
  });

  it('keeps to whole satoshi within the limits that the creator set', async () => {
    await asking.addCreator('dora');
    await editCreator(asking.ledger, 'dora', { limits: { leastMsat: 5_500n, mostMsat: 7_500n } });
    const params = await lnurlPay.requestPayServiceParams({ lnUrlOrAddress: `dora@${DOMAIN}`, fetchGet });
    expect(params.rawData).toMatchObject({ minSendable: 6_000, maxSendable: 7_000 });
    for (const amount of ['5999', '7001', '0', '-6000', '6000.5', '6e3', '', '99999999999999999999'])
      expect(await asking.ask('dora', { amount })).toEqual({ status: 'ERROR', reason: expect.any(String) });
    for (const amount of ['6000', '7000', '6001']) {
      const { pr } = await asking.ask('dora', { amount });
      const paid = await payPlain(payer, { paymentRequest: pr });
      expect(await tipOf(asking.ledger, paid.setId)).toMatchObject({ amountMsat: BigInt(amount) });
    }
    await expectPlainBooks(asking.ledger, jar, 'dora', [openOptionId('dora')]);
  });
});

describe('many at once', () => {
  it('get an invoice each, and each payment is booked', async () => {
    await asking.addCreator('erin');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => asking.ask('erin', { amount: 1_000 + at, comment: `tip ${at}` })),
    );
    expect(new Set(answers.map(({ pr }) => pr)).size).toBe(50);
    const paid = await Promise.all(answers.map(({ pr }) => payPlain(payer, { paymentRequest: pr })));
    expect(paid.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
    for (const [at, { setId }] of paid.entries())
      expect(await tipOf(asking.ledger, setId)).toMatchObject({
        amountMsat: BigInt(1_000 + at),
        message: `tip ${at}`,
      });
    await expectPlainBooks(asking.ledger, jar, 'erin', [openOptionId('erin')]);
  });

  it('of one address are held back, and the node makes no invoice for them', async () => {
    const before = (await requestedInvoices(jar)).size;
    asking.site.from = '203.0.113.7';
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => asking.ask('erin', { amount: 1_000 })),
    );
    const refused = answers.filter(({ status }) => status === 'ERROR');
    expect(refused.length).toBeGreaterThanOrEqual(8);
    expect(refused[0]!.reason).toContain('too many');
    expect((await requestedInvoices(jar)).size - before).toBe(30 - refused.length);
    asking.site.from = '203.0.113.8';
    expect(await asking.ask('erin', { amount: 1_000 })).toHaveProperty('pr');
  });
});

describe('what is paid in an odd way', () => {
  it('a second time is refused by lnd, and booked once', async () => {
    await asking.addCreator('frank');
    const { pr, verify } = await asking.ask('frank', { amount: 4_000 });
    await payPlain(payer, { paymentRequest: pr });
    await asking.settled(verify);
    await expect(payPlain(payer, { paymentRequest: pr })).rejects.toThrow('already paid');
    await expectPlainBooks(asking.ledger, jar, 'frank', [openOptionId('frank')]);
    expect(await readTotals(asking.ledger, 'frank')).toMatchObject({ count: 1n });
  });

  it('after its expiry is refused: by the payer’s lnd, and by the node when the payer does not look', async () => {
    await asking.addCreator('grace');
    const memo = `Tip grace (ampjar ${openOptionId('grace')} ${'A'.repeat(22)})`;
    const made = await addBolt11Invoice(jar, { memo, amountMsat: 5_000n, expirySeconds: 1 });
    const expired = await until('the invoice expires', 30, async () => {
      const invoice = await invoiceByHash(jar, made.paymentHash);
      return invoice?.state === 'CANCELED' && invoice;
    });
    await expect(payPlain(payer, made)).rejects.toThrow('invoice expired');
    expect(await payByHash(payer, jar.pubkey, expired)).toMatchObject({
      status: 'FAILED',
      failure_reason: REFUSED,
    });
    expect(await invoiceByHash(jar, made.paymentHash)).toMatchObject({
      state: 'CANCELED',
      amt_paid_msat: '0',
    });
  });

  it('after it was canceled at the node is refused', async () => {
    const { pr, verify } = await asking.ask('grace', { amount: 6_000 });
    const { paymentHash } = (await readInvoiceRequest(asking.ledger, requestIdOf(verify)))!;
    await cancelInvoice(jar, { paymentHash: paymentHash! });
    expect(await payPlain(payer, { paymentRequest: pr })).toMatchObject({
      status: 'FAILED',
      failureReason: REFUSED,
    });
    expect(await asking.site.json(verify)).toMatchObject({ settled: false, preimage: null });
    await expectPlainBooks(asking.ledger, jar, 'grace', [openOptionId('grace')]);
    expect(await readTotals(asking.ledger, 'grace')).toMatchObject({ count: 0n });
  });

  it('by keysend stays with the node: it settles, and is nobody’s tip', async () => {
    const sent = await keysend(payer, { dest: jar.pubkey, amountMsat: 7_000n });
    expect(sent.status).toBe('SUCCEEDED');
    const { pr } = await asking.ask('grace', { amount: 8_000 });
    const { setId } = await payPlain(payer, { paymentRequest: pr });
    await tipOf(asking.ledger, setId);
    // Settled before the one that is booked by now.
    expect(await readTip(asking.ledger, sent.setId)).toBeUndefined();
    // Other suites were paid on the same node, to creators that this table does not know.
    for await (const { id } of readQuarantine(asking.ledger, jar.pubkey))
      expect(id).not.toContain(sent.setId);
  });
});
