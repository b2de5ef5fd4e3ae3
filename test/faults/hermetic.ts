import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

/**
 * From now on this process has no clock, no timers and no chance but those that a run is given, for a seed decides all of a run.
 * Whoever asks for one is refused, and told of, for product code may well go on after an error. Warnings of Node's are told
 * of, too: of a leak nobody else would tell.
 */
export function hermetic(tell: (problem: string) => void): void {
  const refuse = (what: string) => (): never => {
    const error = new Error(`a run asked this machine for ${what}`);
    tell(error.stack!);
    throw error;
  };
  globalThis.Date = new Proxy(Date, {
    construct: (made, given, as) =>
      given.length === 0 ? refuse('the time')() : Reflect.construct(made, given, as),
  });
  Date.now = refuse('the time');
  performance.now = refuse('the time');
  Math.random = refuse('chance');
  for (const name of ['setTimeout', 'setInterval'] as const) {
    Object.assign(globalThis, { [name]: refuse('a timer') });
    Object.assign(timers, { [name]: refuse('a timer') });
  }
  for (const name of ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync'] as const)
    Object.assign(crypto, { [name]: refuse('chance') });
  syncBuiltinESMExports();
  process.on('warning', ({ stack }) => tell(stack!));
}
