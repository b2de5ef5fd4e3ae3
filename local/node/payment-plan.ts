import type { Network } from '../../shared/bolt11/network.ts';
import { FINAL_CLTV_DELTA } from './channel.ts';
import { FIRST_CUSTOM_TYPE } from './onion.ts';
import { type PaymentRequest, readPaymentRequest } from './payment-request.ts';
import { RpcError } from './rpc-error.ts';

/** What a payer asks for, as lnd's SendPaymentV2 takes it: by payment request, or by destination and the rest. */
export interface SendPayment {
  paymentRequest?: string;
  /** hex */
  dest?: string;
  /** for a payment request without amount, or a destination */
  amountMsat?: bigint;
  /** must be set to pay an AMP invoice */
  amp?: boolean;
  /** 32 bytes */
  paymentAddr?: Uint8Array;
  /** 32 bytes */
  paymentHash?: Uint8Array;
  finalCltvDelta?: number;
  /** an HTLC carries no more than this */
  maxShardMsat?: bigint;
  /** 16 by default, as lnd's */
  maxParts?: number;
  customRecords?: ReadonlyMap<bigint, Uint8Array>;
}

/** A payment that can be sent: to whom, how much, in how many HTLCs, and by which of the three ways. */
export interface PaymentPlan {
  dest: string;
  amountMsat: bigint;
  shards: number;
  finalCltvDelta: number;
  customRecords: ReadonlyMap<bigint, Uint8Array>;
  paymentRequest: string;
  way:
    | { kind: 'amp'; paymentAddr: Uint8Array }
    | { kind: 'plain'; paymentHash: Uint8Array; paymentAddr: Uint8Array }
    | { kind: 'keysend'; paymentHash: Uint8Array };
}

const DEFAULT_MAX_PARTS = 16;
const MAX_PARTS_LIMIT = 1_000;

/** What a plan is checked against: `self` is the payer's pubkey (hex), `now` in milliseconds. */
export interface PlanContext {
  network: Network;
  self: string;
  now: number;
  random(size: number): Uint8Array;
}

/**
 * Check a request for a payment and fill in what follows from it, in lnd's order and with lnd's words
 * (lnrpc/routerrpc/router_backend.go).
 * @throws RpcError
 */
export function planPayment(send: SendPayment, context: PlanContext): PaymentPlan {
  const customRecords = send.customRecords ?? new Map();
  for (const type of customRecords.keys()) {
    if (type < FIRST_CUSTOM_TYPE) {
      throw new RpcError(`no custom records with types below ${FIRST_CUSTOM_TYPE} allowed`);
    }
  }
  const target = send.paymentRequest ? byRequest(send, context) : byDestination(send, context);
  const shards = shardsOf(send, target.amountMsat);
  if (target.dest === context.self) throw new RpcError('self-payments not allowed');
  return { ...target, shards, customRecords };
}

type Target = Omit<PaymentPlan, 'shards' | 'customRecords'>;

// A payer sends to few invoices many times, and recovering the payee from a signature costs a millisecond.
const decoded = new Map<string, PaymentRequest>();
const MAX_DECODED = 1_000;

const readOnce = (paymentRequest: string, network: Network): PaymentRequest => {
  const known = decoded.get(`${network} ${paymentRequest}`);
  if (known !== undefined) return known;
  const read = readPaymentRequest(paymentRequest, network);
  if (decoded.size >= MAX_DECODED) decoded.clear();
  decoded.set(`${network} ${paymentRequest}`, read);
  return read;
};

function byRequest(send: SendPayment, { network, now }: PlanContext): Target {
  const text = send.paymentRequest!;
  if (send.dest) throw new RpcError('dest and payment_request cannot appear together');
  if (send.paymentHash?.length) throw new RpcError('payment_hash and payment_request cannot appear together');
  if (send.finalCltvDelta) throw new RpcError('final_cltv_delta and payment_request cannot appear together');
  const request = readOnce(text, network);
  const validUntil = (request.timestamp + request.expirySeconds) * 1000;
  if (now > validUntil) throw new RpcError(`invoice expired. Valid until ${goTime(validUntil)}`);
  if (request.paymentAddr === '') {
    throw new RpcError('payment request must contain either a payment address or blinded paths');
  }
  if (request.amountMsat === undefined && !send.amountMsat) {
    throw new RpcError('amount must be specified when paying a zero amount invoice');
  }
  if (request.amountMsat !== undefined && send.amountMsat) {
    throw new RpcError('amount must not be specified when paying a non-zero amount invoice');
  }
  if (request.isAmp && !send.amp) {
    throw new RpcError('the AMP flag (--amp or SendPaymentRequest.Amp) must be set to pay an AMP invoice');
  }
  const paymentAddr = Buffer.from(request.paymentAddr, 'hex');
  return {
    dest: request.payee,
    amountMsat: request.amountMsat ?? send.amountMsat!,
    finalCltvDelta: request.cltvExpiry,
    paymentRequest: text,
    way: request.isAmp
      ? { kind: 'amp', paymentAddr: send.paymentAddr?.length ? send.paymentAddr : paymentAddr }
      : { kind: 'plain', paymentHash: Buffer.from(request.paymentHash, 'hex'), paymentAddr },
  };
}

function byDestination(send: SendPayment, { random }: PlanContext): Target {
  const { dest = '', amountMsat = 0n, paymentAddr, paymentHash } = send;
  if (dest.length !== 66) throw new RpcError(`invalid vertex length of ${dest.length / 2}, want 33`);
  if (amountMsat === 0n) throw new RpcError('amount must be specified');
  const to = {
    dest,
    amountMsat,
    finalCltvDelta: send.finalCltvDelta || FINAL_CLTV_DELTA,
    paymentRequest: '',
  };
  if (send.amp)
    return { ...to, way: { kind: 'amp', paymentAddr: paymentAddr?.length ? paymentAddr : random(32) } };
  if (paymentHash?.length !== 32) {
    throw new RpcError(`invalid hash length of ${paymentHash?.length ?? 0}, want 32`);
  }
  if (paymentAddr?.length) return { ...to, way: { kind: 'plain', paymentHash, paymentAddr } };
  return { ...to, way: { kind: 'keysend', paymentHash } };
}

function shardsOf({ maxShardMsat, maxParts }: SendPayment, amountMsat: bigint): number {
  if (!maxShardMsat) return 1;
  const most = maxParts || DEFAULT_MAX_PARTS;
  if (most > MAX_PARTS_LIMIT) {
    throw new RpcError(
      `requested max_parts (${most}) exceeds the allowed upper limit of ${MAX_PARTS_LIMIT}; cannot send payment amount with max_shard_size_msat=${maxShardMsat} mSAT`,
    );
  }
  const largest = maxShardMsat * BigInt(most);
  if (amountMsat > largest) {
    throw new RpcError(
      `payment amount ${amountMsat} mSAT exceeds maximum possible amount ${largest} mSAT with max_parts=${most} and max_shard_size_msat=${maxShardMsat} mSAT`,
    );
  }
  return Number((amountMsat + maxShardMsat - 1n) / maxShardMsat);
}

/** A time as Go prints it: 2026-11-24 12:18:00 +0000 UTC. */
const goTime = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
