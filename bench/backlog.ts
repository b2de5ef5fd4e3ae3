import { makeAuthority } from '../test/functions/webhooks/receiver.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { startChild } from './child.ts';
import type { Deliveries } from './processes/deliveries.ts';
import type { Receivers } from './processes/receivers.ts';

const HANDLE = 'alice';
/** As many as a creator may have. */
const ENDPOINTS = 20;
/** Events that wait for each endpoint. */
const FEW = 50;
const MANY = 5_000;
/** So many are delivered while the heap is watched: it is fullest when most wait. */
const WATCHED = 5_000;

async function run({ quick, note, defer, folder }: Setting): Promise<Row[]> {
  const authority = await makeAuthority();
  const receivers = await startChild<Receivers>('receivers', { key: authority.key, cert: authority.cert });
  defer(() => receivers.stop());
  const origin = `https://hooks.example:${await receivers.ask('port')}`;

  const delivered = async (name: string, events: number) => {
    const deliveries = await startChild<Deliveries>('deliveries', { dir: folder(name), ca: authority.ca });
    defer(() => deliveries.stop());
    for (let number = 0; number < ENDPOINTS; number++)
      await deliveries.ask('endpoint', { handle: HANDLE, url: `${origin}/${name}/${number}` });
    const watched = Math.min(WATCHED, ENDPOINTS * events);
    note(`${ENDPOINTS} endpoints, ${events} events waiting for each`);
    await deliveries.ask('queue', { handles: [HANDLE], count: events });
    const began = performance.now();
    await deliveries.ask('beginQueued');
    await receivers.ask('take', watched);
    const perSecond = watched / ((performance.now() - began) / 1000);
    await deliveries.ask('end');
    return { heapMb: await deliveries.ask('mostHeapMb'), perSecond };
  };

  const few = await delivered('few', FEW);
  const many = quick ? 5 * FEW : MANY;
  const { heapMb, perSecond } = await delivered('many', many);
  const waiting = (ENDPOINTS * many).toLocaleString('en');
  return [
    judged(
      versus(
        `most heap of the workers, ${waiting} webhooks waiting`,
        'MB',
        [heapMb],
        [`${(ENDPOINTS * FEW).toLocaleString('en')} waiting`, [few.heapMb]],
      ),
      { atMost: 1.25 },
    ),
    { what: 'delivered meanwhile', value: perSecond, unit: '/s' },
  ];
}

export const backlog: Bench = {
  name: 'backlog',
  about: 'webhooks: memory of the workers while many wait',
  lnd: 'none',
  run,
};
