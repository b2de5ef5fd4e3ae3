import { makeAuthority } from '../test/functions/webhooks/receiver.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { type Child, startChild } from './child.ts';
import type { Deliveries } from './processes/deliveries.ts';
import type { Receivers } from './processes/receivers.ts';
import { inTurns, median, quantile } from './rounds.ts';

/** Live endpoints, 20 a creator at most; alice has the dead one beside 19. */
const LIVE: Record<string, number> = { alice: 19, bob: 20, carol: 20, dora: 20, erin: 20, frank: 1 };
/** One tip a second for each creator: well below what it can do, so that a queue is the bad ones' doing. */
const TIPS_PER_SECOND = 1;
/** Bad endpoints of each kind, and the creators whose they are, who have no others. */
const BAD = 8;
const BAD_KINDS = { mallory: 'switch', trudy: 'dead' };
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
  return [...(await besideBad(setting, parts)), ...(await rate(setting, parts))];
}

interface Parts {
  readonly deliveries: Child<Deliveries>;
  readonly receivers: Child<Receivers>;
  readonly origin: string;
}

/** How long the live endpoints wait: without bad ones, beside a dead one, and beside many that hold on to what they are sent. */
async function besideBad({ quick, note }: Setting, { deliveries, receivers, origin }: Parts): Promise<Row[]> {
  for (const [handle, count] of Object.entries(LIVE)) {
    for (let number = 0; number < count; number++)
      await deliveries.ask('endpoint', { handle, url: `${origin}/${handle}${number}` });
  }
  const dead = `${origin}/dead`;
  await deliveries.ask('endpoint', { handle: 'alice', url: dead });
  const bad: string[] = [];
  for (const [handle, kind] of Object.entries(BAD_KINDS)) {
    for (let number = 0; number < BAD; number++) {
      const url = `${origin}/${kind}/${number}`;
      await deliveries.ask('endpoint', { handle, url });
      bad.push(url);
    }
  }
  const enable = async (urls: readonly string[], enabled: boolean) => {
    for (const url of urls) await deliveries.ask('enable', { url, enabled });
  };
  await enable([dead, ...bad], false);
  await deliveries.ask('begin');
  const handles = [...Object.keys(LIVE), ...Object.keys(BAD_KINDS)];
  const medians: number[] = [];
  const measure = (beside: readonly string[]) => async () => {
    await enable(beside, true);
    const perSecond = TIPS_PER_SECOND * handles.length;
    const sent = await deliveries.ask('pace', { handles, perSecond, seconds: quick ? 2 : 8 });
    const expected = sent.reduce((sum, { handle }) => sum + (LIVE[handle] ?? 0), 0);
    const began = new Map(sent.map(({ id, atMs }) => [id, atMs]));
    const arrivals = await receivers.ask('take', expected);
    await enable(beside, false);
    const waits = arrivals.map(({ id, atMs }) => atMs - began.get(id)!);
    medians.push(quantile(waits, 0.5));
    return quantile(waits, 0.99);
  };
  const rounds = quick ? 1 : 9;
  note(`${rounds} rounds of 100 live endpoints: alone, beside a dead one, beside ${bad.length} bad ones`);
  const p99 = await inTurns({ without: measure([]), dead: measure([dead]), bad: measure(bad) }, rounds);
  const beside = (what: string, found: readonly number[], atMost: number) =>
    judged(
      versus(`p99 from row to webhook, 100 endpoints beside ${what}`, 'ms', found, ['without', p99.without]),
      { atMost },
    );
  return [
    beside('a dead one', p99.dead, 1.1),
    beside(`${BAD} that answer 101 and ${BAD} dead ones`, p99.bad, 1.25),
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
  about: 'webhooks: dead and bad endpoints beside live ones, and events a second through both workers',
  lnd: 'none',
  run,
};
