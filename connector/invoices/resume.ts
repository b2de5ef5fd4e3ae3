import type { Hints, NodeState } from '../../shared/ledger/index.ts';
import type { Alarms } from '../health/alarms.ts';
import type { Lnd } from '../lnd/contract.ts';

/** Add indexes to go on from: of the search for lost invoices, and of the audit of plain ones. */
export interface Resumed {
  readonly addIndex: bigint;
  readonly plainIndex: bigint;
  /** What the table has to know of it first, if that is something new. */
  readonly hints?: Hints;
}

/**
 * Where to go on from in lnd's list of invoices. What the table says counts as far as lnd's indexes still mean what they
 * did; else everything is looked through once more.
 */
export async function resume(lnd: Lnd, alarms: Alarms, state: NodeState | undefined): Promise<Resumed> {
  const { addIndex, addMark, plainIndex, plainMark } = state ?? {};
  const from = await trusted(lnd, alarms, addIndex, addMark);
  // A table that was restored may not have the second: what is there since the first is looked through again.
  const plainFrom = plainIndex === undefined ? from : await trusted(lnd, alarms, plainIndex, plainMark);
  const resumed = { addIndex: from, plainIndex: plainFrom };
  if (from === (addIndex ?? 0n) && plainFrom === plainIndex) return resumed;
  const addHint = { addIndex: from, addMark: from === 0n ? '' : addMark };
  const plainHint = { plainIndex: plainFrom, plainMark: plainFrom === 0n ? '' : (plainMark ?? addMark) };
  return { ...resumed, hints: { ...addHint, ...plainHint } };
}

/**
 * An add index of lnd's, if it still means what it did: a node that came back from an older copy gives its indexes out
 * again.
 * @param mark names the invoice that had it; empty or none says nothing, as releases before gave some invoices none
 * @returns the index, or 0
 */
async function trusted(lnd: Lnd, alarms: Alarms, addIndex: bigint | undefined, mark: string | undefined) {
  if (addIndex === undefined || addIndex === 0n) return 0n;
  const there = await lnd.invoiceFrom(addIndex);
  // lnd may have deleted that one since, if it was cancelled; the one behind it says that the index was reached.
  if (there && mark && (there.addIndex > addIndex || there.mark === mark)) return addIndex;
  if (there && !mark) return 0n;
  alarms.raise('index-reused', { addIndex: addIndex.toString() });
  return 0n;
}
