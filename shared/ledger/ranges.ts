import { type Field, ItemError } from './codec.ts';

/** Whole numbers from the first to the last, both among them. */
export type Range = readonly [first: bigint, last: bigint];

/** The numbers from 1 to `last` that are not among some, as ascending ranges. @param ascending may have a number twice */
export function missingFrom(ascending: Iterable<bigint>, last: bigint): Range[] {
  const missing: Range[] = [];
  let next = 1n;
  const skipTo = (number: bigint) => {
    if (number > next) missing.push([next, number - 1n]);
    if (number >= next) next = number + 1n;
  };
  for (const number of ascending) if (number <= last) skipTo(number);
  skipTo(last + 1n);
  return missing;
}

export const isIn = (ranges: readonly Range[], number: bigint): boolean =>
  ranges.some(([first, last]) => first <= number && number <= last);

/** What of some ranges is in none of others; both ascending. */
export function without(ranges: readonly Range[], others: readonly Range[]): Range[] {
  return ranges.flatMap(([first, last]) => {
    const left: Range[] = [];
    let from = first;
    for (const [start, end] of others) {
      if (end < from || start > last) continue;
      if (start > from) left.push([from, start - 1n]);
      from = end + 1n;
    }
    return from <= last ? [...left, [from, last] as const] : left;
  });
}

/** How many numbers they are. */
export const sizeOf = (ranges: readonly Range[]): bigint =>
  ranges.reduce((size, [first, last]) => size + last - first + 1n, 0n);

/** As in "3 7-9". */
export const rangesText = (ranges: readonly Range[]): string =>
  ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(' ');

/** Ascending ranges as text, so that many numbers are one small attribute. */
export const rangesField: Field<readonly Range[]> = {
  write: (ranges) => ({ S: rangesText(ranges) }),
  read: (value, name) => {
    const words = value?.S === '' ? [] : value?.S?.split(' ');
    if (!words?.every((word) => /^\d{1,16}(-\d{1,16})?$/.test(word)))
      throw new ItemError(name, 'ranges of numbers');
    return words.map((word) => {
      const [first, last = first] = word.split('-').map(BigInt);
      return [first!, last!];
    });
  },
};
