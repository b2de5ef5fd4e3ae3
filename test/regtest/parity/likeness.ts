import bolt11 from 'bolt11';
import { verifySet } from '../../../shared/amp/index.ts';
import { COINS } from '../../../shared/bolt11/network.ts';
import type { Fields } from '../harness/grpc.ts';
import { KEYSEND_PREIMAGE, readRecords } from '../harness/records.ts';
import { sha256 } from './calls.ts';

/** What was there before: indexes are told as so many after these. */
export interface Base {
  addIndex: bigint;
  settleIndex: bigint;
  /** node pubkeys, hex, by the name of the node */
  pubkeys: Record<string, string>;
}

const TEN_MINUTES = 600;
const TIMES = /^(creation_date|settle_date|settle_time|accept_time|resolve_time|timestamp|creation_time_ns)$/;
const ADD_INDEXES = /^(add_index|first_index_offset|last_index_offset)$/;
/** Where the nodes count for themselves, or have another number of channels: no field that the connector reads. */
const ONES_OWN =
  /^(chan_id|htlc_index|accept_height|attempt_id|attempt_time_ns|resolve_time_ns|payment_index)$/;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const json = (value: unknown): string => JSON.stringify(value);

/**
 * What two nodes' answers must have in common, all of it: random bytes get names in the order in which they come, so that what was
 * equal in an answer stays equal; times are held against the clock, indexes told relative to a base, payment requests
 * decoded; and of the shares of a settled set is told whether they give its preimages.
 */
export class Likeness {
  readonly #names = new Map<string, string>();
  readonly #base: Base;

  constructor(base: Base) {
    this.#base = base;
    for (const [name, pubkey] of Object.entries(base.pubkeys)) this.#names.set(pubkey, name);
  }

  #name(bytes: string): string {
    const known = this.#names.get(bytes) ?? `${bytes.length / 2} bytes ${this.#names.size}`;
    this.#names.set(bytes, known);
    return known;
  }

  of(value: Fields[string], key = ''): unknown {
    if (value instanceof Uint8Array) return this.#text(hex(value), key);
    if (typeof value === 'string') return this.#text(value, key);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.of(item));
      return key === 'htlcs' ? items.sort((a, b) => (json(a) < json(b) ? -1 : 1)) : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    if ('accept_height' in value) return this.#htlc(value);
    if (key === 'route') return this.#route(value);
    if (key === 'amp_invoice_state') return this.#sets(value);
    if (key === 'custom_records') return records(value);
    if (key === 'failure') return value.code;
    if (!value.amp_invoice_state) return this.#fields(value);
    // Named in settle order, before the HTLCs are looked at: those come in none.
    for (const [setId] of settleOrder(value.amp_invoice_state)) this.#name(setId);
    return { ...this.#fields(value), shares: sharesOf(value), proof: proofOf(value) };
  }

  #fields(value: Fields): Fields {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => !ONES_OWN.test(name))
        .map(([name, item]) => [name, this.of(item, name)]),
    );
  }

  #text(text: string, key: string): string | object {
    if (key === 'payment_request' && text !== '') return this.paymentRequest(text);
    if (TIMES.test(key)) return time(text, key);
    if (ADD_INDEXES.test(key)) return after(this.#base.addIndex, text);
    if (key === 'settle_index') return after(this.#base.settleIndex, text);
    // An AMP payment of several shards has several preimages, and which comes first is chance.
    if (/preimage$/.test(key)) return /^0*$/.test(text) ? text : 'a preimage';
    return /^([0-9a-f]{64}|0[23][0-9a-f]{64})$/.test(text) ? this.#name(text) : text;
  }

  /** The fields of a payment request in their order; only the signature is left out, whose signer is told. */
  paymentRequest(text: string): object {
    const { prefix, timestamp, payeeNodeKey, tags } = bolt11.decode(text, COINS.simnet);
    return {
      prefix,
      timestamp: time(String(timestamp), 'timestamp'),
      payee: this.#name(payeeNodeKey!),
      tags: tags.map(({ tagName, data }) => [tagName, this.of(data)]),
    };
  }

  #htlc({ accept_height, expiry_height, custom_records, custom_channel_data, amp, ...htlc }: Fields): object {
    const hasPreimage = readRecords(custom_records).has(KEYSEND_PREIMAGE);
    return {
      ...this.#fields(htlc),
      blocks: expiry_height - accept_height,
      custom_records: records(custom_records),
      custom_channel_data: hasPreimage ? 'records again' : this.of(custom_channel_data),
      amp: amp && { set_id: this.of(amp.set_id), preimage: amp.preimage.length },
    };
  }

  /** Of a route its last hop, which the receiver gets; how it came there is the network's business. */
  #route({ hops }: Fields): object {
    const { amt_to_forward, amt_to_forward_msat, pub_key, mpp_record, amp_record, custom_records } =
      hops.at(-1);
    return {
      amt_to_forward,
      amt_to_forward_msat,
      pub_key: this.of(pub_key),
      mpp_record: this.of(mpp_record),
      amp_record: amp_record && { set_id: this.of(amp_record.set_id), share: amp_record.root_share.length },
      custom_records: records(custom_records),
    };
  }

  #sets(sets: Fields): object {
    return settleOrder(sets).map(([setId, set]) => [this.#name(setId), this.of(set)]);
  }
}

const after = (base: bigint, index: string): string =>
  index === '0' ? '0' : `base + ${BigInt(index) - base}`;

function time(text: string, key: string): string {
  const seconds = Number(key.endsWith('_ns') ? BigInt(text) / 1_000_000_000n : BigInt(text));
  return Math.abs(Date.now() / 1000 - seconds) < TEN_MINUTES ? 'about now' : text;
}

const records = (wire: Record<string, Buffer>): object =>
  Object.fromEntries(
    [...readRecords(wire)]
      // The preimage that a keysend payment carries is random.
      .map(([type, value]) => [
        String(type),
        type === KEYSEND_PREIMAGE ? `${value.length} bytes` : hex(value),
      ]),
  );

/** By set in settle order: whether the shares that were told of give every preimage and hash. */
function sharesOf({ htlcs, amp_invoice_state }: Fields): string[] {
  return settleOrder(amp_invoice_state).map(([setId]) => {
    const amps = htlcs.flatMap(({ amp }: Fields) => (amp && hex(amp.set_id) === setId ? [amp] : []));
    const verdict = verifySet(
      amps.map(({ root_share, child_index, preimage, hash }: Fields) => ({
        share: root_share,
        childIndex: child_index,
        preimage,
        hash,
      })),
    );
    return verdict.ok ? 'whole' : verdict.reason;
  });
}

/** Whether the preimage that is told, if any, is that of the payment hash. */
const proofOf = ({ r_preimage, r_hash }: Fields): string =>
  r_preimage.length > 0 && sha256(r_preimage).equals(r_hash) ? 'of the payment hash' : 'none';

const settleOrder = (sets: Fields): [setId: string, set: Fields][] =>
  Object.entries<Fields>(sets).sort(([, a], [, b]) => Number(a.settle_index) - Number(b.settle_index));
