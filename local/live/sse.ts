import { type Context, Hono } from 'hono';
import { preflight, READING } from '../../functions/http/preflight.ts';
import { asProblem, Problem } from '../../functions/http/problem.ts';
import { queryValue } from '../../functions/http/query.ts';
import { respondTo } from '../../functions/http/representation.ts';
import { redirection } from '../../functions/http/spelling.ts';
import { problemAt } from '../../functions/pages/problemAt.ts';
import { openCreator } from '../../functions/public/api/creators.ts';
import { readCursor, readHandle } from '../../functions/public/api/request.ts';
import { startCursor } from '../../shared/contract/tip.ts';
import { encodeCursor, type Ledger, readCreator, readFeed } from '../../shared/ledger/index.ts';
import type { LiveHub } from './hub.ts';
import { tipStream } from './tipStream.ts';

/** What live connections are made of. */
export interface LiveOptions {
  readonly ledger: Ledger;
  readonly hub: LiveHub;
  /** Whom connections are counted by. */
  readonly addressOf: (c: Context) => string;
  /** How many connections there may be, in all and from one address. */
  readonly most?: { readonly inAll: number; readonly ofAddress: number };
  /** How often a connection without tips is given a sign of life, and one that reads nothing is dropped. */
  readonly heartbeatMs?: number;
  /** Ends all connections. */
  readonly signal?: AbortSignal;
  /** Hears of errors that are ours. */
  readonly report?: (error: unknown) => void;
}

const MOST = { inAll: 1_000, ofAddress: 20 };
/** Below the half minute after which proxies and home routers begin to forget a quiet connection. */
const HEARTBEAT_MS = 20_000;

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  // nginx passes on at once what says so, where it is not told to by its own settings.
  'x-accel-buffering': 'no',
  'access-control-allow-origin': '*',
  'x-content-type-options': 'nosniff',
};

const RETRY_SECONDS = '10';

/**
 * Live tips by server-sent events: `GET /v1/creators/{handle}/live`, from now on, or after the cursor in `after` or, as
 * browsers send it when they connect again, in `Last-Event-ID`. For a process that lives on, as `npm start` does; on AWS
 * pages listen to AppSync Events.
 * @see docs/live.md
 */
export function liveApp(options: LiveOptions): Hono {
  const {
    ledger,
    hub,
    addressOf,
    most = MOST,
    heartbeatMs = HEARTBEAT_MS,
    signal,
    report = () => {},
  } = options;
  const app = new Hono();
  const ends = new Set<() => void>();
  const held = new Map<string, number>();
  const endAll = () => {
    for (const end of ends) end();
  };
  signal?.addEventListener('abort', endAll, { once: true });

  /** A place among the connections, until the returned function is called. */
  const takePlace = (address: string): (() => void) => {
    const ofAddress = held.get(address) ?? 0;
    const retry = { 'retry-after': RETRY_SECONDS };
    if (ofAddress >= most.ofAddress) {
      const detail = `There are ${ofAddress} live connections from this address; close some, and come again.`;
      throw new Problem('too-many-connections', detail, undefined, retry);
    }
    if (ends.size >= most.inAll)
      throw new Problem('live-full', 'There is no place for another live connection.', undefined, retry);
    held.set(address, ofAddress + 1);
    return () => {
      const left = held.get(address)! - 1;
      if (left > 0) held.set(address, left);
      else held.delete(address);
    };
  };

  app.get('/v1/creators/:handle/live', async (c) => {
    const handle = readHandle(c.req.param('handle'));
    const after =
      readCursor(handle, 'Last-Event-ID', c.req.header('last-event-id') || undefined) ??
      readCursor(handle, 'after', queryValue(c.req, 'after') || undefined);
    const creator = openCreator(await readCreator(ledger, handle), handle);
    const newest = after === undefined ? (await readFeed(ledger, handle, { limit: 1 })).tips[0] : undefined;
    if (c.req.raw.method === 'HEAD') return new Response(null, { headers: HEADERS });
    const leavePlace = takePlace(addressOf(c));
    const { body, end } = tipStream({
      ledger,
      hub,
      handle,
      after: after ?? newest?.sequence ?? 0n,
      startsAt: after === undefined ? startCursor(creator, newest) : encodeCursor(handle, after),
      heartbeatMs,
      report,
      onEnd: () => {
        ends.delete(end);
        leavePlace();
      },
    });
    ends.add(end);
    if (signal?.aborted) end();
    return new Response(body, { headers: HEADERS });
  });

  app.options('*', preflight);

  app.notFound((c) => {
    const detail = `${c.req.method} can't be used here.`;
    const problem = new Problem('method-not-allowed', detail, undefined, { allow: READING });
    return respondTo(c.req.raw, problemAt(c.req.path, problem));
  });

  app.onError((error, c) => respondTo(c.req.raw, problemAt(c.req.path, asProblem(error, report))));

  const { fetch } = app;
  app.fetch = (request, ...rest) => redirection(request) ?? fetch(request, ...rest);
  return app;
}
