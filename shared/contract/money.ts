/** All the bitcoin there can ever be, 21 million, in millisatoshi: the largest amount anything here accepts. */
export const MAX_MSAT = 2_100_000_000_000_000_000n;

/**
 * The largest amount that a creator can ask for, in an option or a limit: LNURL has amounts as JSON numbers, which are exact no
 * further (LUD-06). It is 90,071 bitcoin.
 */
export const MAX_BOLT11_MSAT = BigInt(Number.MAX_SAFE_INTEGER);

/** An amount that was refused: says which field, what came, and what was expected. */
export class AmountError extends Error {
  override readonly name = 'AmountError';
  readonly field: string;
  readonly value: string;
  constructor(field: string, value: string, expected: string) {
    super(`${field}: ${JSON.stringify(value.slice(0, 40))} is not ${expected}`);
    this.field = field;
    this.value = value;
  }
}

function parseAmount(field: string, value: string, unit: string, max: bigint): bigint {
  const expected = `a whole number of ${unit} from 1 to ${max}, in decimal digits`;
  if (!/^[1-9][0-9]{0,18}$/.test(value)) throw new AmountError(field, value, expected);
  const amount = BigInt(value);
  if (amount > max) throw new AmountError(field, value, expected);
  return amount;
}

/**
 * Read an amount that a user gave in millisatoshi.
 * @param field name for the error
 * @param value decimal digits, 1 to {@link MAX_MSAT}, no sign, no leading zero
 * @throws AmountError
 */
export function parseMsat(field: string, value: string): bigint {
  return parseAmount(field, value, 'millisatoshi', MAX_MSAT);
}

/**
 * Read an amount that a user gave in satoshi; the result is in millisatoshi.
 * @throws AmountError
 */
export function parseSat(field: string, value: string): bigint {
  return parseAmount(field, value, 'satoshi', MAX_MSAT / 1000n) * 1000n;
}

/** Write an amount of msat in satoshi, with up to three decimals and no trailing zeros: 12345678n is "12345.678". */
export function formatSat(msat: bigint): string {
  const whole = msat / 1000n;
  const rest = msat % 1000n;
  return rest === 0n ? `${whole}` : `${whole}.${String(rest).padStart(3, '0').replace(/0+$/, '')}`;
}

const SAT = 1_000n;
const MOST_WHOLE = (MAX_BOLT11_MSAT / SAT) * SAT;

/** Whether wallets can send exactly this amount: nearly none can send a part of a satoshi. */
export const isPayable = (msat: bigint): boolean => msat >= SAT && msat <= MOST_WHOLE && msat % SAT === 0n;

const below = (msat: bigint) => (msat / SAT) * SAT;
const above = (msat: bigint) => below(msat + SAT - 1n);

/**
 * What an amount that someone is to pay must be, with those nearest to one that is not: to end an error with.
 * @param write gives an amount of msat in the unit of who reads the error
 */
export function payable(msat: bigint, write: (msat: bigint) => string = String): string {
  const near = [below(msat), above(msat)].filter(isPayable);
  const nearest = near.length > 0 ? near : [msat < SAT ? SAT : MOST_WHOLE];
  return `a whole number of satoshi, which is what wallets send; nearest ${nearest.length > 1 ? 'are' : 'is'} ${nearest.map(write).join(' and ')}`;
}

/** The least and the most that someone may pay, in msat. */
export interface AmountLimits {
  readonly leastMsat: bigint;
  readonly mostMsat: bigint;
}

/** Whether wallets can send an amount within limits. */
export const holdPayable = ({ leastMsat, mostMsat }: AmountLimits): boolean => above(leastMsat) <= mostMsat;

/** The least and the most that wallets can send within limits: whole satoshi. */
export const payableWithin = ({ leastMsat, mostMsat }: AmountLimits): AmountLimits => ({
  leastMsat: above(leastMsat),
  mostMsat: below(mostMsat),
});

/** What limits must be, with those nearest to some that are not, as {@link payable} of an amount. */
export function payableLimits(
  { leastMsat, mostMsat }: AmountLimits,
  write: (msat: bigint) => string = String,
): string {
  const least = below(leastMsat);
  const most = above(leastMsat);
  const nearest = [
    ...(isPayable(least) ? [`${write(least)} to ${write(mostMsat)}`] : []),
    ...(isPayable(most) ? [`${write(leastMsat)} to ${write(most)}`] : []),
  ];
  return `limits with a whole number of satoshi within, which is what wallets send; nearest ${nearest.length > 1 ? 'are' : 'is'} ${nearest.join(' and ')}`;
}
