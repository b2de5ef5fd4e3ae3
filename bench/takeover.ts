import { type Ledger, readTotals } from '../shared/ledger/index.ts';
import { until } from '../test/regtest/harness/until.ts';
import { type Bench, judged, type Row, type Setting } from './bench.ts';
import { type Child, startChild } from './child.ts';
import { openDevNode } from './node.ts';
import type { Jar } from './processes/jar.ts';
import { median } from './rounds.ts';
import { openTable } from './table.ts';

const HANDLE = 'alice';
/** Payments that are asked for at once, one after another. */
const PAYMENTS = 10;
/** Rows after a take-over that show that the new leader goes on. */
const ROWS = 50n;

/** The longest time, in ms, in which no row of the creator came, from now on until `over`. */
async function longestSilence(ledger: Ledger, over: (rows: bigint) => boolean): Promise<number> {
  let { count } = await readTotals(ledger, HANDLE);
  let since = performance.now();
  let longest = 0;
  while (!over(count)) {
    const now = await readTotals(ledger, HANDLE);
    longest = Math.max(longest, performance.now() - since);
    if (now.count === count) continue;
    count = now.count;
    since = performance.now();
  }
  return longest;
}

async function run(setting: Setting): Promise<Row[]> {
  const { quick, folder, defer, note } = setting;
  const { access, nodes } = await openDevNode(setting);
  const { endpoint, ledger } = await openTable(setting);
  const rows = async () => (await readTotals(ledger, HANDLE)).count;

  const running = new Set<Child<Jar>>();
  defer(async () => void (await Promise.all([...running].map((jar) => jar.stop()))));
  const open = async (holder: string) => {
    const jar = await startChild<Jar>('jar', { dir: folder(holder), endpoint, access, holder });
    running.add(jar);
    return jar;
  };
  const isIn = (jar: Child<Jar>, state: string) =>
    until(`a connector is ${state}`, 60, async () => (await jar.ask('health')).state === state);

  let leader = await open('connector-0');
  const paymentRequests = [await leader.ask('join', HANDLE)];
  await isIn(leader, 'live');
  let paying = true;
  const payer = (async () => {
    while (paying) await nodes.ask('pay', { paymentRequests, payments: PAYMENTS, atOnce: 1 });
  })();
  defer(async () => {
    paying = false;
    await payer;
  });

  const calm: number[] = [];
  const handedOver: number[] = [];
  for (let round = 1; round <= (quick ? 2 : 10); round++) {
    note(`take-over ${round}`);
    const standby = await open(`connector-${round}`);
    await isIn(standby, 'standing by');
    const enough = (await rows()) + ROWS;
    calm.push(await longestSilence(ledger, (count) => count >= enough));
    const stopped = leader.stop();
    running.delete(leader);
    let bound: bigint | undefined;
    const silence = longestSilence(ledger, (count) => bound !== undefined && count >= bound);
    await stopped;
    await isIn(standby, 'live');
    bound = (await rows()) + ROWS;
    handedOver.push(await silence);
    leader = standby;
  }
  const longest = (what: string, found: readonly number[]): Row => ({
    what: `longest time without a new row, ${what}, median of ${found.length}`,
    value: median(found),
    unit: 'ms',
  });
  return [
    longest('one connector leading', calm),
    judged(longest('handed over to a stand-by', handedOver), { atMost: 3_000 }),
    { what: 'the same, the worst', value: Math.max(...handedOver), unit: 'ms' },
  ];
}

export const takeover: Bench = {
  name: 'takeover',
  about: 'how long no payment is booked while one connector hands over to another',
  lnd: 'none',
  run,
};
