/** What differs between the ways in which a tip comes: whatever reads rows asks this table, and names no kind. */
interface KindOfPayment {
  /** What a payment's id is, 32 bytes in hex: the `setId` of its row. */
  readonly id: 'set id' | 'payment hash';
  /**
   * Whether payer and receiver alone know the id, so that who names it may read the tip. Nodes between them see a payment's hash, and
   * its payer has the payment address to prove it by, too.
   */
  readonly idIsSecret: boolean;
  /** Whether its invoice stands in the table, carries the sums of what is paid to it, and must be there before anything is booked on it. */
  readonly hasInvoice: boolean;
}

/** The kinds of payment, by the word that rows, events and the API have for them (`via`). */
export const PAYMENT_KINDS = {
  /** A set of HTLCs to a static invoice, which is paid any number of times (BOLT proposal of AMP, lnd amp/). */
  amp: { id: 'set id', idIsSecret: true, hasInvoice: true },
  /** An invoice that was made for one payer and is paid once: its row says all that there is to say. */
  bolt11: { id: 'payment hash', idIsSecret: false, hasInvoice: false },
} as const satisfies Record<string, KindOfPayment>;

export type PaymentKind = keyof typeof PAYMENT_KINDS;

/** The words for them. */
export const PAYMENT_KIND_NAMES = Object.keys(PAYMENT_KINDS) as [PaymentKind, ...PaymentKind[]];

/** What differs of payments of a kind. */
export const ofKind = (via: PaymentKind): KindOfPayment => PAYMENT_KINDS[via];
