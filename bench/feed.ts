import {
  batchLength,
  bookTips,
  type Ledger,
  readFeed,
  readTip,
  readTotals,
  type Tip,
} from '../shared/ledger/index.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { aTip, openBooks } from './ledger.ts';
import { inTurns } from './rounds.ts';

const FEW = 100;
const MANY = 200_000;
const PAGE = 20;
const READS = 150;

/** A table with tips of one creator. */
interface Filled {
  readonly ledger: Ledger;
  /** The set id of a tip in the middle, and its sequence number. */
  readonly setId: string;
  readonly sequence: bigint;
}

const READINGS: Record<string, (filled: Filled) => Promise<unknown>> = {
  'newest page of the feed': ({ ledger }) => readFeed(ledger, 'alice', { limit: PAGE }),
  'page in the middle of the feed': ({ ledger, sequence }) =>
    readFeed(ledger, 'alice', { limit: PAGE, before: sequence }),
  totals: ({ ledger }) => readTotals(ledger, 'alice'),
  'look-up of a tip': ({ ledger, setId }) => readTip(ledger, setId),
};

async function openFilled({ folder, defer, note }: Setting, name: string, rows: number): Promise<Filled> {
  const { tables, ledger, lease, invoice } = await openBooks(folder(name));
  defer(() => tables.close());
  let middle: Tip | undefined;
  for (let written = 0; written < rows; ) {
    const waiting = Array.from({ length: Math.min(200, rows - written) }, () => aTip(invoice));
    const { tips } = await bookTips(ledger, lease, {
      tips: waiting.slice(0, batchLength(waiting)),
      quarantined: [],
    });
    written += tips.length;
    middle ??= tips.find(({ sequence }) => sequence === BigInt(rows / 2));
    if (written % 20_000 < tips.length) note(`${written} of ${rows} rows written`);
  }
  return { ledger, setId: middle!.setId, sequence: middle!.sequence };
}

/** Milliseconds a read. */
async function timed(read: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  for (let at = 0; at < READS; at++) await read();
  return (performance.now() - began) / READS;
}

async function run(setting: Setting): Promise<Row[]> {
  const { quick } = setting;
  const rows = quick ? 5_000 : MANY;
  const few = await openFilled(setting, 'few', FEW);
  const many = await openFilled(setting, 'many', rows);
  const found: Row[] = [];
  for (const [what, read] of Object.entries(READINGS)) {
    const turns = { few: () => timed(() => read(few)), many: () => timed(() => read(many)) };
    const ms = await inTurns(turns, quick ? 3 : 31);
    const row = versus(`${what}, ${rows.toLocaleString('en')} rows`, 'ms', ms.many, [`${FEW} rows`, ms.few]);
    found.push(judged(row, { atMost: 1.25 }));
  }
  return found;
}

export const feed: Bench = {
  name: 'feed',
  about: 'feed page, totals and tip look-up with few rows of a creator and with many',
  lnd: 'none',
  run,
};
