import { until } from '../test/regtest/harness/until.ts';
import type { Bench, Row, Setting } from './bench.ts';
import { startChild } from './child.ts';
import { connectorAccess } from './lnd.ts';
import { openLndPair } from './pair.ts';
import type { Jar } from './processes/jar.ts';
import { remoteLedger } from './remote.ts';
import { median, quantile } from './rounds.ts';
import { Stopwatch } from './stopwatch.ts';

const AT_ONCE = 20;

async function run(setting: Setting): Promise<Row[]> {
  const { quick, folder, defer, note } = setting;
  const lnd = await openLndPair(setting);
  const jar = await startChild<Jar>('jar', { dir: folder('jar'), access: await connectorAccess(lnd.jar) });
  defer(() => jar.stop());
  const paymentRequest = await jar.ask('join', 'alice');
  await until('the connector is live', 60, async () => (await jar.ask('health')).state === 'live');

  const ledger = remoteLedger((await jar.ask('addresses')).endpoint!);
  defer(async () => ledger.client.destroy());
  const watch = new Stopwatch(lnd.jar, ledger);
  const watching = watch.run();
  defer(async () => {
    watch.stop();
    await watching;
  });

  const measure = async (how: string, payments: number, atOnce: number): Promise<Row[]> => {
    note(`${payments} payments ${how}`);
    watch.reset();
    await lnd.pay(paymentRequest, { payments, atOnce });
    await until('all rows', 60, () => watch.latencies.length >= payments);
    const { latencies, reads } = watch;
    return [
      { what: `settled event to row, ${how}, median of ${payments}`, value: median(latencies), unit: 'ms' },
      { what: `settled event to row, ${how}, p99`, value: quantile(latencies, 0.99), unit: 'ms' },
      { what: `of which a read of the table takes, ${how}`, value: median(reads), unit: 'ms' },
    ];
  };
  await lnd.pay(paymentRequest, { payments: 2 * AT_ONCE, atOnce: AT_ONCE });
  await until('the first rows', 60, () => watch.latencies.length > 0 && watch.idle);
  return [
    ...(await measure('one after another', quick ? 40 : 200, 1)),
    ...(await measure(`${AT_ONCE} at a time`, quick ? 100 : 1_000, AT_ONCE)),
  ];
}

export const latency: Bench = {
  name: 'latency',
  about: "from lnd's settled event to the row readable in the table",
  lnd: 'all',
  run,
};
