import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { MOST_WAITING, WakeQueue } from '../../shared/concurrency/wakeQueue.ts';

const never = new AbortController().signal;

describe('hints within a process', () => {
  it('that nobody takes are kept up to a bound, and the oldest of more are dropped', async () => {
    const hints = new WakeQueue<number>();
    for (let each = 0; each < 2 * MOST_WAITING; each++) hints.push(each);
    hints.pushAll([-1, -2]);
    const kept = await hints.next(new AbortController().signal);
    expect(kept).toHaveLength(MOST_WAITING);
    expect(kept.slice(-2)).toEqual([-1, -2]);
  });

  it('come at once when there are some, in their order, and once', async () => {
    const hints = new WakeQueue();
    hints.push('a');
    hints.push('b');
    expect(await hints.next(never)).toEqual(['a', 'b']);
    hints.push('c');
    expect(await hints.next(never)).toEqual(['c']);
  });

  it('wake who waits for them', async () => {
    const hints = new WakeQueue();
    const waiting = hints.next(never);
    hints.push('a');
    expect(await waiting).toEqual(['a']);
  });

  it('that come together wake once', async () => {
    const hints = new WakeQueue();
    const waiting = hints.next(never);
    for (const id of ['a', 'b', 'c']) hints.push(id);
    expect(await waiting).toEqual(['a', 'b', 'c']);
  });

  it('end with none when the signal aborts, before or while they are waited for', async () => {
    const hints = new WakeQueue();
    const stop = new AbortController();
    const waiting = hints.next(stop.signal);
    stop.abort();
    expect(await waiting).toEqual([]);
    expect(await hints.next(stop.signal)).toEqual([]);
  });

  it('go to who waits next when who waited before was told to stop', async () => {
    const hints = new WakeQueue();
    const stop = new AbortController();
    const before = hints.next(stop.signal);
    stop.abort();
    await before;
    const next = hints.next(never);
    hints.push('a');
    expect(await next).toEqual(['a']);
  });

  it('leave no listeners behind', async () => {
    const hints = new WakeQueue();
    const { signal } = new AbortController();
    for (let time = 0; time < 50; time++) {
      const waiting = hints.next(signal);
      hints.push('a');
      await waiting;
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
