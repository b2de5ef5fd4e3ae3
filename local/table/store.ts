import type { Database, RootDatabase } from 'lmdb';
import { DataFolder } from '../folder.ts';
import { FolderLostError, FolderWriteError, internalError, ServiceError } from './errors.ts';
import type { Item } from './value.ts';

export type StreamEntry = {
  event: 'INSERT' | 'MODIFY' | 'REMOVE';
  /** ms since the epoch */
  at: number;
  keys: Item;
  before?: Item;
  after?: Item;
  /** deleted because its time to live was over */
  expired?: true;
};

/** The lmdb databases, one a concern. Binary keys are laid out in keys.ts. */
export type Store = {
  /** `nextTableId`, `nextSequence` */
  meta: Database<unknown, string>;
  /** table name -> JSON of its TableRecord */
  tables: Database<string, string>;
  /** table id, key -> item */
  items: Database<Item, Buffer>;
  /** table id, index number, index key, table key -> item key */
  indexes: Database<Buffer, Buffer>;
  /** table id, sequence -> StreamEntry */
  stream: Database<StreamEntry, Buffer>;
  /** client token -> what was asked with it, and when (ms) */
  tokens: Database<{ fingerprint: string; at: number }, string>;
  /** Runs every read of `action` on one snapshot. */
  snapshot<T>(action: (transaction: SnapshotOption) => T): T;
  /**
   * Runs `action` in a transaction that is on disk before the promise resolves. Actions that are asked for while
   * one commit is under way share the next one. An action checks everything first and writes last, so that
   * one which throws a ServiceError has written nothing.
   */
  write<T>(action: () => T): Promise<T>;
  /** Has a listener called after each commit, for as long as the store is open. */
  onCommit(listener: () => void): void;
  /** Resolves when the data folder was found to be gone. No commit is answered with success after that. */
  lost: Promise<FolderLostError>;
  close(): Promise<void>;
};

export type SnapshotOption = NonNullable<Parameters<Database['get']>[1]>;

// Pages of 8 kB allow keys of 4,026 bytes: DynamoDB's longest table key (2,048 + 1,024) fits.
const PAGE_SIZE = 8192;

/**
 * Opens or makes the lmdb environment in `dir` and takes it for this process alone.
 *
 * @throws {TableFolderError} the folder can't be made, written, locked or read as a table
 * @throws {TableInUseError} it is open elsewhere
 */
export function openStore(dir: string): Store {
  const folder = DataFolder.take(dir);
  try {
    return folder.open('table.mdb', { pageSize: PAGE_SIZE, maxDbs: 8 }, (root) => storeOf(folder, root));
  } catch (error) {
    folder.release();
    throw error;
  }
}

function storeOf(folder: DataFolder, root: RootDatabase): Store {
  const binary = { keyEncoding: 'binary', encoding: 'json' } as const;
  const listeners: (() => void)[] = [];
  let lose: (error: FolderLostError) => void = () => {};
  const lost = new Promise<FolderLostError>((resolve) => {
    lose = resolve;
  });
  const look = () => {
    try {
      folder.look();
    } catch (error) {
      if (error instanceof FolderLostError) lose(error);
      throw error;
    }
  };
  const write = groupCommit(root, folder, look, () => {
    for (const listener of listeners) listener();
  });
  return {
    lost,
    meta: root.openDB({ name: 'meta', encoding: 'json' }),
    tables: root.openDB({ name: 'tables', encoding: 'string' }),
    items: root.openDB({ name: 'items', ...binary }),
    indexes: root.openDB({ name: 'indexes', keyEncoding: 'binary', encoding: 'binary' }),
    stream: root.openDB({ name: 'stream', ...binary }),
    tokens: root.openDB({ name: 'tokens', encoding: 'json' }),
    snapshot(action) {
      const transaction = root.useReadTransaction();
      try {
        return action({ transaction });
      } finally {
        transaction.done();
      }
    },
    write,
    onCommit(listener) {
      listeners.push(listener);
    },
    async close() {
      // What could not be committed was told to whoever asked for it.
      await write(() => undefined).catch(() => undefined);
      await root.close();
      folder.release();
    },
  };
}

type Waiting = { action: () => unknown; resolve: (value: never) => void; reject: (error: unknown) => void };

/** @param look throws when what was committed can't be found again */
function groupCommit(
  root: RootDatabase,
  { dir }: DataFolder,
  look: () => void,
  committed: () => void,
): Store['write'] {
  let waiting: Waiting[] = [];
  let committing = false;

  async function commitAll(): Promise<void> {
    committing = true;
    while (waiting.length > 0) {
      let batch: Waiting[] = [];
      const answers: (() => void)[] = [];
      try {
        // A child transaction is the kind that lmdb takes back whole when its callback throws.
        await root.childTransaction(() => {
          batch = waiting;
          waiting = [];
          for (const { action, resolve, reject } of batch) {
            try {
              const value = action() as never;
              answers.push(() => resolve(value));
            } catch (error) {
              if (!(error instanceof ServiceError)) throw error;
              answers.push(() => reject(error));
            }
          }
        });
        look();
        for (const answer of answers) answer();
        committed();
      } catch (error) {
        await (error as { commitError?: Promise<unknown> }).commitError?.catch(() => undefined);
        if (batch.length === 0) [batch, waiting] = [waiting, []];
        const told = error instanceof FolderLostError ? error : new FolderWriteError(dir, error);
        for (const { reject } of batch) reject(internalError(told));
      }
    }
    committing = false;
  }

  return (action) =>
    new Promise((resolve, reject) => {
      waiting.push({ action, resolve: resolve as Waiting['resolve'], reject });
      if (!committing) void commitAll();
    });
}
