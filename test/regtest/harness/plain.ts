import { expect } from 'vitest';
import { replyClaimIn } from '../../../connector/requests/replyClaim.ts';
import { type Ledger, readFeed, readTip, readTotals, type Tip } from '../../../shared/ledger/index.ts';
import { streaming, unary } from './grpc.ts';
import type { WireInvoice } from './invoices.ts';
import type { LndNode } from './lnd.ts';
import { until } from './until.ts';

const WITHIN_SECONDS = 60;
const FINAL_CLTV_DELTA = 80;

/** All plain invoices of a node that an ask led to, paid or not, by the ask's id. */
export async function requestedInvoices({ lnd }: LndNode): Promise<Map<string, WireInvoice[]>> {
  const { invoices } = await unary<{ invoices: WireInvoice[] }>(lnd.default, 'listInvoices', {
    num_max_invoices: '100000',
  });
  const asked = new Map<string, WireInvoice[]>();
  for (const invoice of invoices) {
    const ask = replyClaimIn(invoice);
    if (ask) asked.set(ask.requestId, [...(asked.get(ask.requestId) ?? []), invoice]);
  }
  return asked;
}

/** A plain invoice, which may commit to the hash of a description. */
type PlainWireInvoice = WireInvoice & { description_hash: Buffer };

/** An invoice of a node by its payment hash (hex), or undefined when lnd does not know it. */
export async function invoiceByHash(
  { lnd }: LndNode,
  paymentHash: string,
): Promise<PlainWireInvoice | undefined> {
  const request = { payment_hash: Buffer.from(paymentHash, 'hex') };
  try {
    return await unary<PlainWireInvoice>(lnd.invoices, 'lookupInvoiceV2', request);
  } catch (error) {
    if ((error as { code?: number }).code === 5) return undefined;
    throw error;
  }
}

/** What the payer holds as proof of a payment, hex. */
export const preimageAtPayer = ({ lnd }: LndNode, paymentHash: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = { payment_hash: Buffer.from(paymentHash, 'hex'), no_inflight_updates: true };
    const call = streaming<{ payment_preimage: string }>(lnd.router, 'trackPaymentV2', request);
    call.on('error', reject);
    call.on('data', ({ payment_preimage }) => resolve(payment_preimage));
  });

/** Pay by what an invoice says, without handing it to the payer's lnd, which looks at its expiry. */
export const payByHash = (
  { lnd }: LndNode,
  dest: string,
  { r_hash, payment_addr, value_msat }: WireInvoice,
): Promise<{ status: string; failure_reason: string }> =>
  new Promise((resolve, reject) => {
    const call = streaming<{ status: string; failure_reason: string }>(lnd.router, 'sendPaymentV2', {
      dest: Buffer.from(dest, 'hex'),
      payment_hash: r_hash,
      payment_addr,
      amt_msat: value_msat,
      final_cltv_delta: FINAL_CLTV_DELTA,
      // Payment address and parts, which an invoice would tell of.
      dest_features: ['TLV_ONION_REQ', 'PAYMENT_ADDR_REQ', 'MPP_OPT'],
      timeout_seconds: 30,
      fee_limit_msat: '1000000',
      no_inflight_updates: true,
    });
    call.on('error', reject);
    call.on('data', (update) => {
      if (update.status === 'SUCCEEDED' || update.status === 'FAILED') resolve(update);
    });
  });

/** Rows, feed and totals of a creator whose tips all came by plain invoices equal lnd's own books, to the msat. */
export async function expectPlainBooks(ledger: Ledger, jar: LndNode, handle: string, optionIds: string[]) {
  const paid = [...(await requestedInvoices(jar)).values()]
    .flat()
    .filter(({ memo, state }) => state === 'SETTLED' && optionIds.includes(replyClaimIn({ memo })!.optionId));
  const amountMsat = paid.reduce((sum, { amt_paid_msat }) => sum + BigInt(amt_paid_msat), 0n);
  await until(`${paid.length} tips of ${handle} are booked`, WITHIN_SECONDS, async () => {
    const { count } = await readTotals(ledger, handle);
    return count >= BigInt(paid.length);
  });
  expect(await readTotals(ledger, handle)).toMatchObject({ count: BigInt(paid.length), amountMsat });
  const rows: Tip[] = [];
  for (let before: bigint | undefined; ; ) {
    const page = await readFeed(ledger, handle, { limit: 100, ...(before !== undefined && { before }) });
    rows.push(...page.tips);
    before = page.next;
    if (before === undefined) break;
  }
  const byHash = (entries: [string, object][]) => new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  expect(
    byHash(
      rows.map((row) => [
        row.setId,
        {
          amountMsat: row.amountMsat,
          preimage: row.preimage,
          paymentAddr: row.paymentAddr,
          settleIndex: row.settleIndex,
        },
      ]),
    ),
  ).toEqual(
    byHash(
      paid.map((invoice) => [
        invoice.r_hash.toString('hex'),
        {
          amountMsat: BigInt(invoice.amt_paid_msat),
          preimage: invoice.r_preimage.toString('hex'),
          paymentAddr: invoice.payment_addr.toString('hex'),
          settleIndex: BigInt(invoice.settle_index),
        },
      ]),
    ),
  );
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, at) => BigInt(rows.length - at)));
  for (const { setId } of rows)
    expect(await readTip(ledger, setId)).toMatchObject({ handle, via: 'bolt11', node: jar.pubkey });
}
