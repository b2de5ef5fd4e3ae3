import { UsageError } from '../../shared/command/failures.ts';
import {
  formatSat,
  holdPayable,
  isPayable,
  MAX_MSAT,
  payable,
  payableLimits,
} from '../../shared/contract/money.ts';

/** msat as people read it: satoshi, to the millisatoshi. */
export const sat = (msat: string): string => formatSat(BigInt(msat));

/**
 * An amount of a flag in satoshi, up to three decimals, as msat in decimal digits.
 * @throws UsageError
 */
export function readSat(flag: string, value: string): string {
  const [, whole, rest = ''] = /^([0-9]{1,16})(?:\.([0-9]{1,3}))?$/.exec(value) ?? [];
  const msat = whole === undefined ? undefined : BigInt(whole + rest.padEnd(3, '0'));
  if (msat === undefined || msat > MAX_MSAT)
    throw new UsageError(
      `--${flag}: ${JSON.stringify(value.slice(0, 40))} is not an amount in satoshi, with up to three decimals`,
    );
  return String(msat);
}

/**
 * An amount of a flag that is to be paid exactly, as {@link readSat}, and so one that wallets send.
 * @throws UsageError
 */
export function readFixedSat(flag: string, value: string): string {
  const msat = readSat(flag, value);
  if (isPayable(BigInt(msat))) return msat;
  throw new UsageError(`--${flag}: ${JSON.stringify(value)} is not ${payable(BigInt(msat), formatSat)} sat`);
}

/**
 * The limits of two flags in satoshi, as msat in decimal digits.
 * @throws UsageError
 */
export function readLimits(least: string, most: string): { leastMsat: string; mostMsat: string } {
  const read = { leastMsat: readSat('least', least), mostMsat: readSat('most', most) };
  const limits = { leastMsat: BigInt(read.leastMsat), mostMsat: BigInt(read.mostMsat) };
  if (limits.leastMsat > limits.mostMsat || limits.leastMsat === 0n || holdPayable(limits)) return read;
  throw new UsageError(
    `--least and --most: ${least} to ${most} are not ${payableLimits(limits, formatSat)} sat`,
  );
}

/** A time of the API as people read it, in UTC and to the second. */
export const when = (time: string): string => time.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
