const inOrder = (values: readonly number[]) => values.toSorted((a, b) => a - b);

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = inOrder(values);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that a share of all values do not exceed, by nearest rank. */
export const quantile = (values: readonly number[], share: number): number =>
  inOrder(values)[Math.max(Math.ceil(share * values.length) - 1, 0)]!;

/**
 * Measure contestants in turns, A B C, C B A, A B C ..., so that what disturbs the machine disturbs them alike.
 * @param contestants each measures itself once a call
 * @param rounds how often each is measured, after one call that does not count
 * @returns what each measured, in the order of the rounds
 */
export async function inTurns<Name extends string>(
  contestants: Record<Name, () => Promise<number> | number>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (const name of names) await contestants[name]();
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      measured[name].push(await contestants[name]());
    }
  }
  return measured;
}

/** The median of what `a` measured by what `b` measured in the same round. */
export const medianRatio = (a: readonly number[], b: readonly number[]): number =>
  median(a.map((value, round) => value / b[round]!));
