import type { Ledger } from '../shared/ledger/index.ts';
import type { Lnd } from './lnd/contract.ts';

/**
 * Ends what is under way as soon as a signal aborts, whatever becomes of it: an answer that never comes holds up no stop. It listens to
 * the signal once, however much is under way.
 */
class Ending {
  readonly #signal: AbortSignal;
  readonly #underWay = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    const end = () => {
      for (const reject of this.#underWay) reject();
    };
    signal.addEventListener('abort', end, { once: true });
  }

  /** @throws the signal's reason once it aborts, and what the work throws */
  async of<T>(work: () => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    let end = () => {};
    const ended = new Promise<never>((_, reject) => {
      end = () => reject(this.#signal.reason);
    });
    this.#underWay.add(end);
    try {
      const done = await Promise.race([work(), ended]);
      this.#signal.throwIfAborted();
      return done;
    } finally {
      this.#underWay.delete(end);
    }
  }
}

/** The outcome of some work, or a rejection with the signal's reason as soon as it aborts. */
export const unlessAborted = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
  new Ending(signal).of(work);

/** The methods of an object, each of which ends with a signal; some go through as they are. */
function ending<T extends object>(of: T, signal: AbortSignal, asTheyAre: readonly string[]): T {
  const until = new Ending(signal);
  return new Proxy(of, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (asTheyAre.includes(String(name))) return value.bind(target);
      return (...args: unknown[]) => until.of(() => value.apply(target, args));
    },
  });
}

/** lnd, each of whose calls ends when the signal aborts; a subscription has a signal of its own. */
export const lndUntil = (lnd: Lnd, signal: AbortSignal): Lnd => ending(lnd, signal, ['settlements', 'close']);

/**
 * The table, each of whose requests ends when the signal aborts. A write may take effect all the same: whatever is written demands what it
 * needs, so that is no other than a crash.
 */
export const ledgerUntil = (ledger: Ledger, signal: AbortSignal): Ledger => ({
  ...ledger,
  client: ending(ledger.client, signal, ['destroy']),
});

/** Wait for some work, for so long at most; what becomes of it is for others to say. */
export async function atMost(
  ms: number,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
  work: Promise<unknown>,
): Promise<void> {
  const done = new AbortController();
  await Promise.race([work.catch(() => {}), sleep(ms, done.signal)]);
  done.abort();
}
