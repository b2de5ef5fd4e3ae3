import type { HtlcRow, InvoiceRow, NodeStore, SettlementRow } from './store.ts';

/** An invoice with what the node knows of it now. */
export interface Invoice extends InvoiceRow {
  /** settled and on disk */
  settledMsat: bigint;
  /** settled, whether on disk yet or not */
  pledgedMsat: bigint;
  /** HTLCs that came in and aren't settled or failed yet, by set id in hex (one without AMP under '') */
  held: Map<string, HtlcRow[]>;
  heldMsat: bigint;
  /** the last settlement's; AMP invoices have many and show none of them at the top */
  settleIndex: number;
  /** seconds since 1970; 0 before */
  settledAt: number;
}

/** What a node tells of its invoices, after it is on disk. */
export type InvoiceEvent =
  | { kind: 'added'; invoice: Invoice }
  | { kind: 'settled'; invoice: Invoice; settlement: SettlementRow };

export type InvoiceState = 'OPEN' | 'SETTLED' | 'CANCELED';

/** A page of a node's invoices. `offset` is exclusive and an add index; with `reversed` the page ends below it, 0 for the end. */
export interface InvoiceQuery {
  offset: number;
  limit: number;
  reversed: boolean;
  pendingOnly: boolean;
  /** seconds since 1970, inclusive; 0 for none */
  createdFrom: number;
  createdUntil: number;
}

/** An operation that an invoice's state forbids; worded as lnd words it. */
export class InvoiceStateError extends Error {
  override readonly name = 'InvoiceStateError';
}

// lnd ends the payer's own invoices, which state no expiry, after an hour (invoices/invoice_expiry_watcher.go).
const DEFAULT_EXPIRY_SECONDS = 3_600;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** All invoices of a node, by everything they can be found by, and the one who counts settlements. */
export class InvoiceBook {
  readonly #store: NodeStore;
  readonly #clock: () => number;
  readonly #byIndex = new Map<number, Invoice>();
  readonly #byHash = new Map<string, Invoice>();
  readonly #byAddr = new Map<string, Invoice>();
  readonly #listeners = new Set<(event: InvoiceEvent) => void>();
  #addIndex = 0;
  #settleIndex: number;

  /** @param clock milliseconds since 1970 */
  constructor(store: NodeStore, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
    this.#settleIndex = store.lastSettleIndex();
    for (const row of store.invoices()) this.#index(row, store.lastSettlementOf(row.addIndex));
  }

  #index(row: InvoiceRow, last?: SettlementRow): Invoice {
    const paid = last?.cumulativeMsat ?? 0n;
    const invoice: Invoice = {
      ...row,
      settledMsat: paid,
      pledgedMsat: paid,
      held: new Map(),
      heldMsat: 0n,
      settleIndex: last?.settleIndex ?? 0,
      settledAt: last?.settledAt ?? 0,
    };
    this.#addIndex = row.addIndex;
    this.#byIndex.set(row.addIndex, invoice);
    if (row.paymentHash.length > 0) this.#byHash.set(hex(row.paymentHash), invoice);
    if (row.kind !== 'keysend') this.#byAddr.set(hex(row.paymentAddr), invoice);
    return invoice;
  }

  #forget({ addIndex, paymentHash, paymentAddr }: Invoice): void {
    this.#byIndex.delete(addIndex);
    this.#byHash.delete(hex(paymentHash));
    this.#byAddr.delete(hex(paymentAddr));
  }

  /** Whether no invoice was ever made. */
  get isNew(): boolean {
    return this.#addIndex === 0;
  }

  nowSeconds(): number {
    return Math.floor(this.#clock() / 1000);
  }

  /** @param paymentHash hex */
  byHash(paymentHash: string): Invoice | undefined {
    return this.#byHash.get(paymentHash);
  }

  /** @param paymentAddr hex */
  byAddr(paymentAddr: string): Invoice | undefined {
    return this.#byAddr.get(paymentAddr);
  }

  byAddIndex(addIndex: number): Invoice | undefined {
    return this.#byIndex.get(addIndex);
  }

  /**
   * Add an invoice. It is found at once and can be paid: a settlement is written after it.
   * @returns it, and when it is on disk and told to who listens
   */
  add(terms: Omit<InvoiceRow, 'addIndex' | 'createdAt' | 'canceled'>): {
    invoice: Invoice;
    stored: Promise<void>;
  } {
    const addIndex = this.#addIndex + 1;
    const row: InvoiceRow = { ...terms, addIndex, createdAt: this.nowSeconds(), canceled: false };
    const invoice = this.#index(row);
    const stored = this.#store.putInvoice(row).then(
      () => this.#tell({ kind: 'added', invoice }),
      (error) => {
        this.#forget(invoice);
        throw error;
      },
    );
    return { invoice, stored };
  }

  /** Note that an HTLC is held for an invoice. */
  hold(invoice: Invoice, set: string, htlc: HtlcRow): void {
    const htlcs = invoice.held.get(set) ?? [];
    htlcs.push(htlc);
    invoice.held.set(set, htlcs);
    invoice.heldMsat += htlc.amountMsat;
  }

  /** Note that a set is held no longer. */
  release(invoice: Invoice, set: string): void {
    for (const { amountMsat } of invoice.held.get(set) ?? []) invoice.heldMsat -= amountMsat;
    invoice.held.delete(set);
  }

  /**
   * Settle a held set: gives it the next settle index.
   * @param preimages of its HTLCs, in their order; none when the invoice has the preimage
   * @returns when it is on disk and told to who listens, in the order of settle indexes
   */
  async settle(invoice: Invoice, set: string, preimages: readonly Uint8Array[]): Promise<void> {
    const settledAt = this.nowSeconds();
    const htlcs = (invoice.held.get(set) ?? []).map((htlc, i) => ({
      ...htlc,
      resolvedAt: settledAt,
      ...(htlc.amp && { amp: { ...htlc.amp, preimage: preimages[i]! } }),
    }));
    const amountMsat = htlcs.reduce((sum, htlc) => sum + htlc.amountMsat, 0n);
    invoice.pledgedMsat += amountMsat;
    const settlement: SettlementRow = {
      settleIndex: ++this.#settleIndex,
      addIndex: invoice.addIndex,
      ...(set !== '' && { setId: set }),
      settledAt,
      amountMsat,
      cumulativeMsat: invoice.pledgedMsat,
      htlcs,
    };
    try {
      await this.#store.putSettlement(settlement);
    } catch (error) {
      invoice.pledgedMsat -= amountMsat;
      throw error;
    }
    this.release(invoice, set);
    invoice.settledMsat += amountMsat;
    invoice.settleIndex = settlement.settleIndex;
    invoice.settledAt = settledAt;
    this.#tell({ kind: 'settled', invoice, settlement });
  }

  /** An invoice that was never paid ends at its expiry; an AMP invoice that was paid once never does (lnd issue 9463). */
  state(invoice: Invoice): InvoiceState {
    if (invoice.pledgedMsat > 0n) return 'SETTLED';
    const expiry = invoice.expirySeconds || DEFAULT_EXPIRY_SECONDS;
    const expired = invoice.held.size === 0 && this.nowSeconds() >= invoice.createdAt + expiry;
    return invoice.canceled || expired ? 'CANCELED' : 'OPEN';
  }

  /** Whether HTLCs may still come: an AMP invoice stays open for the next payment. */
  isOpen(invoice: Invoice): boolean {
    const state = this.state(invoice);
    return state === 'OPEN' || (state === 'SETTLED' && isAmp(invoice));
  }

  /**
   * Cancel an invoice that wasn't paid; one that is canceled already stays so.
   * @throws InvoiceStateError for one that was paid
   */
  async cancel(invoice: Invoice): Promise<void> {
    if (invoice.pledgedMsat > 0n) {
      throw new InvoiceStateError(isAmp(invoice) ? 'htlc already settled' : 'invoice already settled');
    }
    invoice.canceled = true;
    const { settledMsat, pledgedMsat, held, heldMsat, settleIndex, settledAt, ...row } = invoice;
    await this.#store.putInvoice(row);
  }

  list({ offset, limit, reversed, pendingOnly, createdFrom, createdUntil }: InvoiceQuery): Invoice[] {
    const page: Invoice[] = [];
    const step = reversed ? -1 : 1;
    const start = reversed && (offset === 0 || offset > this.#addIndex) ? this.#addIndex + 1 : offset;
    for (let i = start + step; i >= 1 && i <= this.#addIndex && page.length < limit; i += step) {
      const invoice = this.#byIndex.get(i);
      if (invoice === undefined) continue;
      if (pendingOnly && !this.isOpen(invoice)) continue;
      if (invoice.createdAt < createdFrom) continue;
      if (createdUntil !== 0 && invoice.createdAt > createdUntil) continue;
      page.push(invoice);
    }
    return reversed ? page.reverse() : page;
  }

  /** Invoices after an add index. */
  addedAfter(addIndex: number): Invoice[] {
    const all = { limit: Number.POSITIVE_INFINITY, reversed: false, pendingOnly: false };
    return this.list({ ...all, offset: addIndex, createdFrom: 0, createdUntil: 0 });
  }

  /** Hear of what happens from now on; gives the function that ends it. */
  listen(listener: (event: InvoiceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(event: InvoiceEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

export const isAmp = ({ kind }: InvoiceRow): boolean => kind === 'amp' || kind === 'spontaneous amp';
