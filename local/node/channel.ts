/** Height of the development chain: it stands still, so no HTLC ever times out by block. */
export const BLOCK_HEIGHT = 840;

/** Blocks that an invoice asks for, and a payment without one gives: lnd's --bitcoin.timelockdelta, by default. */
export const FINAL_CLTV_DELTA = 80;

/** Why the last hop sent an HTLC back, by lnd's names of BOLT 4's failure codes. */
export type HtlcFailure =
  | 'INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS'
  | 'FINAL_INCORRECT_CLTV_EXPIRY'
  | 'FINAL_INCORRECT_HTLC_AMOUNT'
  | 'INVALID_ONION_PAYLOAD'
  | 'MPP_TIMEOUT'
  | 'TEMPORARY_NODE_FAILURE'
  | 'TEMPORARY_CHANNEL_FAILURE';

/** An HTLC as a channel carries it: what it is locked to, how much, until which height, and the bytes for its last hop. */
export interface Htlc {
  /** 32 bytes */
  paymentHash: Uint8Array;
  amountMsat: bigint;
  cltvExpiry: number;
  onion: Uint8Array;
}

/** How an HTLC ended: with the preimage of its hash (32 bytes), or with a failure. */
export type Resolution = { preimage: Uint8Array } | { failure: HtlcFailure };

/** The other end of a channel in memory. */
export interface Peer {
  /** hex */
  readonly pubkey: string;
  receive(htlc: Htlc): Promise<Resolution>;
}
