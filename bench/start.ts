import { setTimeout } from 'node:timers/promises';
import { readNode } from '../shared/ledger/index.ts';
import { until } from '../test/regtest/harness/until.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { startChild } from './child.ts';
import { openDevNode } from './node.ts';
import type { Jar } from './processes/jar.ts';
import { openTable } from './table.ts';

const WAITING = 100_000;
const CREATORS = 20;
const AT_ONCE = 200;
/** A connector moves its checkpoint once lnd has been silent for five seconds. */
const SILENCE_MS = 6_000;

async function run(setting: Setting): Promise<Row[]> {
  const { quick, folder, defer, note } = setting;
  const waiting = quick ? 3_000 : WAITING;
  const { access, nodes } = await openDevNode(setting);
  const { endpoint, ledger } = await openTable(setting);
  // The table is in a process of its own, so that its memory isn't the connector's.
  const openJar = async (name: string) => {
    const jar = await startChild<Jar>('jar', { dir: folder(name), endpoint, access });
    defer(() => jar.stop());
    return jar;
  };

  const before = await openJar('before');
  const paymentRequests: string[] = [];
  for (let at = 1; at <= CREATORS; at++) paymentRequests.push(await before.ask('join', `creator-${at}`));
  note('waiting for the first checkpoint');
  await until('a checkpoint', 90, async () => {
    await setTimeout(SILENCE_MS);
    await nodes.ask('pay', { paymentRequests, payments: 1, atOnce: 1 });
    await before.ask('untilBooked', 1);
    return (await readNode(ledger, (await before.ask('health')).node!))?.settleIndex !== undefined;
  });
  const idleMb = await before.ask('peakMb');
  await before.stop();

  note(`${waiting} payments while the connector is away`);
  await nodes.ask('pay', { paymentRequests, payments: waiting, atOnce: AT_ONCE });
  note('starting the connector');
  const began = performance.now();
  const secondsSince = () => (performance.now() - began) / 1000;
  const after = await openJar('after');
  await after.ask('untilBooked', waiting);
  const booked = secondsSince();
  await until('the connector is live', 300, async () => (await after.ask('health')).state === 'live');
  const live = secondsSince();
  const peakMb = await after.ask('peakMb');
  const { drift = 0 } = await after.ask('health');
  const many = waiting.toLocaleString('en');
  return [
    { what: `from start until ${many} waiting settlements are booked`, value: booked, unit: 's' },
    { what: 'settlements booked meanwhile', value: waiting / booked, unit: '/s' },
    { what: 'from start until the first audit is through', value: live, unit: 's' },
    judged({ what: 'payments that the audit took for missing', value: drift, unit: '' }, { atMost: 0 }),
    versus('peak memory of the connector', 'MB', [peakMb], ['with nothing waiting', [idleMb]]),
  ];
}

export const start: Bench = {
  name: 'start',
  about: 'start of the connector after a day away: seconds, and memory',
  lnd: 'none',
  run,
};
