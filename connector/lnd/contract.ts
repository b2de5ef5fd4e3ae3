export interface NodeInfo {
  /** Node pubkey, hex. */
  readonly node: string;
  /** lnd's name of the chain: mainnet, testnet, signet, regtest, simnet. */
  readonly network: string;
  readonly synced: boolean;
}

/** An HTLC of an AMP set, as lnd tells of it. Bytes as lnd gave them, unchecked. */
export interface Shard {
  readonly amountMsat: bigint;
  readonly share: Uint8Array;
  readonly childIndex: number;
  readonly hash: Uint8Array;
  readonly preimage: Uint8Array;
  readonly setId: string;
  /** Seconds since 1970. */
  readonly resolvedAt: bigint;
  /** What the payer sent along, by record type. */
  readonly records: ReadonlyMap<bigint, Uint8Array>;
}

/** One settled AMP payment, as lnd tells of it, with the invoice that it was paid to. */
export interface Settlement extends LndInvoice {
  /** hex */
  readonly setId: string;
  readonly settleIndex: bigint;
  /** Seconds since 1970; 0 when lnd didn't say. */
  readonly settledAt: bigint;
  readonly amountMsat: bigint;
  readonly shards: readonly Shard[];
}

/** A plain invoice of lnd's, which is paid once. */
export interface PlainInvoice {
  readonly paymentRequest: string;
  /** hex */
  readonly paymentHash: string;
}

/** The one payment of a plain invoice, as lnd tells of it. Bytes as lnd gave them, unchecked. */
export interface PlainSettlement extends LndInvoice {
  readonly paymentHash: Uint8Array;
  readonly preimage: Uint8Array;
  readonly settleIndex: bigint;
  /** Seconds since 1970. */
  readonly settledAt: bigint;
  readonly amountMsat: bigint;
  /** Of each HTLC, in msat. */
  readonly parts: readonly bigint[];
}

/** An AMP invoice as lnd answers when it made it. */
export interface MintedInvoice {
  readonly paymentRequest: string;
  /** hex */
  readonly paymentAddr: string;
  readonly memo: string;
  readonly addIndex: bigint;
}

/** An invoice of lnd's. A spontaneous payment makes one without a payment request. */
export interface LndInvoice extends MintedInvoice {
  /** Seconds since 1970, by lnd's clock. */
  readonly creationDate: bigint;
}

/** A plain invoice in lnd's list. */
export interface PlainState extends LndInvoice {
  /** hex */
  readonly paymentHash: string;
  /** Whether nothing more can become of it. */
  readonly over: boolean;
  readonly settled?: ToldPlain | Unreadable;
}

/** A set of an invoice without its HTLCs: what the audit compares. */
export interface SetState {
  readonly setId: string;
  readonly settleIndex: bigint;
  readonly amountMsat: bigint;
}

/** The highest of some indexes; 0 of none. */
export const highest = (indexes: readonly bigint[]): bigint =>
  [...indexes].sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n;

export interface AmpState {
  readonly sets: readonly SetState[];
  readonly cancelled: boolean;
}

/** A call to lnd that failed; `details` are lnd's own words, `code` is gRPC's. */
export class LndError extends Error {
  override readonly name = 'LndError';
  readonly call: string;
  readonly code: number;
  readonly details: string;
  constructor(call: string, { code, details }: { code: number; details: string }) {
    super(`${call}: ${details}`);
    this.call = call;
    this.code = code;
    this.details = details;
  }
}

/** A settled AMP set, and the message of lnd's that told of it. */
export interface Told {
  readonly settlement: Settlement;
  readonly raw: object;
}

/** A message that tells of a payment and can't be read, and why. */
export interface Unreadable {
  readonly reason: string;
  readonly raw: object;
  /** The set id or payment hash (hex), where that much can be read. */
  readonly setId?: string;
}

/** A paid plain invoice, and the message of lnd's that told of it. */
export interface ToldPlain {
  readonly settlement: PlainSettlement;
  readonly raw: object;
}

/** What the subscription brings: a settled AMP set, one that can't be read, or another message of which only the index counts. */
export type LndEvent =
  | ({ readonly kind: 'amp' } & Told)
  | ({ readonly kind: 'unreadable' } & Unreadable)
  | ({ readonly kind: 'plain' } & ToldPlain)
  | { readonly kind: 'other'; readonly settleIndex: bigint };

/** lnd as the rest of the connector sees it. */
export interface Lnd {
  getInfo(): Promise<NodeInfo>;
  /** Mint an AMP invoice; open when there is no amount. */
  addAmpInvoice(invoice: {
    memo: string;
    amountMsat: bigint | undefined;
    expirySeconds: number;
    routeHints: boolean;
  }): Promise<MintedInvoice>;
  /** Mint a plain invoice that commits to the hash of a description (hex) in place of the memo. */
  addPlainInvoice(invoice: {
    memo: string;
    amountMsat: bigint;
    descriptionHash: string;
    expirySeconds: number;
    routeHints: boolean;
  }): Promise<PlainInvoice>;
  /**
   * Plain invoices with an add index above `after`, out of a page of at most `most`, each with its payment once it is
   * settled; `last` is where the next page begins.
   */
  listPlainInvoices(
    after: bigint,
    most: number,
  ): Promise<{ invoices: PlainState[]; last: bigint | undefined }>;
  /**
   * AMP invoices with an add index above `after`, out of a page of at most `most`; `last` is where the next page begins, `settledUpTo`
   * the highest settle index of all invoices of the page, of whatever kind, or 0.
   */
  listAmpInvoices(
    after: bigint,
    most: number,
  ): Promise<{ invoices: LndInvoice[]; last: bigint | undefined; settledUpTo: bigint }>;
  /** The first invoice of whatever kind with an add index at or above one; `mark` names it (hex), and is never empty. */
  invoiceFrom(addIndex: bigint): Promise<{ addIndex: bigint; mark: string } | undefined>;
  /**
   * The settled sets of an AMP invoice, without HTLCs, and whether nothing can be paid to it, for it was cancelled or expired
   * before anything was; undefined when lnd does not know it.
   */
  ampState(paymentAddr: string): Promise<AmpState | undefined>;
  /** One settled payment with its HTLCs. */
  lookUpSet(setId: string): Promise<Told | Unreadable | undefined>;
  /** The open unannounced channels, each as all the short channel ids (decimal) that route hints may name it by. */
  privateChannels(): Promise<string[][]>;
  /**
   * Settlements after `settleIndex` (0: from now on), until `signal` aborts.
   * @throws LndError when the stream ends, in whatever way
   */
  settlements(settleIndex: bigint, signal: AbortSignal): AsyncGenerator<LndEvent>;
  close(): void;
}
