import type { LndInvoice, SetState } from './contract.ts';

/** What is read of an invoice as lnd's gRPC has it (lnrpc.Invoice), unchecked: 64-bit numbers come as decimal text. */
export interface InvoiceMessage {
  readonly memo: string;
  readonly payment_request: string;
  readonly r_hash: Uint8Array;
  readonly r_preimage: Uint8Array;
  readonly payment_addr: Uint8Array;
  readonly state: string;
  readonly is_amp: boolean;
  readonly is_keysend: boolean;
  readonly add_index: string;
  readonly settle_index: string;
  readonly settle_date: string;
  readonly creation_date: string;
  readonly amt_paid_msat: string;
  readonly htlcs: readonly HtlcMessage[];
  /** The sets that were paid, by set id (hex). */
  readonly amp_invoice_state: Readonly<Record<string, SetMessage>>;
}

/** lnrpc.InvoiceHTLC. */
export interface HtlcMessage {
  readonly state: string;
  readonly amt_msat: string;
  readonly resolve_time: string;
  readonly custom_records: Readonly<Record<string, Uint8Array>>;
  readonly amp: {
    readonly root_share: Uint8Array;
    readonly set_id: Uint8Array;
    readonly child_index: number;
    readonly hash: Uint8Array;
    readonly preimage: Uint8Array;
  } | null;
}

/** lnrpc.AMPInvoiceState. */
interface SetMessage {
  readonly state: string;
  readonly settle_index: string;
  readonly settle_time: string;
  readonly amt_paid_msat: string;
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/**
 * What names an invoice of any kind, hex: its payment hash, or its payment address where it has none, as one that a spontaneous AMP
 * payment made. The address alone would not do: that of every keysend is zeros.
 */
export const markOf = (raw: Pick<InvoiceMessage, 'r_hash' | 'payment_addr'>): string =>
  hex(raw.r_hash.length > 0 ? raw.r_hash : raw.payment_addr);

/** An invoice, as the rest of the connector sees it. */
export const toInvoice = (raw: InvoiceMessage): LndInvoice => ({
  paymentRequest: raw.payment_request,
  paymentAddr: hex(raw.payment_addr),
  memo: raw.memo,
  addIndex: BigInt(raw.add_index),
  creationDate: BigInt(raw.creation_date),
});

/** The settled sets of an AMP invoice. */
export const toSets = (raw: InvoiceMessage): SetState[] =>
  Object.entries(raw.amp_invoice_state)
    .filter(([, set]) => set.state === 'SETTLED')
    .map(([setId, set]) => ({
      setId,
      settleIndex: BigInt(set.settle_index),
      amountMsat: BigInt(set.amt_paid_msat),
    }));

/** The records that a payer sent along with an HTLC, by type. */
export const recordsOf = (htlc: HtlcMessage): ReadonlyMap<bigint, Uint8Array> =>
  new Map(Object.entries(htlc.custom_records).map(([key, value]) => [recordType(key), value]));

/** The loader of ln-service gives a 64-bit map key as the eight characters of its little-endian bytes. */
const recordType = (key: string) =>
  key.length === 8 ? Buffer.from(key, 'latin1').readBigUInt64LE() : BigInt(key);

/** More of a message than this, in characters, is payers' records, which hardly compress: an item of the table could not hold it whole. */
const MOST_EVENT_CHARS = 600_000;

/**
 * An event as JSON, bytes in hex: what is kept when it has to be set aside. A payer's records lie on every shard, byte for byte the same,
 * so of a message that is too long those of the first one are kept, and it can be read again.
 */
export function eventJson(raw: object): string {
  const whole = jsonOf(raw);
  return whole.length <= MOST_EVENT_CHARS ? whole : jsonOf(withRecordsOnce(raw));
}

const jsonOf = (raw: object) =>
  JSON.stringify(raw, (_, value) =>
    value?.type === 'Buffer' && Array.isArray(value.data) ? Buffer.from(value.data).toString('hex') : value,
  );

const withRecordsOnce = (raw: { readonly htlcs?: readonly object[] }) => ({
  ...raw,
  htlcs: (raw.htlcs ?? []).map((htlc, at) => ({
    ...htlc,
    custom_channel_data: '',
    ...(at > 0 && { custom_records: {} }),
  })),
});

/**
 * A message that was kept by {@link eventJson}, as lnd's connection gave it.
 * @throws SyntaxError, TypeError for what is none, as one that was cut
 */
export function messageOf(json: string): InvoiceMessage {
  const raw = JSON.parse(json);
  return {
    ...raw,
    ...asBytes(raw, ['r_hash', 'r_preimage', 'payment_addr']),
    htlcs: raw.htlcs.map(({ amp, custom_records, ...htlc }: KeptHtlc) => ({
      ...htlc,
      amp: amp && { ...amp, ...asBytes(amp, ['root_share', 'set_id', 'hash', 'preimage']) },
      custom_records: asBytes(custom_records, Object.keys(custom_records)),
    })),
  };
}

interface KeptHtlc {
  readonly amp: Kept | null;
  readonly custom_records: Kept;
}
/** Bytes in hex, and what else there is, by name. */
type Kept = Readonly<Record<string, unknown>>;

const asBytes = (of: Kept, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, Buffer.from(String(of[name] ?? ''), 'hex')]));
