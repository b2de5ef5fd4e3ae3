import { bookedSets, fingerprint, type Ledger, quarantinedAmong } from '../../shared/ledger/index.ts';
import { highest, type SetState } from '../lnd/contract.ts';

/** Number, sum and fingerprint of some sets. */
export interface SetSums {
  readonly count: bigint;
  readonly receivedMsat: bigint;
  readonly setSum: bigint;
}

export const sumsOf = (sets: readonly SetState[]): SetSums => ({
  count: BigInt(sets.length),
  receivedMsat: sets.reduce((sum, { amountMsat }) => sum + amountMsat, 0n),
  setSum: sets.reduce((sum, { setId }) => sum + fingerprint(setId), 0n),
});

export const sameSums = (a: SetSums, b: SetSums) =>
  a.count === b.count && a.receivedMsat === b.receivedMsat && a.setSum === b.setSum;

/** How the table has sets of lnd's. */
export interface Comparison {
  /** Those that are booked. */
  readonly booked: readonly SetState[];
  /** Of these, those that are booked with another amount than lnd tells of. */
  readonly differing: readonly (SetState & { readonly bookedMsat: bigint })[];
  /** Set aside. */
  readonly quarantined: readonly SetState[];
  /** Neither booked nor set aside; in lnd's order, so that sequence numbers come out as they would have. */
  readonly missing: readonly SetState[];
}

export interface ComparisonParts {
  readonly ledger: Ledger;
  readonly node: string;
  /** Wait until what the subscription is about to bring, up to a settle index, is booked. */
  caughtUp(settleIndex: bigint): Promise<void>;
}

/** Hold sets of lnd's against the table's rows, one by one. What the subscription is about to bring is waited for before it is missing. */
export async function compareSets(
  { ledger, node, caughtUp }: ComparisonParts,
  sets: readonly SetState[],
): Promise<Comparison> {
  const booked = await bookedSets(ledger, node, idsOf(sets));
  let missing = sets.filter(({ setId }) => !booked.has(setId));
  let quarantined = new Set<string>();
  if (missing.length > 0) {
    await caughtUp(lastOf(missing));
    for (const [setId, msat] of await bookedSets(ledger, node, idsOf(missing))) booked.set(setId, msat);
    missing = missing.filter(({ setId }) => !booked.has(setId));
    quarantined = await quarantinedAmong(ledger, node, idsOf(missing));
  }
  const ofBooked = sets.filter(({ setId }) => booked.has(setId));
  return {
    booked: ofBooked,
    differing: ofBooked
      .map((set) => ({ ...set, bookedMsat: booked.get(set.setId)! }))
      .filter(({ amountMsat, bookedMsat }) => amountMsat !== bookedMsat),
    quarantined: missing.filter(({ setId }) => quarantined.has(setId)),
    missing: missing
      .filter(({ setId }) => !quarantined.has(setId))
      .sort((a, b) => (a.settleIndex < b.settleIndex ? -1 : 1)),
  };
}

const idsOf = (sets: readonly SetState[]) => sets.map(({ setId }) => setId);

/** The highest settle index of some sets; 0 of none. */
export const lastOf = (sets: readonly SetState[]): bigint =>
  highest(sets.map(({ settleIndex }) => settleIndex));
