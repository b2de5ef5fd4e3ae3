import type { z } from 'zod';
import type { Parts } from '../../shared/command/command.ts';
import { encodeEventCursor } from '../../shared/ledger/index.ts';
import type { event } from './bodies.ts';
import type { Client } from './client.ts';
import { RefusedError } from './failures.ts';

type Event = z.infer<typeof event>;

const LOOK_AGAIN_MS = 2_000;
const PAGE_SIZE = '100';

/**
 * Tell of a creator's events in their order, each once, until the signal aborts: those after a number, or from now on. It asks
 * the events feed, which a deployed stack has as well as `npm start`, and which keeps back a tip until none before it is missing.
 * @throws RefusedError when the key opens it no more
 */
export async function follow(
  client: Client,
  { handle, after }: { handle: string; after: number | undefined },
  { signal, sleep, warn }: Pick<Parts, 'signal' | 'sleep' | 'warn'>,
  tell: (event: Event) => void,
): Promise<void> {
  let silent = false;
  const patient = client.patient((why) => {
    if (!silent) warn(`${why}; trying again`);
    silent = true;
  });
  try {
    let last = BigInt(after ?? (await newestOf(patient, handle)));
    let from = encodeEventCursor(handle, last);
    for (;;) {
      const { body } = await patient.ask('listEvents', { query: { handle, after: from, limit: PAGE_SIZE } });
      if (silent) warn('there is an answer again');
      silent = false;
      for (const event of body.events) {
        const sequence = BigInt(event.data.sequence);
        if (sequence <= last) continue;
        last = sequence;
        tell(event);
      }
      from = body.next;
      if (!body.more) await sleep(LOOK_AGAIN_MS, signal);
      signal.throwIfAborted();
    }
  } catch (error) {
    if (!signal.aborted || error instanceof RefusedError) throw error;
  }
}

async function newestOf(client: Client, handle: string): Promise<string> {
  const { body } = await client.ask('listTips', { params: { handle }, query: { limit: '1' } });
  return body.tips[0]?.sequence ?? '0';
}
