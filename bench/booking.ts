import { addAmpInvoice } from '../test/regtest/harness/invoices.ts';
import { until } from '../test/regtest/harness/until.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { startChild } from './child.ts';
import { HOW_TO_GET_LND } from './lnd.ts';
import { openDevNode } from './node.ts';
import { openLndPair } from './pair.ts';
import type { Jar } from './processes/jar.ts';
import { inTurns, median } from './rounds.ts';
import { writeUnits } from './writeUnits.ts';

const AT_LND_AT_ONCE = 20;
const AT_DEV_NODE_AT_ONCE = 200;
const CREATORS = 20;

/** What settles at lnd a second: payments to a new invoice each time, for a used one is slower. */
async function openLndRate(setting: Setting, payments: number) {
  const { jar, pay } = await openLndPair(setting);
  return async (): Promise<number> => {
    const { paymentRequest } = await addAmpInvoice(jar);
    return payments / (await pay(paymentRequest, { payments, atOnce: AT_LND_AT_ONCE }));
  };
}

async function run(setting: Setting): Promise<Row[]> {
  const { quick, hasLnd, folder, defer, note } = setting;
  const payments = quick ? 1_000 : 8_000;
  if (!hasLnd) note(`lnd's own rate left out: ${HOW_TO_GET_LND}`);
  const atLnd = hasLnd ? await openLndRate(setting, quick ? 60 : 300) : undefined;
  const { access, nodes } = await openDevNode(setting);
  const jar = await startChild<Jar>('jar', { dir: folder('jar'), access });
  defer(() => jar.stop());
  const paymentRequests: string[] = [];
  for (let at = 1; at <= CREATORS; at++) paymentRequests.push(await jar.ask('join', `creator-${at}`));
  await until('the connector is live', 60, async () => (await jar.ask('health')).state === 'live');

  let booked = 0;
  const settled: number[] = [];
  const book = async (creators: number): Promise<number> => {
    const began = performance.now();
    const paying = nodes.ask('pay', {
      payments,
      atOnce: AT_DEV_NODE_AT_ONCE,
      paymentRequests: paymentRequests.slice(0, creators),
    });
    booked += payments;
    await jar.ask('untilBooked', booked);
    const seconds = (performance.now() - began) / 1000;
    settled.push(payments / (await paying));
    return payments / seconds;
  };
  const rounds = quick ? 1 : 5;
  note(`${rounds} rounds of ${payments} payments`);
  const rates = await inTurns<string>(
    { one: () => book(1), many: () => book(CREATORS), ...(atLnd && { atLnd }) },
    rounds,
  );

  const row = (what: string, found: readonly number[]): Row =>
    rates.atLnd
      ? judged(versus(what, '/s', found, ["lnd's own settlements", rates.atLnd]), { atLeast: 20 })
      : { what, value: median(found), unit: '/s' };
  return [
    row('settled at the development node and booked, one creator', rates.one!),
    row(`settled at the development node and booked, ${CREATORS} creators in turn`, rates.many!),
    { what: 'settled at the development node alone', value: median(settled), unit: '/s' },
    ...(await unitRows(folder('units'))),
  ];
}

async function unitRows(dir: string): Promise<Row[]> {
  const { alone, inBatch, batch } = await writeUnits(dir);
  return [
    { what: 'write units of a tip booked alone (computed)', value: alone, unit: '' },
    versus(`write units of a tip in a batch of ${batch} (computed)`, '', [inBatch], ['alone', [alone]]),
  ];
}

export const booking: Bench = {
  name: 'booking',
  about: 'settlements a second through the whole connector, against what lnd settles',
  lnd: 'some',
  run,
};
