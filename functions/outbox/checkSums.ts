import {
  type CheckedSums,
  dayOf,
  isIn,
  type Ledger,
  lastSequence,
  NOTHING,
  plus,
  type Range,
  readableTip,
  readChecked,
  readCheckTurn,
  readDays,
  readGone,
  readHandles,
  readTipRows,
  type Sum,
  saveChecked,
  saveCheckTurn,
  type Tip,
  type Totals,
} from '../../shared/ledger/index.ts';
import type { Report } from './alarms.ts';

export interface CheckDeps {
  readonly ledger: Ledger;
  readonly clock: () => Date;
  readonly report: Report;
  readonly signal?: AbortSignal;
  /** Rows and creators that one part looks at. */
  readonly mostRows?: number;
  readonly mostCreators?: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** A turn through all creators begins no sooner than this after the one before. */
export const TURN_MS = 6 * 60 * MINUTE_MS;
/** The rows of a creator are read anew from the first one after this. */
export const ANEW_MS = 30 * DAY_MS;
/** Days that are compared: as many as lie between two looks and then some. */
const DAYS = 8;
const MOST_ROWS = 100_000;
const MOST_CREATORS = 500;
const PAGE_SIZE = 1_000;

/** What one part of a turn looked at. */
export interface Checked {
  creators: number;
  rows: number;
  /** Creators of whom sums are wrong. */
  wrong: number;
}

/**
 * Hold the sums of creators against their rows: the next part of a turn through all of them. Sums of the rows up to a sequence number
 * are kept for each creator, and the rows after it added, so that a look costs what is new. Totals say what all rows up to their last
 * number sum up to, so they are compared once that number is reached, whatever is booked meanwhile.
 */
export async function checkSums(deps: CheckDeps): Promise<Checked> {
  const { ledger, clock, report, signal, mostRows = MOST_ROWS, mostCreators = MOST_CREATORS } = deps;
  const done: Checked = { creators: 0, rows: 0, wrong: 0 };
  const before = await readCheckTurn(ledger);
  const now = clock();
  if (before && !before.isUnderWay && now.getTime() - before.begunAt.getTime() < TURN_MS) return done;
  const { begunAt, endedAt, ...turn } = before?.isUnderWay ? before : { ...before, begunAt: now };
  let { cursor } = turn;
  const isOver = () => signal?.aborted || done.creators >= mostCreators || done.rows >= mostRows;
  const isSeen = async (handle: string) => {
    done.creators++;
    const look = await lookAt(handle, deps, mostRows - done.rows).catch((error) => {
      report('check-failed', { handle, error: String(error) });
      return NOTHING_SEEN;
    });
    done.rows += look.rows;
    if (look.isWrong) done.wrong++;
    return !look.isCutShort;
  };
  for await (const handle of readHandles(ledger, cursor)) {
    if (isOver() || !(await isSeen(handle))) {
      const at = { ...(cursor !== undefined && { cursor }), ...(endedAt && { endedAt }) };
      await saveCheckTurn(ledger, { begunAt, isUnderWay: true, ...at });
      return done;
    }
    cursor = handle;
  }
  await saveCheckTurn(ledger, { begunAt, endedAt: clock() });
  return done;
}

interface Look {
  readonly rows: number;
  readonly isWrong: boolean;
  /** Rows from the first one on were more than were to be read: the next part goes on with them. */
  readonly isCutShort: boolean;
}

const NOTHING_SEEN: Look = { rows: 0, isWrong: false, isCutShort: false };

async function lookAt(handle: string, { ledger, clock, report }: CheckDeps, mostRows: number): Promise<Look> {
  const now = clock();
  const { totals, kept } = await readChecked(ledger, handle);
  const last = lastSequence(totals);
  const isUsable =
    kept !== undefined && kept.through <= last && now.getTime() - kept.begunAt.getTime() < ANEW_MS;
  const start: CheckedSums = isUsable
    ? kept
    : { ...beginning(now), ...(kept?.wrong && { wrong: kept.wrong }) };
  let counted = await addRows(ledger, handle, start, last, mostRows, now);
  let rows = Number(counted.through - start.through);
  let differing: string[] | undefined;
  if (counted.through === last) differing = await compare(ledger, handle, totals, counted);
  if (differing && differing.length > 0 && !counted.isNew && !counted.wrong) {
    // Rows may have been put back since, below what was read: all of them are read before anyone is woken.
    counted = await addRows(ledger, handle, beginning(now), last, mostRows, now);
    rows += Number(counted.through);
    differing = counted.through === last ? await compare(ledger, handle, totals, counted) : undefined;
  }
  if (differing) {
    const { isNew: _, wrong, ...compared } = counted;
    if (differing.length > 0 && !wrong) report('sums-wrong', { handle, sums: differing });
    counted = { ...compared, ...(differing.length > 0 && { wrong: differing }) };
  }
  const isSame = isUsable && counted.through === kept.through && String(counted.wrong) === String(kept.wrong);
  if (!isSame) await saveChecked(ledger, handle, counted);
  return {
    rows,
    isWrong: counted.wrong !== undefined,
    isCutShort: counted.isNew === true && rows >= mostRows,
  };
}

const beginning = (begunAt: Date): CheckedSums => ({
  through: 0n,
  ...NOTHING,
  options: new Map(),
  days: new Map(),
  daysFrom: '',
  begunAt,
  isNew: true,
});

/** The sums with the next rows, as far as the index shows them without a hole and they can be read. */
async function addRows(
  ledger: Ledger,
  handle: string,
  start: CheckedSums,
  last: bigint,
  mostRows: number,
  now: Date,
): Promise<CheckedSums> {
  const counting = new Counting(start, dayOf(now));
  const most = start.through + BigInt(mostRows);
  const upTo = most < last ? most : last;
  let gone: readonly Range[] | undefined;
  const passGone = async (to: bigint) => {
    if (counting.through < to) gone ??= await readGone(ledger, handle);
    while (counting.through < to && isIn(gone!, counting.through + 1n)) counting.through++;
  };
  const span = { after: start.through, upTo, pageSize: PAGE_SIZE };
  for await (const { sequence, item } of readTipRows(ledger, handle, span)) {
    await passGone(sequence - 1n);
    const tip = readableTip(item);
    if (sequence !== counting.through + 1n || !tip) return counting.sums();
    counting.add(tip);
  }
  await passGone(upTo);
  return counting.sums();
}

/** Adds rows to sums, one after another. */
class Counting {
  through: bigint;
  readonly #start: CheckedSums;
  readonly #today: string;
  #all: Sum;
  readonly #options: Map<string, Sum>;
  readonly #days: Map<string, Sum>;
  #daysFrom: string;

  constructor(start: CheckedSums, today: string) {
    this.#start = start;
    this.#today = today;
    this.through = start.through;
    this.#all = start;
    this.#options = new Map(start.options);
    this.#days = new Map(start.days);
    this.#daysFrom = start.daysFrom;
  }

  add({ amountMsat, optionId, settledAt }: Tip): void {
    const one: Sum = { count: 1n, amountMsat };
    const addTo = (sums: Map<string, Sum>, key: string) => sums.set(key, plus(sums.get(key) ?? NOTHING, one));
    this.through++;
    this.#all = plus(this.#all, one);
    addTo(this.#options, optionId);
    const day = dayOf(settledAt);
    if (day <= this.#today) this.#leaveBehind(dayOf(new Date(Date.parse(day) - (DAYS - 1) * DAY_MS)));
    if (day >= this.#daysFrom) addTo(this.#days, day);
  }

  /** A day is counted from its first row on or not at all: what is left behind never comes back. */
  #leaveBehind(daysFrom: string): void {
    if (daysFrom <= this.#daysFrom) return;
    this.#daysFrom = daysFrom;
    for (const day of this.#days.keys()) if (day < daysFrom) this.#days.delete(day);
  }

  sums(): CheckedSums {
    const { count, amountMsat } = this.#all;
    const of = { options: this.#options, days: this.#days, daysFrom: this.#daysFrom };
    return { ...this.#start, through: this.through, count, amountMsat, ...of };
  }
}

/** Which sums differ from those of the rows; undefined when days were written while they were read. */
async function compare(
  ledger: Ledger,
  handle: string,
  totals: Totals,
  counted: CheckedSums,
): Promise<string[] | undefined> {
  const optionIds = [...new Set([...totals.options.keys(), ...counted.options.keys()])].sort();
  const differing = [
    ...(isSame(totals, counted) ? [] : ['all tips']),
    ...optionIds
      .filter((id) => !isSame(totals.options.get(id), counted.options.get(id)))
      .map((id) => `option ${id}`),
  ];
  const days = [...counted.days.keys()].sort();
  const stated = await readDays(ledger, handle, days);
  const wrongDays = days.filter((day, at) => !isSame(stated[at], counted.days.get(day)));
  if (wrongDays.length > 0) {
    const after = (await readChecked(ledger, handle)).totals;
    if (after.rev !== totals.rev || after.count !== totals.count) return undefined;
  }
  return [...differing, ...wrongDays.map((day) => `day ${day}`)];
}

const isSame = (a: Sum = NOTHING, b: Sum = NOTHING) => a.count === b.count && a.amountMsat === b.amountMsat;
