import { setTimeout } from 'node:timers/promises';
import { runStream } from '../../local/stream.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { startBooking } from '../shared/ledger/bookedTips.ts';

/** Books a tip after another in the folder given and prints what was handed on, until it is killed. */
const [dir, table] = process.argv.slice(2) as [string, string];
const tables = await openEmbeddedTable({ dir, clock: Date.now });
const ledger = { client: tables.client(), table };
const say = (line: string) => process.stdout.write(`${line}\n`);
const stop = new AbortController();

void runStream({
  tables,
  ledger,
  clock: () => new Date(),
  enqueue: async (events) => {
    for (const { id, data } of events) say(`told ${data.sequence} ${id}`);
  },
  publish: async () => {},
  report: (alarm) => say(`alarm ${alarm}`),
  chance: Math.random,
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
  signal: stop.signal,
});
const { book } = await startBooking(ledger, [], process.pid);
for (;;)
  for (const { sequence } of await book('alice', 1, { settledAt: new Date() })) say(`booked ${sequence}`);
