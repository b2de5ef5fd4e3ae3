import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Nudge } from '../../../connector/nudge.ts';
import { withDeadline, withLinkedController } from '../../../shared/concurrency/untilAborted.ts';

const abortOf = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('a controller of its own', () => {
  it('aborts with the signal, for its reason, also when that aborted before', async () => {
    const stop = new AbortController();
    const reason = withLinkedController(stop.signal, ({ signal }) => abortOf(signal));
    stop.abort('enough');
    expect(await reason).toBe('enough');
    expect(await withLinkedController(stop.signal, async ({ signal }) => signal.reason)).toBe('enough');
  });

  it('aborts alone, and leaves the signal as it was', async () => {
    const stop = new AbortController();
    await withLinkedController(stop.signal, async (own) => {
      expect(listeners(stop.signal)).toBe(1);
      own.abort();
    });
    const failing = withLinkedController(stop.signal, async () => {
      throw new Error('its own');
    });
    await expect(failing).rejects.toThrow('its own');
    expect(stop.signal.aborted).toBe(false);
    expect(listeners(stop.signal)).toBe(0);
  });

  it('aborts late as a TimeoutError, when it has a deadline', async () => {
    const stop = new AbortController();
    const reason = await withDeadline(stop.signal, 1, abortOf);
    expect(reason).toMatchObject({ name: 'TimeoutError' });
    expect(listeners(stop.signal)).toBe(0);
  });
});

/** A sleep that only the signal ends. */
const asleep = (_: number, signal: AbortSignal) => abortOf(signal).then(() => {});

describe('a nudge', () => {
  it('ends the sleep that it meets, or the next one', async () => {
    const { signal } = new AbortController();
    const nudge = new Nudge();
    for (let turn = 0; turn < 3; turn++) {
      const sleeping = nudge.sleep(asleep, 1_000, signal);
      nudge.nudge();
      await sleeping;
    }
    nudge.nudge();
    await nudge.sleep(() => expect.unreachable('it slept'), 1_000, signal);
    let slept = false;
    await nudge.sleep(
      async () => {
        slept = true;
      },
      1_000,
      signal,
    );
    expect(slept).toBe(true);
    expect(listeners(signal)).toBe(0);
  });

  it('does not keep the signal from ending it', async () => {
    const stop = new AbortController();
    const sleeping = new Nudge().sleep(asleep, 1_000, stop.signal);
    stop.abort();
    await sleeping;
  });
});
