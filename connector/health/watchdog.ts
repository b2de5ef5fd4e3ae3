import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Health } from '../connector.ts';
import type { Log } from '../log.ts';

/** Signs of life before the watchdog's time is over. */
const SIGNS = 3;

interface WatchdogParts {
  readonly env: Record<string, string | undefined>;
  readonly health: Health;
  readonly log: Log;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * Tell systemd how the connector fares, and while it is connected that it lives: systemd starts it anew after
 * `WatchdogSec` without a sign. Nothing is told where no watchdog is set.
 * @see https://www.freedesktop.org/software/systemd/man/sd_watchdog_enabled.html
 */
export async function keepWatchdog(
  { env, health, log, sleep }: WatchdogParts,
  signal: AbortSignal,
): Promise<void> {
  const everyMs = Math.floor(Number(env.WATCHDOG_USEC) / 1000 / SIGNS);
  if (!env.NOTIFY_SOCKET || !(everyMs > 0)) return;
  // Node.js can't write to datagram sockets of this machine.
  const notify = promisify(execFile);
  while (!signal.aborted) {
    const { state, waiting, trouble } = health;
    const status = [state, `${waiting} waiting`, ...(trouble === undefined ? [] : [trouble])].join(', ');
    // A table that is away is no reason to start anew: what waits would be heard once more, and wait again.
    const words = [`--status=${status}`, ...(state === 'connecting' ? [] : ['WATCHDOG=1'])];
    await notify('systemd-notify', words, { env, timeout: everyMs }).catch((error) =>
      log.warn({ error: String(error) }, 'systemd was not told how it fares'),
    );
    await sleep(everyMs, signal);
  }
}
