import { MAX_MSAT } from '../contract/money.ts';
import { InvoiceError } from './invoice-error.ts';

const MSAT_PER_BITCOIN = 100_000_000_000n;
/** BOLT 11 multipliers, as parts of a bitcoin. */
const PARTS: Record<string, bigint> = {
  '': 1n,
  m: 1_000n,
  u: 1_000_000n,
  n: 1_000_000_000n,
  p: 1_000_000_000_000n,
};

/**
 * The amount in a payment request's prefix, in msat.
 * @param digits as in `2500`
 * @param multiplier `m`, `u`, `n`, `p` or none
 * @throws InvoiceError for zero, a leading zero, a part of a msat ("If the `p` multiplier is used the last decimal of
 * `amount` MUST be `0`", BOLT 11), or more than there is
 */
export function prefixAmount(digits: string, multiplier: string): bigint {
  const refuse = (expected: string): never => {
    throw new InvoiceError('amountMsat', digits + multiplier, expected);
  };
  if (!/^[1-9][0-9]*$/.test(digits)) refuse('an amount without leading zeros');
  if (digits.length > 21) refuse('an amount that exists');
  const parts = PARTS[multiplier]!;
  const total = BigInt(digits) * MSAT_PER_BITCOIN;
  if (total % parts !== 0n) refuse('an amount of whole msat');
  const amountMsat = total / parts;
  if (amountMsat > MAX_MSAT) refuse('an amount that exists');
  return amountMsat;
}
