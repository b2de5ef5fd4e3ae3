/** What of a payment request was refused. */
export type InvoiceField =
  | 'paymentRequest'
  | 'network'
  | 'amountMsat'
  | 'features'
  | 'paymentAddr'
  | 'paymentHash'
  | 'description'
  | 'createdAt'
  | 'expiry'
  | 'minFinalCltvExpiry'
  | 'privateKey';

/** A payment request that was refused, to read or to make: which part of it, what came, and what was expected. */
export class InvoiceError extends Error {
  override readonly name = 'InvoiceError';
  readonly field: InvoiceField;
  readonly value: string;
  readonly expected: string;
  constructor(field: InvoiceField, value: string, expected: string, options?: ErrorOptions) {
    super(`${field}: ${JSON.stringify(value.slice(0, 80))} is not ${expected}`, options);
    this.field = field;
    this.value = value;
    this.expected = expected;
  }
}
