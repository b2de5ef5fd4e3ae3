import type { ServiceError } from '@grpc/grpc-js';
import { type Lnd, streaming, unary } from './grpc.ts';
import type { LndNode } from './lnd.ts';
import type { WireRecords } from './records.ts';
import { DeadlineError } from './until.ts';

/** The state of a set as lnd keeps it: 64-bit integers in decimal digits, the time in seconds. */
export type AmpState = { state: string; settle_index: string; settle_time: string; amt_paid_msat: string };

/** An HTLC of lnrpc.Invoice. */
export type InvoiceHtlc = {
  chan_id: string;
  htlc_index: string;
  amt_msat: string;
  accept_height: number;
  accept_time: string;
  resolve_time: string;
  expiry_height: number;
  state: 'ACCEPTED' | 'SETTLED' | 'CANCELED';
  custom_records: WireRecords;
  mpp_total_amt_msat: string;
  amp: {
    root_share: Buffer;
    set_id: Buffer;
    child_index: number;
    hash: Buffer;
    preimage: Buffer;
  } | null;
  custom_channel_data: Buffer;
};

/** lnrpc.Invoice, the fields that matter here. */
export type WireInvoice = {
  memo: string;
  r_preimage: Buffer;
  r_hash: Buffer;
  payment_request: string;
  payment_addr: Buffer;
  value_msat: string;
  amt_paid_msat: string;
  state: 'OPEN' | 'SETTLED' | 'CANCELED' | 'ACCEPTED';
  creation_date: string;
  settle_date: string;
  expiry: string;
  add_index: string;
  settle_index: string;
  is_amp: boolean;
  is_keysend: boolean;
  private: boolean;
  features: Record<string, { name: string; is_required: boolean; is_known: boolean }>;
  htlcs: InvoiceHtlc[];
  amp_invoice_state: Record<string, AmpState>;
};

export type AddedInvoice = {
  paymentRequest: string;
  paymentAddr: string;
  paymentHash: string;
  addIndex: bigint;
};

export type Terms = {
  memo?: string;
  /** Any amount if not given. */
  amountMsat?: bigint;
  expirySeconds?: number;
  /** With route hints over unannounced channels. */
  private?: boolean;
};

async function addInvoice({ lnd }: LndNode, terms: Terms, isAmp: boolean): Promise<AddedInvoice> {
  const added = await unary<{
    r_hash: Buffer;
    payment_request: string;
    add_index: string;
    payment_addr: Buffer;
  }>(lnd.default, 'addInvoice', {
    is_amp: isAmp,
    memo: terms.memo ?? '',
    value_msat: String(terms.amountMsat ?? 0n),
    private: terms.private ?? false,
    ...(terms.expirySeconds === undefined ? {} : { expiry: String(terms.expirySeconds) }),
  });
  return {
    paymentRequest: added.payment_request,
    paymentAddr: added.payment_addr.toString('hex'),
    paymentHash: added.r_hash.toString('hex'),
    addIndex: BigInt(added.add_index),
  };
}

/** Add an AMP invoice at the node. */
export const addAmpInvoice = (node: LndNode, terms: Terms = {}): Promise<AddedInvoice> =>
  addInvoice(node, terms, true);

/** Add an invoice that can be paid once. */
export const addBolt11Invoice = (node: LndNode, terms: Terms = {}): Promise<AddedInvoice> =>
  addInvoice(node, terms, false);

/** Cancel an invoice; lnd refuses when it was paid. */
export const cancelInvoice = ({ lnd }: LndNode, { paymentHash }: { paymentHash: string }): Promise<object> =>
  unary(lnd.invoices, 'cancelInvoice', { payment_hash: Buffer.from(paymentHash, 'hex') });

const byAddress = ({ lnd }: LndNode, paymentAddr: string): Promise<WireInvoice> =>
  unary(lnd.invoices, 'lookupInvoiceV2', {
    payment_addr: Buffer.from(paymentAddr, 'hex'),
    lookup_modifier: 'HTLC_SET_BLANK',
  });

/** The hash by which an AMP invoice can be cancelled (hex), though it pays nothing. */
export const paymentHashOf = async (node: LndNode, paymentAddr: string): Promise<string> =>
  (await byAddress(node, paymentAddr)).r_hash.toString('hex');

/** All sets of an AMP invoice as lnd itself keeps them, by set id in hex: what every other account is held against. */
export const ampStates = async (node: LndNode, paymentAddr: string): Promise<Map<string, AmpState>> =>
  new Map(Object.entries((await byAddress(node, paymentAddr)).amp_invoice_state));

/** Every settle index the node's invoices hold, of AMP sets and of others: one counter for all. */
const settleIndexes = ({ settle_index, amp_invoice_state }: WireInvoice): bigint[] =>
  [settle_index, ...Object.values(amp_invoice_state).map((set) => set.settle_index)].map(BigInt);

/** The index of the node's last settlement, 0n when there is none; what settles later can be subscribed to from it. */
export async function lastSettleIndex({ lnd }: LndNode): Promise<bigint> {
  const { invoices } = await unary<{ invoices: WireInvoice[] }>(lnd.default, 'listInvoices', {
    num_max_invoices: '100000',
  });
  let last = 0n;
  for (const index of invoices.flatMap(settleIndexes)) if (index > last) last = index;
  return last;
}

/** A subscription to a node's invoices (lnrpc.Lightning.SubscribeInvoices) that keeps what came. */
export type InvoiceWatch = {
  readonly events: WireInvoice[];
  /** Resolves with the events once they are enough. @throws DeadlineError; ServiceError when the stream failed */
  until(what: string, enough: (events: WireInvoice[]) => boolean, seconds?: number): Promise<WireInvoice[]>;
  /** Resolves when the stream failed or ended, with the error if there was one. */
  ended: Promise<ServiceError | undefined>;
  cancel(): void;
};

/** Subscribe from indexes on: settlements and additions after them are replayed first, none where an index is 0. */
export function watchInvoices(
  lnd: Lnd,
  from: { addIndex?: bigint; settleIndex?: bigint } = {},
): InvoiceWatch {
  const events: WireInvoice[] = [];
  const waiting = new Set<() => void>();
  let failure: ServiceError | undefined;
  let isOver = false;
  const wake = (): void => {
    for (const check of waiting) check();
  };
  const call = streaming<WireInvoice>(lnd.default, 'subscribeInvoices', {
    add_index: String(from.addIndex ?? 0n),
    settle_index: String(from.settleIndex ?? 0n),
  });
  const ended = new Promise<ServiceError | undefined>((resolve) => {
    const over = (error?: ServiceError): void => {
      failure = error;
      isOver = true;
      resolve(error);
      wake();
    };
    call.on('error', over);
    call.on('end', () => over());
  });
  call.on('data', (invoice: WireInvoice) => {
    events.push(invoice);
    wake();
  });
  return {
    events,
    ended,
    cancel: () => call.cancel(),
    until: (what, enough, seconds = 30) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void): void => {
          waiting.delete(check);
          clearTimeout(timer);
          act();
        };
        const check = (): void => {
          if (enough(events)) settle(() => resolve(events));
          else if (isOver) settle(() => reject(failure ?? new Error(`${what}: the subscription ended`)));
        };
        const timer = setTimeout(
          () => settle(() => reject(new DeadlineError(what, seconds))),
          seconds * 1000,
        );
        waiting.add(check);
        check();
      }),
  };
}
