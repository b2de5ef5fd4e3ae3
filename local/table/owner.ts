import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Database } from 'lmdb';
import { TableInUseError } from './errors.ts';

type Owner = { pid: number; started: string };

const KEY = 'owner';

/**
 * When a process began, as text that only compares equal for the same process; undefined when there is no
 * such process. Together with the pid it stays true when the pid is given to someone else.
 */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  try {
    if (process.platform !== 'linux') {
      return (
        execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
      );
    }
    // Field 22 of /proc/PID/stat, in ticks since boot. The command before it is in parentheses and may hold spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/**
 * Makes this process the only one that has the table open. lmdb's own write lock, which the kernel releases
 * when its holder is killed, makes looking and taking one step; the record of a dead owner counts for nothing.
 *
 * @throws {TableInUseError} when the owner on record is alive
 */
export function takeOwnership(meta: Database<unknown, string>, dir: string): void {
  const taken = meta.transactionSync(() => {
    const owner = meta.get(KEY) as Owner | undefined;
    if (owner && startOf(owner.pid) === owner.started) return owner;
    meta.put(KEY, { pid: process.pid, started: startOf(process.pid) ?? '' } satisfies Owner);
    return undefined;
  });
  if (taken) throw new TableInUseError(dir, taken.pid);
}

/** Lets the next opener in. */
export function releaseOwnership(meta: Database<unknown, string>): void {
  meta.transactionSync(() => meta.remove(KEY));
}
