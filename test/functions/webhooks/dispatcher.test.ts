import { describe, expect, test } from 'vitest';
import { BOUNDS, Dispatcher } from '../../../functions/webhooks/dispatcher.ts';
import type { QueuedDelivery } from '../../../shared/ledger/index.ts';

describe('turns', () => {
  /** A dispatcher whose work ends when it is told to, by a clock that is set by hand. Creators are told by `a1@creator`. */
  function turns(more: Partial<typeof BOUNDS> = {}) {
    let nowMs = 0;
    const running = new Map<string, () => void>();
    const slowed: (() => void)[] = [];
    const dispatcher = new Dispatcher({
      bounds: { ...BOUNDS, perEndpoint: 2, all: 4, perSlowEndpoint: 1, allSlow: 2, waiting: 100, ...more },
      clock: () => new Date(nowMs),
      sleep: (_, signal) =>
        new Promise((resolve) => {
          slowed.push(resolve);
          signal.addEventListener('abort', () => resolve());
        }),
      work: ({ endpointId, id }) =>
        new Promise((resolve) => void running.set(`${endpointId}${id}`, () => resolve(undefined))),
      again: () => {},
      room: () => {},
    });
    return {
      dispatcher,
      running: () => [...running.keys()],
      offer: (...names: string[]) => {
        for (const name of names) {
          const [delivery, handle = 'alice'] = name.split('@') as [string, string?];
          dispatcher.offer({ handle, endpointId: delivery[0]!, id: delivery.slice(1) });
        }
      },
      /** So long goes by that what runs counts as slow. */
      async lasts() {
        nowMs += 1_001;
        for (const each of slowed.splice(0)) each();
        await new Promise(setImmediate);
      },
      async end(name: string, afterMs = 0) {
        nowMs += afterMs;
        running.get(name)!();
        running.delete(name);
        await new Promise(setImmediate);
      },
    };
  }

  test('go round the endpoints, each with so many at once', async () => {
    const { offer, running, end } = turns();
    offer('a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'c2');
    expect(running()).toEqual(['a1', 'a2', 'b1', 'c1']);
    await end('b1');
    expect(running()).toEqual(['a1', 'a2', 'c1', 'c2']);
    await end('a1');
    expect(running()).toEqual(['a2', 'c1', 'c2', 'a3']);
  });

  test('give slow endpoints slots of their own, fewer each', async () => {
    const { offer, running, end } = turns();
    offer('a1', 'a2', 'a3', 'b1', 'b2', 'b3');
    await end('a1', 5_000);
    await end('a2');
    await end('b1');
    await end('b2');
    // Both took five seconds: one at a time each, and all four fast slots are free for others.
    expect(running()).toEqual(['a3', 'b3']);
    offer('c1', 'c2', 'd1', 'd2', 'e1');
    expect(running()).toEqual(['a3', 'b3', 'c1', 'c2', 'd1', 'd2']);
  });

  test('move what turns out slow to slots of its own, while it runs', async () => {
    const { offer, running, lasts } = turns();
    offer('a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'd1');
    expect(running()).toEqual(['a1', 'a2', 'b1', 'b2']);
    await lasts();
    // Two have the slow slots, two keep theirs for want of another; nothing more of a and b begins meanwhile.
    expect(running()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'd1']);
  });

  test('are bounded for each creator, whichever endpoints they have', async () => {
    const { offer, running, end } = turns({ all: 8, perCreator: 3 });
    offer('a1', 'b1', 'c1', 'd1', 'e1', 'f1@bob', 'g1@bob');
    expect(running()).toEqual(['a1', 'b1', 'c1', 'f1', 'g1']);
    await end('f1');
    expect(running()).toEqual(['a1', 'b1', 'c1', 'g1']);
    await end('b1');
    expect(running()).toEqual(['a1', 'c1', 'g1', 'd1']);
  });

  test('are bounded for each creator among the slow, too', async () => {
    const { offer, running, lasts } = turns({ all: 8, allSlow: 8, perCreator: 3, perSlowCreator: 2 });
    offer('a1', 'b1', 'c1', 'd1', 'e1', 'f1');
    await lasts();
    expect(running()).toEqual(['a1', 'b1', 'c1', 'd1', 'e1']);
    await lasts();
    expect(running()).toEqual(['a1', 'b1', 'c1', 'd1', 'e1']);
    offer('g1@bob', 'h1@bob');
    expect(running()).toEqual(['a1', 'b1', 'c1', 'd1', 'e1', 'g1', 'h1']);
  });

  test('come to an end', async () => {
    const { dispatcher, offer, end } = turns();
    await dispatcher.idle();
    offer('a1');
    let idle = false;
    const waiting = dispatcher.idle().then(() => {
      idle = true;
    });
    await new Promise(setImmediate);
    expect(idle).toBe(false);
    await end('a1');
    await waiting;
  });

  /** Offer deliveries while none ends. @returns how many of each endpoint were held, as all are tried in the end */
  async function heldOf(offered: Iterable<QueuedDelivery>, bounds: typeof BOUNDS) {
    const held = new Map<string, number>();
    let end = () => {};
    const ending = new Promise<undefined>((resolve) => {
      end = () => resolve(undefined);
    });
    const dispatcher = new Dispatcher({
      bounds,
      clock: () => new Date(0),
      sleep: () => new Promise(() => {}),
      work: ({ endpointId }) => {
        held.set(endpointId, (held.get(endpointId) ?? 0) + 1);
        return ending;
      },
      again: () => {},
      room: () => {},
    });
    for (const ref of offered) dispatcher.offer(ref);
    end();
    await dispatcher.idle();
    return Object.fromEntries(held);
  }

  function* crowds(endpoints: number, each: number) {
    for (let at = 0; at < endpoints * each; at++)
      yield { handle: `creator${at % 7}`, endpointId: `we_${at % endpoints}`, id: String(at) };
  }

  test.each([
    [20, 5_000],
    [1, 100_000],
    [50_000, 2],
  ])('hold no more of %i crowds of %i than there is room for', async (endpoints, each) => {
    const held = await heldOf(crowds(endpoints, each), BOUNDS);
    const all = Object.values(held).reduce((sum, count) => sum + count, 0);
    expect(all).toBeLessThanOrEqual(BOUNDS.all + BOUNDS.waitingInAll);
    expect(all).toBeGreaterThan(Math.min(BOUNDS.waiting, BOUNDS.waitingInAll) - 1);
  });

  test('share the room: a crowd that came first gives way to those that come after it', async () => {
    const crowd = (endpointId: string, count: number) =>
      Array.from({ length: count }, (_, at) => ({ handle: 'alice', endpointId, id: String(at) }));
    const offered = [...crowd('a', 1_000), ...crowd('b', 1_000), ...crowd('c', 1), ...crowd('d', 1_000)];
    const held = await heldOf(offered, { ...BOUNDS, all: 1, waiting: 80, waitingInAll: 100 });
    expect(held).toEqual({ a: 38, b: 38, c: 1, d: 24 });
  });

  test('end with what runs when they are stopped, and what waited is let go of', async () => {
    const { dispatcher, offer, running, end } = turns({ all: 1 });
    offer('a1', 'a2', 'b1');
    dispatcher.stop();
    await end('a1');
    await dispatcher.idle();
    expect(running()).toEqual([]);
  });

  test('are refused when too many of an endpoint wait', () => {
    const { dispatcher } = turns({ perEndpoint: 1, waiting: 2 });
    const offered = ['1', '2', '3', '4', '3'].map((id) =>
      dispatcher.offer({ handle: 'alice', endpointId: 'a', id }),
    );
    expect(offered).toEqual([true, true, true, false, true]);
  });
});
