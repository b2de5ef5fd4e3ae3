import { createHash } from 'node:crypto';
import { streaming, unary } from './grpc.ts';
import type { LndNode } from './lnd.ts';
import { connectPeer } from './network.ts';
import { KEYSEND_PREIMAGE, randomPreimage, writeRecords } from './records.ts';
import { until } from './until.ts';

// What lnd's own invoices ask for: its default time lock delta. A payment that gives less is refused.
const FINAL_CLTV_DELTA = 80;
const TIMEOUT_SECONDS = 60;
// A limit of zero would refuse all routes with fees; this one refuses none that occurs here.
const FEE_LIMIT_MSAT = 1_000_000n;
const MAX_PARTS = 16;

/** An HTLC of a payment, as its payer's lnd reports it. */
export type SentHtlc = { status: 'IN_FLIGHT' | 'SUCCEEDED' | 'FAILED'; failure: { code: string } | null };

/** How a payment ended. */
export type Payment = {
  /** Hex; for AMP lnd reports it as the payment hash. */
  setId: string;
  status: 'SUCCEEDED' | 'FAILED';
  /** lnd's name of it, such as `FAILURE_REASON_INCORRECT_PAYMENT_DETAILS`; `FAILURE_REASON_NONE` on success. */
  failureReason: string;
  /** All attempts, those that failed too. */
  htlcs: SentHtlc[];
};

export type Shards = {
  /** No HTLC is larger: an amount above it is split. */
  maxShardMsat?: bigint;
  /** 16 if not given. */
  maxParts?: number;
};

export type Extra = { records?: ReadonlyMap<bigint, Uint8Array> };

type Update = { payment_hash: string; status: string; failure_reason: string; htlcs: SentHtlc[] };

/** Send a payment (router.SendPaymentV2) and wait for its end. @throws ServiceError when lnd refuses to try */
function send({ lnd }: LndNode, request: object): Promise<Payment> {
  const call = streaming<Update>(lnd.router, 'sendPaymentV2', {
    timeout_seconds: TIMEOUT_SECONDS,
    fee_limit_msat: String(FEE_LIMIT_MSAT),
    no_inflight_updates: true,
    ...request,
  });
  return new Promise((resolve, reject) => {
    call.on('error', reject);
    call.on('data', ({ payment_hash, status, failure_reason, htlcs }: Update) => {
      if (status !== 'SUCCEEDED' && status !== 'FAILED') return;
      resolve({ setId: payment_hash, status, failureReason: failure_reason, htlcs });
    });
    call.on('end', () => reject(new Error('sendPaymentV2 ended without a final state')));
  });
}

const shardFields = ({ maxShardMsat, maxParts = MAX_PARTS }: Shards): object => ({
  max_parts: maxParts,
  ...(maxShardMsat === undefined ? {} : { max_shard_size_msat: String(maxShardMsat) }),
});

const amountField = (amountMsat: bigint | undefined): object =>
  amountMsat === undefined ? {} : { amt_msat: String(amountMsat) };

/** Pay an AMP invoice as lnd's own wallet does; the amount is given for an invoice that names none, and only then. */
export const payAmp = (
  payer: LndNode,
  {
    paymentRequest,
    amountMsat,
    records,
    ...shards
  }: { paymentRequest: string; amountMsat?: bigint } & Shards & Extra,
): Promise<Payment> =>
  send(payer, {
    payment_request: paymentRequest,
    amp: true,
    dest_custom_records: writeRecords(records),
    ...amountField(amountMsat),
    ...shardFields(shards),
  });

/**
 * Pay to a payment address without its invoice: any amount, and whether the invoice has expired or not. Without a
 * payment address the payment is spontaneous.
 */
export const payAmpTo = (
  payer: LndNode,
  {
    dest,
    paymentAddr,
    amountMsat,
    records,
    ...shards
  }: {
    /** Node pubkey, hex. */
    dest: string;
    /** Hex. */
    paymentAddr?: string;
    amountMsat: bigint;
  } & Shards &
    Extra,
): Promise<Payment> =>
  send(payer, {
    dest: Buffer.from(dest, 'hex'),
    amp: true,
    final_cltv_delta: FINAL_CLTV_DELTA,
    dest_custom_records: writeRecords(records),
    ...(paymentAddr === undefined ? {} : { payment_addr: Buffer.from(paymentAddr, 'hex') }),
    ...amountField(amountMsat),
    ...shardFields(shards),
  });

/** Pay an invoice that is not AMP. The `setId` of the result is its payment hash. */
export const payPlain = (
  payer: LndNode,
  { paymentRequest, amountMsat }: { paymentRequest: string; amountMsat?: bigint },
): Promise<Payment> => send(payer, { payment_request: paymentRequest, ...amountField(amountMsat) });

/** Pay a node spontaneously with one HTLC whose preimage travels in a record; `setId` is the payment hash. */
export function keysend(
  payer: LndNode,
  { dest, amountMsat, records = new Map() }: { dest: string; amountMsat: bigint } & Extra,
): Promise<Payment> {
  const preimage = randomPreimage();
  return send(payer, {
    dest: Buffer.from(dest, 'hex'),
    payment_hash: createHash('sha256').update(preimage).digest(),
    final_cltv_delta: FINAL_CLTV_DELTA,
    dest_custom_records: writeRecords(new Map([...records, [KEYSEND_PREIMAGE, preimage]])),
    ...amountField(amountMsat),
  });
}

/**
 * Pay as soon as it can be done, to a receiver that is just coming back: it may be unable to say whether its channels are
 * up. After an attempt that failed at its own channel lnd would shun that channel for about a minute, and would connect
 * again later and later: both are cut short.
 */
export const untilPaid = (payer: LndNode, receiver: LndNode, pay: () => Promise<Payment>): Promise<Payment> =>
  until('a payment', 60, async () => {
    await connectPeer(payer, receiver).catch(() => undefined);
    await unary(payer.lnd.router, 'resetMissionControl', {});
    const tried = await pay();
    return tried.status === 'SUCCEEDED' && tried;
  });
