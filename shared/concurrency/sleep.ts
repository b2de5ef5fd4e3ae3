import { setTimeout } from 'node:timers/promises';

/** Waits by this machine's timers; an abort ends it early, without an error. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  setTimeout(ms, undefined, signal && { signal }).catch(() => {});
