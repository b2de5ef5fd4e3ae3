/**
 * What a promise comes to; or the signal's reason as soon as that aborts, whatever becomes of the promise. For work that is
 * told to stop by a signal but need not hear it: a socket that gives no event any more hears nothing.
 */
export const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });

/**
 * Does work that has a controller of its own, which aborts with the signal, or before it; the signal is let go when the work is over.
 * `AbortSignal.any` leaves a reference in a signal that lives on, for good: one for each turn of a loop (Node 20).
 */
export async function withLinkedController<T>(
  signal: AbortSignal,
  work: (own: AbortController) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const abort = () => own.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await work(own);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Does work whose signal aborts with another one, or with a TimeoutError after so many milliseconds. */
export const withDeadline = <T>(
  signal: AbortSignal,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> =>
  withLinkedController(signal, async (own) => {
    const late = () => own.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError'));
    const timer = setTimeout(late, ms);
    try {
      return await work(own.signal);
    } finally {
      clearTimeout(timer);
    }
  });

/** Ends when the signal aborts, without an error. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
