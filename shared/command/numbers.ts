import { UsageError } from './failures.ts';

const LARGEST = 999_999_999_999_999;

/** A whole number that a flag or word gives. @throws UsageError */
export function readCount(name: string, value: string, least: number, most = LARGEST): number {
  if (/^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw new UsageError(
    `${name}: ${JSON.stringify(value.slice(0, 40))} is not a whole number from ${least} to ${most}`,
  );
}

/** And one that can be left out. @throws UsageError */
export const readOptionalCount = (name: string, value: string | undefined, least: number, most?: number) =>
  value === undefined ? undefined : readCount(name, value, least, most);
