import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import {
  type Comparison,
  compareSums,
  type Difference,
  differences,
  forgetChecked,
  ItemError,
  isInOrder,
  isMendable,
  type Ledger,
  lastSequence,
  newlyGone,
  type Range,
  rangesText,
  readCreator,
  readHandles,
  readNodes,
  readPaidInvoices,
  readWrongSums,
  replaceSums,
  type ScannedRows,
  scanRows,
  sizeOf,
} from '../../shared/ledger/index.ts';
import type { REBUILD } from './flags.ts';
import { onTable } from './onTable.ts';

const MOST_ROUNDS = 10;
/** The index of the rows may be a moment behind the totals. */
const LOOK_AGAIN_MS = 2_000;

/** What came of replacing a creator's sums. */
const OUTCOMES = {
  left: 'left as it is',
  overtaken: 'a tip came in meanwhile, run it again',
  partly: 'replaced but for what was kept',
  replaced: 'replaced',
} as const;
type ReplaceOutcome = keyof typeof OUTCOMES;

async function replaced(ledger: Ledger, compared: Comparison): Promise<ReplaceOutcome> {
  if (!isMendable(compared)) return 'left';
  if (!(await replaceSums(ledger, compared))) return 'overtaken';
  const isKept = differences(compared).some(({ keptBy }) => keptBy !== undefined);
  return isKept ? 'partly' : 'replaced';
}

/** What there is to compare a creator's sums with. */
interface Sources {
  readonly invoices: readonly string[];
  readonly scanned?: ScannedRows | undefined;
}

/** Compare until no tip comes in between, and once more when something differs. */
async function settledComparison(ledger: Ledger, handle: string, sources: Sources): Promise<Comparison> {
  let again = true;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const compared = await compareSums(ledger, handle, sources);
    if (compared && (!again || isInOrder(compared))) return compared;
    if (compared) again = false;
    await sleep(LOOK_AGAIN_MS);
  }
  throw new Error(`${handle}: tips come in faster than they can be summed up; try again when it is calmer`);
}

/** An item that can't be read leaves its creator as it is, and the others are summed up all the same. */
function unreadable(error: unknown): ItemError {
  if (!(error instanceof ItemError)) throw error;
  return error;
}

const sumText = ({ count, amountMsat }: Difference['stated']) => `${count} tips, ${amountMsat} msat`;

function differenceText({ kind, key, stated, counted, keptBy }: Difference): string {
  const of = key === '' ? kind : `${kind} ${key}`;
  const sums = `stated ${sumText(stated)}; rows say ${sumText(counted)}`;
  const prints = stated.setSum === counted.setSum ? '' : '; they are not the same sets';
  return `${of}: ${sums}${prints}${keptBy === undefined ? '' : `; kept, for ${keptBy}`}`;
}

/** All that is to be said of a creator, a line each. */
function findings(compared: Comparison): string[] {
  const { hidden, twice, highest } = compared;
  const gone = newlyGone(compared);
  const last = lastSequence(compared.stated.totals);
  return [
    ...differences(compared).map(differenceText),
    ...(hidden.length > 0
      ? [
          `no row is listed for ${sizeOf(hidden)} numbers: ${rangesText(hidden)}; --scan tells whether they are gone`,
        ]
      : []),
    ...(gone.length > 0 ? [`the rows of ${sizeOf(gone)} numbers are gone: ${rangesText(gone)}`] : []),
    ...(twice.length > 0 ? [`numbers that more than one row has: ${twice.join(' ')}`] : []),
    ...(highest > last ? [`a row has number ${highest}, and the last one given is stated as ${last}`] : []),
  ];
}

const sumBody = ({ count, amountMsat }: Difference['stated']) => ({
  count: count.toString(),
  amountMsat: amountMsat.toString(),
});

const rangeBodies = (ranges: readonly Range[]) =>
  ranges.map(([first, last]) => ({ first: first.toString(), last: last.toString() }));

/** The same for programs. */
const findingsBody = (compared: Comparison, outcome: ReplaceOutcome | null) => ({
  handle: compared.handle,
  error: null,
  sums: differences(compared).map(({ kind, key, stated, counted, keptBy }) => ({
    kind,
    key: key === '' ? null : key,
    stated: sumBody(stated),
    counted: sumBody(counted),
    sameSets: stated.setSum === counted.setSum,
    keptBy: keptBy ?? null,
  })),
  hidden: rangeBodies(compared.hidden),
  gone: rangeBodies(newlyGone(compared)),
  twice: compared.twice.map(String),
  highest: compared.highest.toString(),
  last: lastSequence(compared.stated.totals).toString(),
  outcome,
});

async function rebuild(
  { ledger, print }: Pick<Parts, 'print'> & { readonly ledger: Ledger },
  handles: readonly string[],
  sourcesOf: (handle: string) => Sources | ItemError,
  replace: boolean,
): Promise<Outcome> {
  const differing: object[] = [];
  for (const handle of handles) {
    const sources = sourcesOf(handle);
    const compared =
      sources instanceof ItemError
        ? sources
        : await settledComparison(ledger, handle, sources).catch(unreadable);
    if (compared instanceof ItemError) {
      print(`${handle}: can't be summed up: ${compared.message}`);
      differing.push({ handle, error: compared.message });
      continue;
    }
    if (isInOrder(compared)) continue;
    for (const line of findings(compared)) print(`${handle}: ${line}`);
    const outcome = replace ? await replaced(ledger, compared) : null;
    if (outcome) print(`${handle}: ${OUTCOMES[outcome]}`);
    differing.push(findingsBody(compared, outcome));
  }
  // The alarm of sums that were wrong is over once they are right, and they are checked from the first row on.
  if (replace)
    for (const { handle } of await readWrongSums(ledger))
      if (handles.includes(handle)) await forgetChecked(ledger, handle);
  return {
    body: { creators: handles.length, differing },
    text: `${handles.length} creators, ${differing.length} with differences`,
    code: differing.length > 0 ? 1 : 0,
  };
}

const PROGRESS_EVERY = 100_000;

/** Tells of a scan on stderr now and then. */
function scanProgress({ warn }: Pick<Parts, 'warn'>): (items: number) => void {
  let next = PROGRESS_EVERY;
  return (items) => {
    if (items < next) return;
    warn(`${items} items read`);
    next = items + PROGRESS_EVERY;
  };
}

/** Where the sums of each creator come from. */
async function readSources(
  ledger: Ledger,
  handles: readonly string[],
  scan: boolean,
  parts: Pick<Parts, 'warn'>,
) {
  if (!scan) {
    const paid = await readPaidInvoices(ledger, readNodes(ledger));
    return (handle: string): Sources => ({ invoices: paid.get(handle) ?? [] });
  }
  const scanned = await scanRows(ledger, handles, scanProgress(parts));
  return (handle: string): Sources | ItemError => {
    const found = scanned.get(handle)!;
    return found instanceof ItemError ? found : { invoices: found.invoices, scanned: found };
  };
}

/** Hold the totals against the rows, and tell of each creator where they differ. */
export const rebuildTotals = (asked: Asked<typeof REBUILD>, parts: Parts) =>
  onTable(asked, parts, async (ledger) => {
    const { handle, scan = false, replace = false } = asked.values;
    if (handle !== undefined && !(await readCreator(ledger, handle)))
      throw new UsageError(`--handle: there is no creator "${handle}"`);
    const handles: string[] = [];
    if (handle !== undefined) handles.push(handle);
    else for await (const each of readHandles(ledger)) handles.push(each);
    const sourcesOf = await readSources(ledger, handles, scan, parts);
    const print = asked.values.json ? () => {} : parts.print;
    return rebuild({ ledger, print }, handles, sourcesOf, replace);
  });
