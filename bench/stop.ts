import { bookedIn, countOnce, payMeanwhile, paymentRequestOf, startLocal } from '../test/local/process.ts';
import { type Bench, judged, type Row, type Setting } from './bench.ts';

/** Settled while nobody was there. */
const WAITING = 20_000;
/** It is stopped once so many more are booked. */
const BOOKED_BEFORE = [1, 500, 2_000, 4_000];

type Local = Awaited<ReturnType<typeof startLocal>>;

async function run({ quick, folder, defer, note }: Setting): Promise<Row[]> {
  const data = folder('data');
  const waiting = quick ? 1_000 : WAITING;
  let running: Local | undefined;
  defer(async () => void (await running?.end('SIGKILL')));
  const start = async () => {
    running = await startLocal(data);
    return running;
  };
  /** Seconds until the process is gone. */
  const stopped = async (local: Local) => {
    const began = performance.now();
    const { code, out } = await local.end('SIGTERM');
    if (code !== 0) throw new Error(`npm start ended with ${code}`);
    return { seconds: (performance.now() - began) / 1000, alarms: out.split('"alarm"').length - 1 };
  };

  const idle = await start();
  const paymentRequest = await paymentRequestOf(idle.url);
  const { seconds: ofNothing } = await stopped(idle);
  note(`${waiting} payments while it is away`);
  await payMeanwhile(data, paymentRequest, waiting);
  const stops: { seconds: number; alarms: number; meanwhile: number }[] = [];
  let booked = 0;
  for (const more of quick ? [1] : BOOKED_BEFORE) {
    note(`starting, and stopping once ${more} more are booked`);
    const busy = await start();
    const before = await countOnce(busy.url, (count) => count >= booked + more);
    const { seconds, alarms } = await stopped(busy);
    booked = await bookedIn(data);
    stops.push({ seconds, alarms, meanwhile: booked - before });
  }
  const many = waiting.toLocaleString('en');
  const most = (of: 'seconds' | 'alarms' | 'meanwhile') => Math.max(...stops.map((stop) => stop[of]));
  return [
    { what: 'from SIGTERM to the end of npm start, nothing waiting', value: ofNothing, unit: 's' },
    judged(
      {
        what: `the same, ${many} settlements waiting, longest of ${stops.length}`,
        value: most('seconds'),
        unit: 's',
      },
      { atMost: 10 },
    ),
    { what: 'booked meanwhile, of what had been heard, most', value: most('meanwhile'), unit: '' },
    { what: 'still waiting after the last', value: waiting - booked, unit: '' },
    judged({ what: 'alarms, most', value: most('alarms'), unit: '' }, { atMost: 0 }),
  ];
}

export const stop: Bench = {
  name: 'stop',
  about: 'how long npm start takes to stop while thousands of settlements wait',
  lnd: 'none',
  run,
};
