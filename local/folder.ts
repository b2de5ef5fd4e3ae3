import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase, type RootDatabaseOptions } from 'lmdb';
import { PRIVATE, PRIVATE_FOLDER } from '../shared/command/files.ts';
import { FolderLostError, TableFolderError, TableInUseError } from './table/errors.ts';

/** Held locked while a process has the folder; its text is that process' id, as the process knows itself. */
const LOCK_FILE = 'lock';
/** Folders in which the databases of others may lie: whoever named one by mistake keeps its modes. */
const OURS = /\.mdb$|^lock$/;

/**
 * A folder with a database, for this process alone: nobody else reads it, no other process writes it, and it is looked at whether
 * it still is there.
 * @see docs/decisions/data-folder.md
 */
export class DataFolder {
  readonly dir: string;
  readonly #lock: number;
  readonly #databases: { readonly path: string; readonly ino: number }[] = [];

  private constructor(dir: string, lock: number) {
    this.dir = dir;
    this.#lock = lock;
  }

  /**
   * Make the folder when it is missing, and take it.
   * @throws TableFolderError when it can't be had, TableInUseError when another process has it
   */
  static take(dir: string): DataFolder {
    try {
      mkdirSync(dir, { recursive: true, mode: PRIVATE_FOLDER });
      accessSync(dir, constants.W_OK);
      const names = readdirSync(dir);
      if (names.length > 0 && !names.some((name) => OURS.test(name)))
        throw new Error(`it holds other things (${names[0]})`);
      chmodSync(dir, PRIVATE_FOLDER);
      // What an earlier release left open to others, or whoever copied it here.
      for (const name of names) makePrivate(join(dir, name));
      return new DataFolder(dir, takeLock(dir));
    } catch (error) {
      throw error instanceof TableInUseError ? error : new TableFolderError(dir, error);
    }
  }

  /**
   * Open or make a database in it, an lmdb environment.
   * @param parts opens or makes what is in it
   * @throws TableFolderError
   */
  open<T>(name: string, options: RootDatabaseOptions, parts: (root: RootDatabase) => T): T {
    const path = join(this.dir, name);
    try {
      const root = open({
        ...options,
        path,
        // With overlapping syncs lmdb resolves a commit before it is on disk; whoever is answered has to wait for the disk.
        overlappingSync: false,
        // Batches are made by the stores. lmdb's own leave a rejection that no one can catch when a commit fails.
        eventTurnBatching: false,
      });
      for (const file of [path, `${path}-lock`]) chmodSync(file, PRIVATE);
      this.#databases.push({ path, ino: statSync(path).ino });
      return parts(root);
    } catch (error) {
      throw new TableFolderError(this.dir, error);
    }
  }

  /**
   * Look whether what was opened is what the names still lead to: a deleted file takes writes for as long as it is open, and is gone
   * after that. @throws FolderLostError
   */
  look(): void {
    for (const { path, ino } of this.#databases)
      if (statSync(path, { throwIfNoEntry: false })?.ino !== ino) throw new FolderLostError(this.dir, path);
  }

  /** Let the next one in. */
  release(): void {
    closeSync(this.#lock);
  }
}

function makePrivate(path: string): void {
  const found = lstatSync(path);
  if (found.isFile() && (found.mode & 0o077) !== 0) chmodSync(path, found.mode & 0o700);
}

/** Lock the folder's lock file. @returns its descriptor: the lock lasts until that is closed, by this process' end at the latest */
function takeLock(dir: string): number {
  const path = join(dir, LOCK_FILE);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, PRIVATE);
  try {
    if (!lockOpenFile(fd)) throw new TableInUseError(dir, Number(readFileSync(path, 'utf8')));
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`, 0);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Lock an open file by flock(2), which Node.js doesn't have: the command `flock` is given the very same open file, and the lock, being
 * the open file's, stays when the command ends. @returns whether it is ours
 */
function lockOpenFile(fd: number): boolean {
  const { status, error, stderr } = spawnSync('flock', ['-x', '-n', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    encoding: 'utf8',
  });
  if (status === 0) return true;
  // Both util-linux and BusyBox say 1 when another has the lock.
  if (status === 1) return false;
  throw new Error(`its lock can't be taken: ${error?.message ?? stderr.trim()}`);
}
