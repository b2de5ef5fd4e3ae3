import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/** A state that did not come in time: says which, and how long was waited. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly what: string;
  readonly seconds: number;
  constructor(what: string, seconds: number) {
    super(`${what}: not within ${seconds} s`);
    this.what = what;
    this.seconds = seconds;
  }
}

/** The bounds are those of a quiet machine, and end what hangs on a busy one, too. */
const BUSY = 5;

/**
 * Ask again and again until the answer is something.
 * @param what the state awaited, for the error
 * @param probe gives `undefined` or `false` for "not yet"; what it throws ends the wait
 * @throws DeadlineError after {@link BUSY} times `seconds`
 */
export async function until<T>(
  what: string,
  seconds: number,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + BUSY * seconds * 1000;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new DeadlineError(what, BUSY * seconds);
    await delay(POLL_MS);
  }
}
