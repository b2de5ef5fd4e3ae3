import type { PaymentKind } from '../../shared/ledger/index.ts';

export interface NodeInfo {
  /** Node pubkey, hex. */
  readonly node: string;
  /** lnd's name of the chain: mainnet, testnet, signet, regtest, simnet. */
  readonly network: string;
  readonly synced: boolean;
}

/** A BOLT11 invoice of lnd's, which is paid once. */
export interface Bolt11Invoice {
  readonly paymentRequest: string;
  /** hex */
  readonly paymentHash: string;
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

/** A settled payment, as lnd tells of it, with the invoice that it was paid to; what else there is to tell depends on its kind. */
export interface Settlement extends LndInvoice {
  /** hex: the id of the payment, which is what its kind says. */
  readonly setId: string;
  readonly settleIndex: bigint;
  /** Seconds since 1970; 0 when lnd didn't say. */
  readonly settledAt: bigint;
  readonly amountMsat: bigint;
}

/** A BOLT11 invoice in lnd's list. */
export interface Bolt11State extends LndInvoice {
  /** hex */
  readonly paymentHash: string;
  /** Whether nothing more can become of it. */
  readonly over: boolean;
  readonly settled?: SettledPayment | Unreadable;
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

/** A message that tells of a payment and can't be read, and why. */
export interface Unreadable {
  readonly reason: string;
  readonly raw: object;
  /** Of which kind its payment is, where that much can be read; and its id (hex). */
  readonly via?: PaymentKind;
  readonly setId?: string;
}

/** A settled payment of a kind, and the message of lnd's that told of it. */
export interface SettledPayment {
  readonly kind: PaymentKind;
  readonly settlement: Settlement;
  readonly raw: object;
}

/** What the subscription brings: a settled payment, one that can't be read, or another message of which only the index counts. */
export type LndEvent =
  | SettledPayment
  | ({ readonly kind: 'unreadable' } & Unreadable)
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
  /** Mint a BOLT11 invoice that commits to the hash of a description (hex) in place of the memo. */
  addBolt11Invoice(invoice: {
    memo: string;
    amountMsat: bigint;
    descriptionHash: string;
    expirySeconds: number;
    routeHints: boolean;
  }): Promise<Bolt11Invoice>;
  /**
   * BOLT11 invoices with an add index above `after`, out of a page of at most `most`, each with its payment once it is
   * settled; `last` is where the next page begins.
   */
  listBolt11Invoices(
    after: bigint,
    most: number,
  ): Promise<{ invoices: Bolt11State[]; last: bigint | undefined }>;
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
  lookUpSet(setId: string): Promise<SettledPayment | Unreadable | undefined>;
  /** The open unannounced channels, each as all the short channel ids (decimal) that route hints may name it by. */
  privateChannels(): Promise<string[][]>;
  /**
   * Settlements after `settleIndex` (0: from now on), until `signal` aborts.
   * @throws LndError when the stream ends, in whatever way
   */
  settlements(settleIndex: bigint, signal: AbortSignal): AsyncGenerator<LndEvent>;
  close(): void;
}
