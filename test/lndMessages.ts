import { readFileSync } from 'node:fs';

type Shape = Record<string, unknown>;
interface Recorded extends Shape {
  htlcs: [Shape, ...Shape[]];
}

const { settled_events: recorded }: { settled_events: Recorded[] } = JSON.parse(
  readFileSync(new URL('./fixtures/lnd-settled.json', import.meta.url), 'utf8'),
);
/** What a real lnd said of a payment to an AMP invoice that was paid before, and of one to a plain invoice. */
const AMP = recorded[2]!;
const PLAIN = recorded[7]!;

/** An HTLC, as messages of lnd's have it; `amp` is null with plain invoices. */
export function lndHtlc(htlc: {
  amountMsat: bigint;
  totalMsat: bigint;
  /** Seconds since 1970. */
  resolvedAt: bigint;
  amp: Shape | null;
  /** By record type as ln-service's loader gives it. */
  records?: Record<string, Uint8Array>;
}) {
  const { amountMsat, totalMsat, resolvedAt, amp, records = {} } = htlc;
  return {
    ...(amp ? AMP : PLAIN).htlcs[0],
    amt_msat: amountMsat.toString(),
    mpp_total_amt_msat: totalMsat.toString(),
    accept_time: resolvedAt.toString(),
    resolve_time: resolvedAt.toString(),
    state: 'SETTLED',
    custom_records: records,
    custom_channel_data: Buffer.alloc(0),
    amp,
  };
}

/** One that failed before its payment went through, which lnd lists with those that settled. It paid nothing. */
export const failedHtlc = <H extends ReturnType<typeof lndHtlc>>(htlc: H): H => ({
  ...htlc,
  state: 'CANCELED',
  amp: htlc.amp && { ...htlc.amp, preimage: Buffer.alloc(0) },
});

/** An invoice, as all messages of lnd's have it. */
export interface LndInvoiceFields {
  readonly isAmp: boolean;
  readonly memo: string;
  readonly paymentRequest: string;
  readonly paymentAddr: Buffer;
  readonly paymentHash: Buffer;
  /** Of a plain one. */
  readonly preimage: Buffer;
  readonly addIndex: bigint;
  /** Seconds since 1970. */
  readonly creationDate: bigint;
  /** 0 when the payer chooses. */
  readonly valueMsat: bigint;
}

/** A payment in a message. */
export interface LndPayment {
  /** hex; not used of a plain invoice. */
  readonly setId: string;
  readonly settleIndex: bigint;
  /** Seconds since 1970. */
  readonly settledAt: bigint;
  readonly amountMsat: bigint;
  /** All that the invoice had been paid by then. */
  readonly paidMsat: bigint;
  readonly htlcs: readonly Shape[];
}

const sat = (msat: bigint) => (msat / 1_000n).toString();

/**
 * lnd's message of an invoice with one payment, or without: each field that a real lnd's has, those that mislead, too. Of an AMP
 * invoice the amounts at the top are of all its payments, index and date 0; amounts in satoshi are cut.
 */
export function lndMessage(invoice: LndInvoiceFields, payment?: LndPayment) {
  const { isAmp, valueMsat } = invoice;
  const paidMsat = payment?.paidMsat ?? 0n;
  const plain = isAmp ? undefined : payment;
  return {
    ...(isAmp ? AMP : PLAIN),
    memo: invoice.memo,
    payment_request: invoice.paymentRequest,
    payment_addr: invoice.paymentAddr,
    r_hash: invoice.paymentHash,
    r_preimage: isAmp ? Buffer.alloc(0) : invoice.preimage,
    description_hash: Buffer.alloc(0),
    add_index: invoice.addIndex.toString(),
    creation_date: invoice.creationDate.toString(),
    value: sat(valueMsat),
    value_msat: valueMsat.toString(),
    state: payment ? 'SETTLED' : 'OPEN',
    settled: payment !== undefined,
    settle_index: (plain?.settleIndex ?? 0n).toString(),
    settle_date: (plain?.settledAt ?? 0n).toString(),
    amt_paid: paidMsat.toString(),
    amt_paid_sat: sat(paidMsat),
    amt_paid_msat: paidMsat.toString(),
    amp_invoice_state:
      isAmp && payment
        ? {
            [payment.setId]: {
              state: 'SETTLED',
              settle_index: payment.settleIndex.toString(),
              settle_time: payment.settledAt.toString(),
              amt_paid_msat: payment.amountMsat.toString(),
            },
          }
        : {},
    htlcs: payment?.htlcs ?? [],
  };
}
