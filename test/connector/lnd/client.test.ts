import { describe, expect, it, vi } from 'vitest';
import { callLnd } from '../../../connector/lnd/client.ts';

describe('a call of lnd', () => {
  it('ends though gRPC says nothing of it, not even at its deadline, and is given up', async () => {
    vi.useFakeTimers();
    try {
      const cancel = vi.fn();
      const service = { getInfo: () => ({ cancel }), close() {} };
      const failure = callLnd(service, 'getInfo', {}, 5_000).catch((error) => error);
      await vi.advanceTimersByTimeAsync(6_000);
      expect(await failure).toMatchObject({ name: 'LndError', code: 4, call: 'getInfo' });
      expect(cancel).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('leaves no timer behind when it is answered', async () => {
    vi.useFakeTimers();
    try {
      const answering = (answer: (error: null, told: object) => void) => void answer(null, { is: 'told' });
      const service = { getInfo: (_: object, __: object, answer: never) => answering(answer), close() {} };
      expect(await callLnd(service, 'getInfo', {})).toEqual({ is: 'told' });
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
