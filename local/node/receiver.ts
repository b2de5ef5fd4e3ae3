import { hash } from 'node:crypto';
import { type IncomingHtlc, SetCollector } from '../../shared/amp/index.ts';
import { BLOCK_HEIGHT, type Htlc, type HtlcFailure, type Resolution } from './channel.ts';
import { type Invoice, type InvoiceBook, isAmp } from './invoices.ts';
import { decodePayload, type FinalHopPayload } from './onion.ts';
import type { HtlcRow, NodeStore } from './store.ts';

/** TLV type of the record that carries the preimage of a keysend payment. */
export const KEYSEND_TYPE = 5_482_373_484n;

/** How many blocks before its expiry an HTLC must come in, when no invoice asks for more (lnd lncfg/config.go). */
const FINAL_CLTV_REJECT_DELTA = 13;
/** lnd's HtlcHoldDuration. */
const HOLD_MS = 120_000;

const UNKNOWN_DETAILS: Resolution = { failure: 'INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS' };

type CollectedHtlc = IncomingHtlc & { invoice: Invoice };

interface Incoming extends Htlc {
  payload: FinalHopPayload;
  row: HtlcRow;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** The receiving side of a node: HTLCs in, preimages out. */
export class Receiver {
  readonly #book: InvoiceBook;
  readonly #store: NodeStore;
  readonly #clock: () => number;
  readonly #sets = new SetCollector<CollectedHtlc>();
  readonly #resolvers = new Map<string, (resolution: Resolution) => void>();
  /** sets that are being written: neither held nor found in the store */
  readonly #settling = new Set<string>();
  readonly #nextHtlcIndex: () => number;
  #stopped = false;

  constructor(book: InvoiceBook, store: NodeStore, clock: () => number) {
    this.#book = book;
    this.#store = store;
    this.#clock = clock;
    this.#nextHtlcIndex = store.numbers('htlcIndex');
  }

  /**
   * Take in an HTLC and decide on it as lnd does (invoices/update.go).
   * @returns when it is settled, after that is on disk, or failed; it may be held for up to two minutes
   */
  async receive(htlc: Htlc): Promise<Resolution> {
    if (this.#stopped) return { failure: 'TEMPORARY_CHANNEL_FAILURE' };
    let payload: FinalHopPayload;
    try {
      payload = decodePayload(htlc.onion);
    } catch {
      return { failure: 'INVALID_ONION_PAYLOAD' };
    }
    if (htlc.amountMsat < payload.amountMsat) return { failure: 'FINAL_INCORRECT_HTLC_AMOUNT' };
    if (htlc.cltvExpiry < payload.cltvExpiry) return { failure: 'FINAL_INCORRECT_CLTV_EXPIRY' };
    const incoming: Incoming = { ...htlc, payload, row: this.#row(htlc, payload) };
    if (payload.amp !== undefined) return this.#receiveAmp(incoming);
    if (payload.mpp !== undefined) return this.#receivePlain(incoming);
    return this.#receiveKeysend(incoming);
  }

  #row({ amountMsat, cltvExpiry, paymentHash }: Htlc, { amp, mpp, customRecords }: FinalHopPayload): HtlcRow {
    return {
      htlcIndex: this.#nextHtlcIndex(),
      amountMsat,
      acceptedAt: this.#book.nowSeconds(),
      resolvedAt: 0,
      expiryHeight: cltvExpiry,
      totalMsat: mpp?.totalMsat ?? 0n,
      ...(amp && { amp: { ...amp, hash: paymentHash } }),
      customRecords: [...customRecords],
    };
  }

  #acceptable(invoice: Invoice, { cltvExpiry }: Htlc, totalMsat: bigint): boolean {
    return (
      this.#book.isOpen(invoice) &&
      totalMsat > 0n &&
      totalMsat >= invoice.valueMsat &&
      cltvExpiry >= BLOCK_HEIGHT + Math.max(invoice.cltvExpiry, FINAL_CLTV_REJECT_DELTA)
    );
  }

  #receiveAmp({
    paymentHash,
    amountMsat,
    payload,
    row,
    ...htlc
  }: Incoming): Promise<Resolution> | Resolution {
    const { amp, mpp } = payload;
    if (amp === undefined || mpp === undefined) return UNKNOWN_DETAILS;
    if (htlc.cltvExpiry < BLOCK_HEIGHT + FINAL_CLTV_REJECT_DELTA) return UNKNOWN_DETAILS;
    const set = hex(amp.setId);
    if (this.#settling.has(set) || this.#store.hasSet(set)) return UNKNOWN_DETAILS;
    const invoice = this.#book.byAddr(hex(mpp.paymentAddr)) ?? this.#spontaneousInvoice(payload);
    if (!isAmp(invoice)) return UNKNOWN_DETAILS;
    if (!this.#acceptable(invoice, { ...htlc, paymentHash, amountMsat }, mpp.totalMsat))
      return UNKNOWN_DETAILS;

    const key = String(row.htlcIndex);
    const outcome = this.#sets.add({ key, hash: paymentHash, amountMsat, amp, mpp, invoice }, this.#clock());
    if (outcome.state === 'refused') return UNKNOWN_DETAILS;
    this.#book.hold(invoice, set, row);
    const resolution = this.#resolutionOf(key);
    if (outcome.state === 'failed') this.#failAll(outcome.htlcs, 'INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS');
    if (outcome.state === 'whole') {
      const { htlcs } = outcome.set;
      const keys = htlcs.map((each) => each.key);
      void this.#settle(
        invoice,
        set,
        keys,
        htlcs.map(({ preimage }) => preimage),
      );
    }
    return resolution;
  }

  #spontaneousInvoice({ mpp }: FinalHopPayload): Invoice {
    const { invoice, stored } = this.#book.add({
      kind: 'spontaneous amp',
      paymentHash: new Uint8Array(),
      paymentAddr: mpp!.paymentAddr,
      memo: '',
      valueMsat: mpp!.totalMsat,
      expirySeconds: 0,
      cltvExpiry: FINAL_CLTV_REJECT_DELTA,
      paymentRequest: '',
    });
    // When this write fails the one of the settlement fails too, and is dealt with there.
    stored.catch(() => undefined);
    return invoice;
  }

  #receivePlain(incoming: Incoming): Promise<Resolution> | Resolution {
    const { paymentHash, payload, row } = incoming;
    const { mpp } = payload;
    const invoice = this.#book.byHash(hex(paymentHash));
    if (mpp === undefined || invoice === undefined || invoice.kind !== 'plain') return UNKNOWN_DETAILS;
    if (!same(invoice.paymentAddr, mpp.paymentAddr)) return UNKNOWN_DETAILS;
    if (!this.#acceptable(invoice, incoming, mpp.totalMsat)) return UNKNOWN_DETAILS;
    const held = invoice.held.get('') ?? [];
    if (held.some(({ totalMsat }) => totalMsat !== mpp.totalMsat)) return UNKNOWN_DETAILS;
    this.#book.hold(invoice, '', row);
    const resolution = this.#resolutionOf(String(row.htlcIndex));
    if (invoice.heldMsat >= mpp.totalMsat) this.#settlePlain(invoice);
    return resolution;
  }

  #receiveKeysend(incoming: Incoming): Promise<Resolution> | Resolution {
    const { paymentHash, amountMsat, payload, row } = incoming;
    const preimage = payload.customRecords.get(KEYSEND_TYPE);
    if (preimage?.length !== 32 || !same(hash('sha256', preimage, 'buffer'), paymentHash))
      return UNKNOWN_DETAILS;
    if (incoming.cltvExpiry < BLOCK_HEIGHT + FINAL_CLTV_REJECT_DELTA) return UNKNOWN_DETAILS;
    if (this.#book.byHash(hex(paymentHash)) !== undefined) return UNKNOWN_DETAILS;
    const { invoice, stored } = this.#book.add({
      kind: 'keysend',
      paymentHash,
      preimage,
      paymentAddr: new Uint8Array(32),
      memo: '',
      valueMsat: amountMsat,
      expirySeconds: 0,
      cltvExpiry: FINAL_CLTV_REJECT_DELTA,
      paymentRequest: '',
    });
    stored.catch(() => undefined);
    this.#book.hold(invoice, '', row);
    const resolution = this.#resolutionOf(String(row.htlcIndex));
    this.#settlePlain(invoice);
    return resolution;
  }

  #settlePlain(invoice: Invoice): void {
    const keys = invoice.held.get('')!.map(({ htlcIndex }) => String(htlcIndex));
    void this.#settle(
      invoice,
      '',
      keys,
      keys.map(() => invoice.preimage!),
    );
  }

  async #settle(invoice: Invoice, set: string, keys: string[], preimages: Uint8Array[]): Promise<void> {
    this.#settling.add(set);
    try {
      await this.#book.settle(invoice, set, preimages);
      for (const [i, key] of keys.entries()) this.#resolve(key, { preimage: preimages[i]! });
    } catch {
      this.#book.release(invoice, set);
      for (const key of keys) this.#resolve(key, { failure: 'TEMPORARY_NODE_FAILURE' });
    } finally {
      this.#settling.delete(set);
    }
  }

  #resolutionOf(key: string): Promise<Resolution> {
    return new Promise((resolve) => this.#resolvers.set(key, resolve));
  }

  #resolve(key: string, resolution: Resolution): void {
    this.#resolvers.get(key)?.(resolution);
    this.#resolvers.delete(key);
  }

  #failAll(htlcs: readonly CollectedHtlc[], failure: HtlcFailure): void {
    for (const { invoice, amp } of htlcs) this.#book.release(invoice, hex(amp.setId));
    for (const { key } of htlcs) this.#resolve(key, { failure });
  }

  /** Send back what an invoice that was canceled still holds. */
  failHeld(invoice: Invoice, failure: HtlcFailure): void {
    for (const [set, htlcs] of invoice.held) {
      if (set !== '') this.#sets.drop(Buffer.from(set, 'hex'));
      this.#book.release(invoice, set);
      for (const { htlcIndex } of htlcs) this.#resolve(String(htlcIndex), { failure });
    }
  }

  /** Send back the sets that weren't whole in time. Plain invoices are given as they can hold shards too. */
  expireHeld(plain: Iterable<Invoice>): void {
    this.#failAll(this.#sets.expire(this.#clock() - HOLD_MS), 'MPP_TIMEOUT');
    const before = this.#book.nowSeconds() - HOLD_MS / 1000;
    for (const invoice of plain) {
      const first = invoice.kind === 'plain' ? invoice.held.get('')?.[0] : undefined;
      if (first !== undefined && first.acceptedAt < before) this.failHeld(invoice, 'MPP_TIMEOUT');
    }
  }

  /** Take nothing more in, let what is being settled end, send the rest back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#store.flushed();
    for (const key of [...this.#resolvers.keys()]) {
      this.#resolve(key, { failure: 'TEMPORARY_CHANNEL_FAILURE' });
    }
  }
}
