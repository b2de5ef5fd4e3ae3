import { setTimeout } from 'node:timers/promises';
import type { LndNode } from '../test/regtest/harness/lnd.ts';
import { startNetwork } from '../test/regtest/harness/network.ts';
import { payAmp } from '../test/regtest/harness/pay.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { type Child, startChild } from './child.ts';
import { connectorAccess, openRest } from './lnd.ts';
import type { LnurlJar } from './processes/lnurlJar.ts';
import type { Lnurl } from './processes/lnurlServer.ts';
import { inTurns, median, quantile } from './rounds.ts';
import { type Asked, askInTurn, flood } from './wallets.ts';

const CONNECTIONS = 50;
const FLOOD_PER_SECOND = 500;
/** So many that the bound of each leaves the bound of all to be reached. */
const FLOODED = ['bob', 'carol', 'dora', 'erin', 'frank', 'grace'];
const PAYMENTS_AT_ONCE = 20;

async function run(setting: Setting): Promise<Row[]> {
  const { defer, note } = setting;
  note('starting two lnds');
  const network = await startNetwork({ nodes: ['payer', 'jar'] });
  defer(() => network.stop());
  const { payer, jar } = network.nodes;
  const restPort = await openRest(jar);
  await network.awaitChannels();
  return [...(await besideLnurl(setting, jar, restPort)), ...(await inFlood(setting, payer, jar))];
}

const openJar = async ({ folder }: Setting, node: LndNode, name: string, bounded: boolean) =>
  startChild<LnurlJar>('lnurlJar', { dir: folder(name), access: await connectorAccess(node), bounded });

async function besideLnurl(setting: Setting, jar: LndNode, restPort: number): Promise<Row[]> {
  const { quick, note } = setting;
  const ours = await openJar(setting, jar, 'unbounded', false);
  const config = {
    hostname: `127.0.0.1:${restPort}`,
    cert: jar.certPath,
    macaroon: jar.adminMacaroonPath,
  };
  const theirs = await startChild<Lnurl>('lnurlServer', { backend: 'lnd', config });
  try {
    await ours.ask('join', 'alice');
    const urls = { ours: await ours.ask('callback', 'alice'), lnurl: await theirs.ask('callback') };
    const rows: Row[] = [];
    for (const connections of [1, CONNECTIONS]) {
      const rounds = quick ? 1 : 7;
      note(`${rounds} rounds of ours and lnurl, asked by ${connections}`);
      rows.push(...(await compare(urls, { connections, seconds: quick ? 1 : 2, rounds })));
    }
    return rows;
  } finally {
    await theirs.stop();
    await ours.stop();
  }
}

async function compare(
  urls: { ours: string; lnurl: string },
  { connections, seconds, rounds }: { connections: number; seconds: number; rounds: number },
): Promise<Row[]> {
  const found: Record<keyof typeof urls, Asked[]> = { ours: [], lnurl: [] };
  const measure = (name: keyof typeof urls) => async () => {
    const asked = await askInTurn(urls[name], connections, seconds);
    if (asked.refusals.length > 0) throw new Error(`${name} refused ${asked.refusals.length} asks`);
    found[name].push(asked);
    return asked.invoices.length / asked.seconds;
  };
  const rates = await inTurns({ ours: measure('ours'), lnurl: measure('lnurl') }, rounds);
  const each = (name: keyof typeof urls, share: number) =>
    found[name].slice(1).map(({ invoices }) => quantile(invoices, share));
  const added = each('ours', 0.5).map((ms, round) => ms - each('lnurl', 0.5)[round]!);
  const by = `asked by ${connections} at a time`;
  const rate = versus(`invoices, ${by}`, '/s', rates.ours, ['lnurl on the same lnd', rates.lnurl]);
  const p95 = versus(`p95, ${by}`, 'ms', each('ours', 0.95), ['lnurl', each('lnurl', 0.95)]);
  const within = judged({ what: p95.what, value: p95.value, unit: 'ms' }, { atMost: 500 });
  return [
    connections === CONNECTIONS ? judged(rate, { atLeast: 1 }) : rate,
    versus(`median, ${by}`, 'ms', each('ours', 0.5), ['lnurl', each('lnurl', 0.5)]),
    judged(
      { what: `median that ours adds to lnurl's, ${by}`, value: median(added), unit: 'ms' },
      { atMost: 150 },
    ),
    { ...p95, target: within.target!, ok: within.ok! },
  ];
}

async function inFlood(setting: Setting, payer: LndNode, jar: LndNode): Promise<Row[]> {
  const { quick, note } = setting;
  const ours = await openJar(setting, jar, 'bounded', true);
  try {
    const paymentRequest = await ours.ask('join', 'alice');
    for (const handle of FLOODED) await ours.ask('join', handle);
    const urls = await Promise.all(FLOODED.map((handle) => ours.ask('callback', handle)));
    const tips = () => tipsBooked(ours, payer, paymentRequest, quick ? 2 : 5);
    const floods: Asked[] = [];
    const flooded = async () => {
      const stop = new AbortController();
      const flooding = flood(urls, FLOOD_PER_SECOND, stop.signal);
      const rate = await tips().finally(() => stop.abort());
      floods.push(await flooding);
      return rate;
    };
    const rounds = quick ? 1 : 5;
    note(`${rounds} rounds of tips without a flood of asks and with one`);
    const rates = await inTurns({ calm: tips, flooded }, rounds);
    const answers = floods.flatMap(({ invoices, refusals }) => [...invoices, ...refusals]);
    const seconds = floods.reduce((sum, each) => sum + each.seconds, 0);
    const invoices = floods.flatMap((each) => each.invoices);
    const calm = ['without', rates.calm] as const;
    const what = `tips booked while ${FLOOD_PER_SECOND} asks a second come in`;
    return [
      judged(versus(what, '/s', rates.flooded, calm), { atLeast: 0.8 }),
      { what: 'asks that came in meanwhile', value: answers.length / seconds, unit: '/s' },
      { what: 'of which got an invoice', value: invoices.length / seconds, unit: '/s' },
      { what: 'median of an invoice meanwhile', value: median(invoices), unit: 'ms' },
      judged(
        { what: 'slowest answer meanwhile', value: Math.max(...answers), unit: 'ms' },
        { atMost: 5_000 },
      ),
    ];
  } finally {
    await ours.stop();
  }
}

/** Pay for some seconds, 20 at a time. @returns tips a second until the last is booked */
async function tipsBooked(ours: Child<LnurlJar>, payer: LndNode, paymentRequest: string, seconds: number) {
  const before = await ours.ask('booked');
  const began = performance.now();
  let paid = 0;
  const pay = async () => {
    while (performance.now() - began < seconds * 1000) {
      const { status, failureReason } = await payAmp(payer, { paymentRequest, amountMsat: 2_100n });
      if (status !== 'SUCCEEDED') throw new Error(`a payment from lnd to lnd failed: ${failureReason}`);
      paid++;
    }
  };
  await Promise.all(Array.from({ length: PAYMENTS_AT_ONCE }, pay));
  await ours.ask('untilBooked', before + paid);
  const rate = paid / ((performance.now() - began) / 1000);
  // The bounds on asks are buckets: full ones would make of each round the start of a flood.
  await setTimeout(500);
  return rate;
}

export const invoiceRequests: Bench = {
  name: 'invoice-requests',
  about: 'BOLT11 invoices by LNURL against npm lnurl, and tips booked while a flood asks for them',
  lnd: 'all',
  run,
};
