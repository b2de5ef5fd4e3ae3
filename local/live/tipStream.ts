import { asProblem } from '../../functions/http/problem.ts';
import { openCreator } from '../../functions/public/api/creators.ts';
import type { LiveMessage } from '../../functions/realtime/message.ts';
import { publicTips, showsTips } from '../../shared/contract/tip.ts';
import { type Ledger, readCreator, readFeedAfter } from '../../shared/ledger/index.ts';
import type { LiveHub } from './hub.ts';

/** What a stream waits with for its reader; a reader further behind is served from the table. */
const MOST_WAITING_BYTES = 65_536;
const PAGE = 100;
/** How long a browser waits before it connects again. */
const RETRY_MS = 2_000;

const encoder = new TextEncoder();

/** What a stream of tips is made of. */
export interface TipStream {
  readonly ledger: Ledger;
  readonly hub: LiveHub;
  readonly handle: string;
  /** Sequence number that all tips of the stream are above. */
  readonly after: bigint;
  /** The cursor that it begins with, for who connects again before the first tip; undefined where it would tell of tips that are not shown. */
  readonly startsAt: string | undefined;
  readonly heartbeatMs: number;
  /** Hears of errors that are ours; that a creator closed is none. */
  readonly report: (error: unknown) => void;
  /** Called once, when the stream has ended for whatever reason. */
  readonly onEnd: () => void;
}

/**
 * A creator's tips after a place, each once and in order, as server-sent events, and the function that ends it.
 *
 * The table is the truth: a message of the hub that follows on the last tip sent is passed on, any other means that the
 * table has more than was sent, and it is read from there. So nothing is missed between the two, whatever the hub repeats or
 * changes the order of, and nothing has to be kept for a slow reader. One that still has a full buffer when a heartbeat is due
 * is dropped.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function tipStream(parts: TipStream): { body: ReadableStream<Uint8Array>; end: () => void } {
  const { ledger, hub, handle, startsAt, heartbeatMs, report, onEnd } = parts;
  /** A sign of life that scripts hear, unlike a comment, with the time until the next. */
  const alive = `event: heartbeat\ndata: ${heartbeatMs}\n\n`;
  let last = parts.after;
  let behind = true;
  let reading = false;
  let ended = false;
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let unsubscribe = () => {};
  let heartbeat: ReturnType<typeof setInterval>;

  const hasRoom = () => (controller.desiredSize ?? 0) > 0;
  const write = (text: string) => controller.enqueue(encoder.encode(text));
  const tell = (cursor: string, text: string) => write(`id: ${cursor}\ndata: ${text}\n\n`);

  const release = () => {
    if (ended) return;
    ended = true;
    clearInterval(heartbeat);
    unsubscribe();
    onEnd();
  };
  const end = () => {
    if (ended) return;
    release();
    controller.close();
  };

  /** Send what the table has, until the reader is level with it or has enough to read. */
  const catchUp = async () => {
    if (reading) return;
    reading = true;
    try {
      while (behind && !ended && hasRoom()) {
        behind = false;
        const [found, { tips, more }] = await Promise.all([
          readCreator(ledger, handle),
          readFeedAfter(ledger, handle, { after: last, limit: PAGE }),
        ]);
        if (ended) return;
        const creator = openCreator(found, handle);
        if (!showsTips(creator)) continue;
        for (const entry of publicTips(creator, tips)) tell(entry.cursor, JSON.stringify(entry));
        last = tips.at(-1)?.sequence ?? last;
        if (more) behind = true;
      }
    } catch (error) {
      if (!ended) asProblem(error, report);
      end();
    } finally {
      reading = false;
    }
  };

  const hear = (messages: readonly LiveMessage[]) => {
    for (const { sequence, cursor, text } of messages) {
      if (sequence <= last) continue;
      if (sequence === last + 1n && !behind && !reading && hasRoom()) {
        tell(cursor, text);
        last = sequence;
      } else {
        behind = true;
        break;
      }
    }
    if (behind) void catchUp();
  };

  const beat = () => {
    if (hasRoom()) write(alive);
    else end();
  };

  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
        unsubscribe = hub.subscribe(handle, hear);
        heartbeat = setInterval(beat, heartbeatMs);
        // An id without data is no event, and is where a browser goes on from that connects again before the first tip.
        write(`retry: ${RETRY_MS}\n${startsAt === undefined ? '' : `id: ${startsAt}\n`}\n${alive}`);
      },
      pull: catchUp,
      cancel: release,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MOST_WAITING_BYTES }),
  );
  return { body, end };
}
