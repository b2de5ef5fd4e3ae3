import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { linesOf, openServed, type Served } from './stage.ts';

let served: Served;
beforeAll(async () => {
  served = await openServed();
});
afterAll(() => served.close());
afterEach(() => served.meet());

const untilRequested = async (path: string) => {
  while (!served.came.some((each) => each.path.startsWith(path)))
    await new Promise((resolve) => setTimeout(resolve, 20));
};

describe('ampjar tips list --follow', () => {
  it('tells of a tip that is booked meanwhile, and of none before', async () => {
    served.meet();
    const child = await served.start('tips list --follow --creator alice');
    const { out } = linesOf(child);
    await untilRequested('/v1/events');
    await served.book({ amountMsat: 2_100_500n, message: 'Good\u001b[2J one', sender: 'Bob' });
    expect(await out()).toBe('#26  2026-11-24 11:00:31Z  2100.5 sat  Any amount  Bob  Good[2J one');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('goes on from a number, each once and in order, through a service that goes away and comes back', async () => {
    const child = await served.start('tips list --follow --after 23 --json', served.stage.keys.alice.token);
    const { out, err } = linesOf(child);
    const sequence = async () => JSON.parse((await out())!).data.sequence;
    expect([await sequence(), await sequence(), await sequence()]).toEqual(['24', '25', '26']);
    await served.shut();
    expect(await err()).toBe(`ampjar: no answer from ${served.url} (ECONNREFUSED); trying again`);
    await served.book();
    await served.book();
    await served.listen();
    expect([await sequence(), await sequence()]).toEqual(['27', '28']);
    expect(await err()).toBe('ampjar: there is an answer again');
    served.meet((request) =>
      request.url.includes('/v1/events')
        ? new Response('busy', { status: 500, headers: { 'retry-after': '0' } })
        : undefined,
    );
    await served.book();
    await untilRequested('/v1/events');
    served.meet();
    expect(await sequence()).toBe('29');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('ends when the key opens the feed no more', async () => {
    served.meet(() =>
      Response.json(
        { type: 'urn:problem-type:ampjar:unauthorized', title: 'x', status: 401, detail: 'No key.' },
        { status: 401 },
      ),
    );
    const child = await served.start('tips list --follow --creator alice --after 0 --json');
    const { err } = linesOf(child);
    expect(await err()).toBe('ampjar: No key.');
    expect(await once(child, 'close')).toEqual([1, null]);
  });
});
