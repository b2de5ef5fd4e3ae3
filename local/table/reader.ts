import { setImmediate } from 'node:timers/promises';
import { tableNamed } from './schema.ts';
import type { Store } from './store.ts';
import { recordsFrom, type StreamRecord, sequenceFrom, trimmedOf } from './streams.ts';

/** Reads a table's stream in order, and remembers how far it came, a kill -9 included. Starts with the oldest record. */
export type StreamReader = {
  /**
   * Records behind the position, oldest first, up to `limit` or 1 MB. The position stays where it is.
   * `trimmed` says that some were gone before they were read; the position is behind those then.
   */
  read(limit: number): { records: StreamRecord[]; trimmed: boolean };
  /** Moves the position behind a record, on disk before it resolves. */
  moveTo(record: Told): Promise<void>;
  /** The same, on disk once a minute: behind records that nobody wants, which may be read again after a restart. */
  skipTo(record: Told): Promise<void>;
  /** Resolves when there was a commit since the last read, at the latest when the signal aborts. */
  woken(signal: AbortSignal): Promise<void>;
};

/** What names a record, and when it was made, in seconds. */
type Told = {
  readonly dynamodb: Pick<StreamRecord['dynamodb'], 'SequenceNumber' | 'ApproximateCreationDateTime'>;
};

const SKIPPED_FOR_SECONDS = 60;

/** @param name tells readers of one table from another */
export function streamReader(store: Store, region: string, tableName: string, name: string): StreamReader {
  const table = tableNamed(store, tableName);
  const key = `reader:${table.id}:${name}`;
  const kept = store.meta.get(key);
  // What was gone before this reader was there is not missed by it.
  let position = kept === undefined ? trimmedOf(store, table) : Number(kept);
  let keptAt = 0;
  let isNews = true;
  let wake = () => {};
  store.onCommit(() => {
    isNews = true;
    wake();
  });

  async function moveTo({ dynamodb }: Told): Promise<void> {
    const sequence = sequenceFrom(dynamodb.SequenceNumber);
    await store.write(() => {
      store.meta.put(key, sequence);
    });
    position = sequence;
    keptAt = dynamodb.ApproximateCreationDateTime;
  }

  return {
    read(limit) {
      isNews = false;
      const gone = trimmedOf(store, table);
      const trimmed = position < gone;
      if (trimmed) position = gone;
      const { Records } = recordsFrom(store, region, table, { next: position + 1, limit });
      return { records: Records, trimmed };
    },
    moveTo,
    async skipTo(record) {
      const { SequenceNumber, ApproximateCreationDateTime } = record.dynamodb;
      if (ApproximateCreationDateTime - keptAt >= SKIPPED_FOR_SECONDS) await moveTo(record);
      else position = sequenceFrom(SequenceNumber);
    },
    async woken(signal) {
      if (!isNews && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = () => {
            signal.removeEventListener('abort', wake);
            resolve();
          };
          signal.addEventListener('abort', wake);
        });
        wake = () => {};
      }
      // Whoever wrote has their answer first.
      if (!signal.aborted) await setImmediate();
    },
  };
}
