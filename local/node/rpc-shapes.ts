import { BLOCK_HEIGHT, type HtlcFailure } from './channel.ts';
import { type Invoice, isAmp } from './invoices.ts';
import { encodeCustomRecords } from './onion.ts';
import type { Attempt, Payment } from './payer.ts';
import type { PaymentRequest } from './payment-request.ts';
import type { HtlcRow, InvoiceRow, SettlementRow } from './store.ts';

/** Every channel of the node: block, transaction and output in a number, as BOLT 7 packs a short channel id. */
export const CHANNEL_ID = String((BigInt(BLOCK_HEIGHT - 10) << 40n) | (1n << 16n));

const FEATURE_NAMES: Record<number, string> = {
  8: 'tlv-onion',
  14: 'payment-addr',
  16: 'multi-path-payments',
  24: 'route-blinding',
  30: 'amp',
};

const FEATURES: Record<InvoiceRow['kind'], number[]> = {
  amp: [8, 14, 30],
  plain: [8, 14, 17, 25],
  'spontaneous amp': [8, 15, 30],
  keysend: [8],
};

const sat = (msat: bigint): string => String(msat / 1000n);
const nanoseconds = (ms: number): string => String(BigInt(ms) * 1_000_000n);

/** Feature bits as lnd lists them: an even one is required, the odd one after it optional. */
export const rpcFeatures = (bits: readonly number[]): object =>
  Object.fromEntries(
    bits.map((bit) => {
      const name = FEATURE_NAMES[bit & ~1] ?? 'unknown';
      return [bit, { name, is_required: bit % 2 === 0, is_known: name !== 'unknown' }];
    }),
  );

/** A map<uint64, bytes> as the loader has to be given it: its keys in decimal, see {@link readCustomRecords}. */
const writeCustomRecords = (records: Iterable<readonly [bigint, Uint8Array]>): object =>
  Object.fromEntries([...records].map(([type, value]) => [type.toString(), value]));

/** A map<uint64, bytes> as the loader gives it: each key is the little-endian bytes of the number, one a character. */
export const readCustomRecords = (records: Record<string, Uint8Array>): Map<bigint, Uint8Array> =>
  new Map(
    Object.entries(records).map(([key, value]) => [Buffer.from(key, 'latin1').readBigUInt64LE(), value]),
  );

const rpcHtlc = (htlc: HtlcRow): object => ({
  chan_id: CHANNEL_ID,
  htlc_index: String(htlc.htlcIndex),
  amt_msat: String(htlc.amountMsat),
  accept_height: BLOCK_HEIGHT,
  accept_time: String(htlc.acceptedAt),
  resolve_time: String(htlc.resolvedAt),
  expiry_height: htlc.expiryHeight,
  state: htlc.resolvedAt === 0 ? 'ACCEPTED' : 'SETTLED',
  custom_records: writeCustomRecords(htlc.customRecords),
  mpp_total_amt_msat: String(htlc.totalMsat),
  amp: htlc.amp && {
    root_share: htlc.amp.rootShare,
    set_id: htlc.amp.setId,
    child_index: htlc.amp.childIndex,
    hash: htlc.amp.hash,
    preimage: htlc.amp.preimage,
  },
  custom_channel_data: encodeCustomRecords(new Map(htlc.customRecords)),
});

const settledSet = ({ settleIndex, settledAt, amountMsat }: SettlementRow): object => ({
  state: 'SETTLED',
  settle_index: String(settleIndex),
  settle_time: String(settledAt),
  amt_paid_msat: String(amountMsat),
});

const acceptedSet = (htlcs: readonly HtlcRow[]): object => ({
  state: 'ACCEPTED',
  settle_index: '0',
  // Go's zero time, which is what lnd answers with for a set that isn't settled.
  settle_time: '-62135596800',
  amt_paid_msat: String(htlcs.reduce((sum, { amountMsat }) => sum + amountMsat, 0n)),
});

/** Which payments a message tells of: all that the invoice had, or one; with or without their HTLCs. */
export interface Told {
  settlements: readonly SettlementRow[];
  held: ReadonlyMap<string, readonly HtlcRow[]>;
  withHtlcs: boolean;
}

/**
 * An invoice as lnd shows it (lnrpc/invoicesrpc/utils.go). For AMP the amounts at the top are of all its sets, and settle index
 * and date at the top are 0.
 */
export function rpcInvoice(invoice: Invoice, state: string, { settlements, held, withHtlcs }: Told): object {
  const amp = isAmp(invoice);
  // HTLCs of a plain invoice count as paid when it settles, those of an AMP invoice as they come in.
  const paidMsat = invoice.settledMsat + (amp ? invoice.heldMsat : 0n);
  const settled = settlements.length > 0;
  const heldHtlcs = [...held.values()].flat();
  const htlcs = withHtlcs ? [...settlements.flatMap((each) => each.htlcs), ...heldHtlcs] : [];
  return {
    memo: invoice.memo,
    r_preimage: invoice.preimage,
    r_hash: invoice.paymentHash,
    value: sat(invoice.valueMsat),
    value_msat: String(invoice.valueMsat),
    settled: amp ? settled : state === 'SETTLED',
    creation_date: String(invoice.createdAt),
    settle_date: String(amp ? 0 : invoice.settledAt),
    payment_request: invoice.paymentRequest,
    description_hash: invoice.descriptionHash,
    expiry: String(invoice.expirySeconds),
    cltv_expiry: String(invoice.cltvExpiry),
    route_hints: [],
    private: false,
    add_index: String(invoice.addIndex),
    settle_index: String(amp ? 0 : invoice.settleIndex),
    amt_paid: String(paidMsat),
    amt_paid_sat: sat(paidMsat),
    amt_paid_msat: String(paidMsat),
    state: amp && settled ? 'SETTLED' : state,
    htlcs: htlcs.sort((a, b) => a.htlcIndex - b.htlcIndex).map(rpcHtlc),
    features: rpcFeatures(FEATURES[invoice.kind]),
    is_keysend: invoice.kind === 'keysend',
    payment_addr: invoice.paymentAddr,
    is_amp: amp,
    amp_invoice_state: amp
      ? Object.fromEntries([
          ...settlements.map((each) => [each.setId, settledSet(each)]),
          ...[...held].map(([set, each]) => [set, acceptedSet(each)]),
        ])
      : {},
  };
}

/** A decoded payment request as lnd shows it. */
export const rpcPayReq = (request: PaymentRequest): object => ({
  destination: request.payee,
  payment_hash: request.paymentHash,
  num_satoshis: sat(request.amountMsat ?? 0n),
  num_msat: String(request.amountMsat ?? 0n),
  timestamp: String(request.timestamp),
  expiry: String(request.expirySeconds),
  description: request.description,
  description_hash: request.descriptionHash,
  cltv_expiry: String(request.cltvExpiry),
  payment_addr: Buffer.from(request.paymentAddr, 'hex'),
  features: rpcFeatures(request.features),
});

const rpcFailure = (code: HtlcFailure, height: number): object => ({ code, height, failure_source_index: 1 });

const rpcAttempt = (attempt: Attempt): object => {
  const { amountMsat, mpp, amp } = attempt;
  return {
    attempt_id: String(attempt.attemptId),
    status: attempt.status,
    attempt_time_ns: nanoseconds(attempt.sentAt),
    resolve_time_ns: nanoseconds(attempt.resolvedAt),
    preimage: attempt.preimage,
    failure: attempt.failure && rpcFailure(attempt.failure, BLOCK_HEIGHT),
    route: {
      total_time_lock: attempt.cltvExpiry,
      total_amt: sat(amountMsat),
      total_amt_msat: String(amountMsat),
      first_hop_amount_msat: String(amountMsat),
      hops: [
        {
          chan_id: CHANNEL_ID,
          expiry: attempt.cltvExpiry,
          amt_to_forward: sat(amountMsat),
          amt_to_forward_msat: String(amountMsat),
          pub_key: attempt.dest,
          tlv_payload: true,
          mpp_record: mpp && { payment_addr: mpp.paymentAddr, total_amt_msat: String(mpp.totalMsat) },
          amp_record: amp && { root_share: amp.rootShare, set_id: amp.setId, child_index: amp.childIndex },
          custom_records: writeCustomRecords(attempt.customRecords),
        },
      ],
    },
  };
};

/** A payment as lnd shows it (lnrpc/routerrpc/router_backend.go, MarshallPayment): for AMP its hash is the set id. */
export const rpcPayment = (payment: Payment): object => ({
  payment_hash: payment.paymentHash,
  value: sat(payment.amountMsat),
  value_sat: sat(payment.amountMsat),
  value_msat: String(payment.amountMsat),
  creation_date: String(Math.floor(payment.createdAt / 1000)),
  creation_time_ns: nanoseconds(payment.createdAt),
  payment_preimage: Buffer.from(
    payment.attempts.find(({ preimage }) => preimage)?.preimage ?? new Uint8Array(32),
  ).toString('hex'),
  payment_request: payment.paymentRequest,
  status: payment.status,
  payment_index: String(payment.paymentIndex),
  failure_reason: payment.failureReason,
  htlcs: payment.attempts.map(rpcAttempt),
});
