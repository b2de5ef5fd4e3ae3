import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.ts';

/**
 * A program that runs beside the tests. Its process id and its output are files in `dir`, so that any process which
 * knows this value (it is plain JSON) can stop, pause or start it: the tests of one run share their nodes.
 */
export type Daemon = { name: string; dir: string; command: string; args: string[] };

const pidFile = ({ dir, name }: Daemon): string => join(dir, `${name}.pid`);

/** The file that holds all that the program printed. */
export const logFile = ({ dir, name }: Daemon): string => join(dir, `${name}.log`);

/** The last lines that the program printed, for the message of an error. */
export const lastLines = (daemon: Daemon, count = 8): string =>
  readFileSync(logFile(daemon), 'utf8').trimEnd().split('\n').slice(-count).join('\n');

/** Start the program; its output is appended to its log file. @throws Error when it runs already */
export function startDaemon(daemon: Daemon): void {
  if (isRunning(daemon)) throw new Error(`${daemon.name} runs already`);
  const log = openSync(logFile(daemon), 'a');
  // Detached: a worker of the test runner may start a node that has to outlive it, and Ctrl-C reaches the runner alone.
  const child = spawn(daemon.command, daemon.args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${daemon.name}: could not start ${daemon.command}`);
  writeFileSync(pidFile(daemon), String(child.pid));
  child.unref();
}

function daemonPid(daemon: Daemon): number | undefined {
  return existsSync(pidFile(daemon)) ? Number(readFileSync(pidFile(daemon), 'utf8')) : undefined;
}

/** Whether the program runs; one that ended and waits for its parent to notice does not. */
export function isRunning(daemon: Daemon): boolean {
  const pid = daemonPid(daemon);
  if (pid === undefined) return false;
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

/** @throws Error with the last lines of the log when the program has ended */
export function assertRunning(daemon: Daemon): void {
  if (!isRunning(daemon)) throw new Error(`${daemon.name} ended:\n${lastLines(daemon)}`);
}

/** Send a signal to the program. */
export function signalDaemon(daemon: Daemon, signal: NodeJS.Signals): void {
  const pid = daemonPid(daemon);
  if (pid === undefined) throw new Error(`${daemon.name} does not run`);
  process.kill(pid, signal);
}

/** End the program with a signal, SIGTERM for a clean end, and wait until it is gone. */
export async function stopDaemon(daemon: Daemon, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (isRunning(daemon)) {
    signalDaemon(daemon, signal);
    signalDaemon(daemon, 'SIGCONT');
    await until(`${daemon.name} ends on ${signal}`, 30, () => !isRunning(daemon));
  }
  rmSync(pidFile(daemon), { force: true });
}

/** End every program that has a process id file in a folder, as a crash does: those too that a test forgot. */
export function killDaemons(dir: string): void {
  for (const name of readdirSync(dir).filter((each) => each.endsWith('.pid'))) {
    const daemon = { name: name.slice(0, -'.pid'.length), dir, command: '', args: [] };
    if (isRunning(daemon)) signalDaemon(daemon, 'SIGKILL');
  }
}

const GUARD = [
  'cat > /dev/null',
  'for pid in "$1"/*.pid; do [ -f "$pid" ] && kill -9 "$(cat "$pid")"; done',
  'rm -rf "$1"',
].join('\n');

/**
 * See to it that nothing is left behind: when this process ends, however it ends, every program with a process id file
 * in `dir` is killed and `dir` removed. A crash or kill -9 runs no handler here, but closes the pipe the guard reads.
 */
export function guardDaemons(dir: string): void {
  const guard = spawn('sh', ['-c', GUARD, 'guard', dir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
}
