import { InvoiceError } from './invoice-error.ts';

/** The longest text that one QR code can hold at error correction L, with `LIGHTNING:` before it. */
const MAX_LENGTH = 4296 - 'LIGHTNING:'.length;

/**
 * The URI that opens a wallet: `lightning:` and the payment request, or the LNURL, in lower case.
 * @param paymentRequest bech32, lower or upper case; its shape alone is looked at here, for a page needs no more
 * @throws InvoiceError for what can't be a payment request, so that nothing else ever gets into a link
 */
export function lightningUri(paymentRequest: string): string {
  const shaped = /^(?:ln[a-z0-9]+|LN[A-Z0-9]+)$/.test(paymentRequest) && paymentRequest.length <= MAX_LENGTH;
  if (!shaped) {
    const expected = `a payment request, "ln" and letters and digits of one case, ${MAX_LENGTH} at most`;
    throw new InvoiceError('paymentRequest', paymentRequest, expected);
  }
  return `lightning:${paymentRequest.toLowerCase()}`;
}
