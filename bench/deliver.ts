import { makeAuthority } from '../test/functions/deliver/receiver.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { type Child, startChild } from './child.ts';
import type { Deliveries } from './processes/deliveries.ts';
import type { Receivers } from './processes/receivers.ts';
import { inTurns, median, quantile } from './rounds.ts';

/** Live endpoints, 20 a creator at most; alice has the dead one beside 19. */
const LIVE: Record<string, number> = { alice: 19, bob: 20, carol: 20, dora: 20, erin: 20, frank: 1 };
const HANDLES = Object.keys(LIVE);
/** Well below what it can do, so that a queue is the dead one's doing. */
const TIPS_PER_SECOND = 6;
const HOST = 'hooks.example';

async function run(setting: Setting): Promise<Row[]> {
  const { defer, folder } = setting;
  const authority = await makeAuthority();
  const receivers = await startChild<Receivers>('receivers', { key: authority.key, cert: authority.cert });
  defer(() => receivers.stop());
  const deliveries = await startChild<Deliveries>('deliveries', { dir: folder('table'), ca: authority.ca });
  defer(() => deliveries.stop());
  const origin = `https://${HOST}:${await receivers.ask('port')}`;
  const parts = { deliveries, receivers, origin };
  return [...(await besideDead(setting, parts)), ...(await rate(setting, parts))];
}

interface Parts {
  readonly deliveries: Child<Deliveries>;
  readonly receivers: Child<Receivers>;
  readonly origin: string;
}

/** How long the live endpoints wait, without the dead one and with it. */
async function besideDead(
  { quick, note }: Setting,
  { deliveries, receivers, origin }: Parts,
): Promise<Row[]> {
  for (const [handle, count] of Object.entries(LIVE)) {
    for (let number = 0; number < count; number++)
      await deliveries.ask('endpoint', { handle, url: `${origin}/${handle}${number}` });
  }
  const dead = `${origin}/dead`;
  await deliveries.ask('endpoint', { handle: 'alice', url: dead });
  await deliveries.ask('begin');
  const medians: number[] = [];
  const measure = (enabled: boolean) => async () => {
    await deliveries.ask('enable', { url: dead, enabled });
    const seconds = quick ? 2 : 8;
    const sent = await deliveries.ask('pace', { handles: HANDLES, perSecond: TIPS_PER_SECOND, seconds });
    const expected = sent.reduce((sum, { handle }) => sum + LIVE[handle]!, 0);
    const began = new Map(sent.map(({ id, atMs }) => [id, atMs]));
    const arrivals = await receivers.ask('take', expected);
    const waits = arrivals.map(({ id, atMs }) => atMs - began.get(id)!);
    medians.push(quantile(waits, 0.5));
    return quantile(waits, 0.99);
  };
  const rounds = quick ? 1 : 9;
  note(`${rounds} rounds of 100 live endpoints without a dead one and with it`);
  const p99 = await inTurns({ without: measure(false), beside: measure(true) }, rounds);
  await deliveries.ask('enable', { url: dead, enabled: false });
  return [
    judged(
      versus('p99 from row to webhook, 100 endpoints beside a dead one', 'ms', p99.beside, [
        'without it',
        p99.without,
      ]),
      { atMost: 1.1 },
    ),
    { what: 'median from row to webhook, 100 endpoints', value: median(medians), unit: 'ms' },
  ];
}

/** Events a second that go from the table's stream through both workers to a receiver, when many wait. */
async function rate({ quick, note }: Setting, { deliveries, receivers, origin }: Parts): Promise<Row[]> {
  await deliveries.ask('end');
  const handles = Array.from({ length: 10 }, (_, number) => `rate${number}`);
  for (const handle of handles) await deliveries.ask('endpoint', { handle, url: `${origin}/${handle}` });
  const events = quick ? 200 : 2_000;
  const rates: number[] = [];
  const rounds = quick ? 1 : 4;
  note(`${rounds} rounds of ${events} events`);
  for (let round = 0; round < rounds; round++) {
    await deliveries.ask('book', { handles, count: events });
    const began = performance.now();
    await deliveries.ask('begin');
    await receivers.ask('take', events);
    rates.push(events / ((performance.now() - began) / 1000));
    await deliveries.ask('end');
  }
  return [{ what: 'events from stream to receiver, 10 creators', value: median(rates), unit: '/s' }];
}

export const deliver: Bench = {
  name: 'deliver',
  about: 'webhooks: a dead endpoint beside live ones, and events a second through both workers',
  lnd: 'none',
  run,
};
