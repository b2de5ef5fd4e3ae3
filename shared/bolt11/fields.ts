import { InvoiceError } from './invoice-error.ts';

/** The letters of bech32 (BIP 173), each worth its position: five bits. */
const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const CHECKSUM_WORDS = 6;
const SIGNATURE_WORDS = 104;
const TIMESTAMP_WORDS = 7;

/** A tagged field of BOLT 11: its letter, and its data in words of five bits. */
export interface TaggedField {
  letter: string;
  words: number[];
}

/**
 * Take the tagged fields of a payment request apart, in their order.
 * @param paymentRequest lower case, its checksum verified
 * @throws InvoiceError when the fields don't fill their place exactly
 */
export function taggedFields(paymentRequest: string): TaggedField[] {
  const letters = paymentRequest.slice(paymentRequest.lastIndexOf('1') + 1);
  const end = letters.length - CHECKSUM_WORDS - SIGNATURE_WORDS;
  const word = (at: number): number => BECH32.indexOf(letters.charAt(at));
  const fields: TaggedField[] = [];
  let at = TIMESTAMP_WORDS;
  while (at < end) {
    const start = at + 3;
    const length = word(at + 1) * 32 + word(at + 2);
    if (start + length > end) break;
    const words = Array.from({ length }, (_, i) => word(start + i));
    fields.push({ letter: letters.charAt(at), words });
    at = start + length;
  }
  if (at !== end) throw new InvoiceError('paymentRequest', paymentRequest, 'whole: a field of it is cut off');
  return fields;
}

/** The feature bits that are set, ascending; bit 0 is the lowest bit of the last word. */
export function featureBits(words: readonly number[]): number[] {
  return words
    .toReversed()
    .flatMap((word, i) => [0, 1, 2, 3, 4].filter((bit) => word & (1 << bit)).map((bit) => i * 5 + bit));
}
