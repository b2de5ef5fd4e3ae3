import {
  HANDED_BLOCK,
  type Handed,
  isIn,
  moveHandedThrough,
  type Range,
  readableTip,
  readGone,
  readHanded,
  readHandles,
  readTipRows,
  type Tip,
  type TipRow,
  unhandedNumbers,
} from '../../shared/ledger/index.ts';
import { MOST_IN_A_ROW, type OutboxDeps, publishTips, putDeadLetter, reasonForGood } from './publish.ts';

export interface ReconcileDeps extends OutboxDeps {
  /** A tip that was settled less than so many ms ago is left to the stream. */
  readonly graceMs?: number;
  readonly signal?: AbortSignal;
}

/** What a sweep did. */
export interface Reconciled {
  readonly creators: number;
  /** Tips handed on. */
  handed: number;
  /** Creators whose tips could not be swept, told of as an alarm. */
  failed: number;
}

export const GRACE_MS = 5 * 60_000;
/** Creators whose progress is read at once: two items each, of the hundred that a request takes. */
const CREATORS_AT_ONCE = 50;
/** A block of numbers and one more. */
const PAGE_SIZE = Number(HANDED_BLOCK) + 1;

/**
 * Hand on what the stream did not: tips whose number is not marked, when they are older than the grace. So an outage that
 * outlasts the stream's 24 hours loses nothing. A creator without new tips costs two reads, however many they have.
 */
export async function reconcile(deps: ReconcileDeps): Promise<Reconciled> {
  const swept = { creators: 0, handed: 0, failed: 0 };
  for await (const handles of inGroups(readHandles(deps.ledger), CREATORS_AT_ONCE)) {
    // An item that can't be read spoils the answer for all of a group; each is asked for alone then.
    const progress = await readHanded(deps.ledger, handles).catch(() => undefined);
    for (const handle of handles) {
      if (deps.signal?.aborted) return swept;
      swept.creators++;
      try {
        const of = progress?.get(handle) ?? (await readHanded(deps.ledger, [handle])).get(handle)!;
        if (of.last <= of.through) continue;
        const handed = await reconcileCreator(handle, of, deps);
        swept.handed += handed;
        if (handed > 0) deps.report('missed', { handle, tips: handed });
      } catch (error) {
        swept.failed++;
        deps.report('sweep-failed', { handle, error: String(error) });
      }
    }
  }
  return swept;
}

async function* inGroups(all: AsyncIterable<string>, size: number) {
  let handles: string[] = [];
  for await (const handle of all) {
    handles.push(handle);
    if (handles.length < size) continue;
    yield handles;
    handles = [];
  }
  if (handles.length > 0) yield handles;
}

async function reconcileCreator(handle: string, progress: Handed, deps: ReconcileDeps): Promise<number> {
  let handed = 0;
  let firstLeft: bigint | undefined;
  for await (const missing of unhandedNumbers(deps.ledger, handle, progress)) {
    const { done, gone } = await reconcileNumbers(handle, missing, deps);
    handed += done.size;
    firstLeft ??= missing.find((number) => !done.has(number) && !isIn(gone, number));
    if (deps.signal?.aborted) {
      // What lies behind was not looked at.
      firstLeft ??= missing.at(-1)! + 1n;
      break;
    }
  }
  const through = firstLeft === undefined ? progress.last : firstLeft - 1n;
  if (through > progress.through) await moveHandedThrough(deps.ledger, handle, through);
  return handed;
}

interface Due {
  readonly row: TipRow;
  readonly tip: Tip;
}

/**
 * Hand on those of some numbers, ascending and near one another, that are old enough. A number without a row below an older one is
 * told of, until its row is proven to be gone.
 * @returns those that were handed on, and those that were proven to be gone
 */
async function reconcileNumbers(handle: string, missing: readonly bigint[], deps: ReconcileDeps) {
  const { ledger, clock, graceMs = GRACE_MS, report } = deps;
  // One more than is missing, to tell a hole from what the index does not list yet.
  const span = { after: missing[0]! - 1n, upTo: missing.at(-1)! + 1n, pageSize: PAGE_SIZE };
  const rows = new Map<bigint, TipRow>();
  for await (const row of readTipRows(ledger, handle, span)) rows.set(row.sequence, row);
  const now = clock().getTime();
  // A node's clock may be ahead: a time that is far off either way is no reason to wait.
  const isOld = ({ settledAt }: Tip) => Math.abs(now - settledAt.getTime()) >= graceMs;
  const due: Due[] = [];
  const above = readableTip(rows.get(span.upTo)?.item ?? {});
  let aboveIsOld = above !== undefined && isOld(above);
  const holes: bigint[] = [];
  for (const number of missing.toReversed()) {
    const row = rows.get(number);
    const tip = row && readableTip(row.item);
    if (tip && isOld(tip)) due.unshift({ row, tip });
    if (tip) aboveIsOld ||= isOld(tip);
    else if (row) await putDeadLetter(deadLetterOf(row, 'not a tip that can be read'), deps);
    else if (aboveIsOld) holes.unshift(number);
  }
  const gone: readonly Range[] = missing.every((number) => rows.has(number))
    ? []
    : await readGone(ledger, handle);
  for (const number of holes) if (!isIn(gone, number)) report('hole', { handle, sequence: String(number) });
  return { done: await publishDue(due, deps), gone };
}

const deadLetterOf = ({ item }: TipRow, reason: string) => ({ reason, record: item, item });

/** Hand on all at once, or one by one when that fails. @returns the numbers of those that were */
async function publishDue(due: readonly Due[], deps: ReconcileDeps): Promise<Set<bigint>> {
  const tips = due.map(({ tip }) => tip);
  try {
    await publishTips(tips, deps);
    return new Set(tips.map(({ sequence }) => sequence));
  } catch {
    return oneByOne(due, deps);
  }
}

async function oneByOne(due: readonly Due[], deps: ReconcileDeps): Promise<Set<bigint>> {
  const done = new Set<bigint>();
  let inARow = 0;
  for (const { row, tip } of due) {
    try {
      await publishTips([tip], deps);
      done.add(tip.sequence);
      inARow = 0;
    } catch (error) {
      const reason = reasonForGood(error);
      if (reason !== undefined) await putDeadLetter(deadLetterOf(row, reason), deps);
      else if (++inARow >= MOST_IN_A_ROW) throw error;
      else
        deps.report('late', {
          tips: 1,
          first: { handle: tip.handle, sequence: String(tip.sequence), error: String(error) },
        });
    }
  }
  return done;
}
