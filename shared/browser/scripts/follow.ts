/** A tip as the public feed and its live forms have it. */
export interface Tip {
  readonly cursor: string;
  /** msat, decimal digits. */
  readonly amountMsat: string;
  /** ISO 8601 in UTC, whole minutes. */
  readonly settledAt: string;
  readonly message?: string;
  readonly sender?: string;
}

/** Whose tips, from where on. */
export interface Where {
  /** The service; the page's own origin if there is none. */
  readonly origin?: string;
  readonly handle: string;
  /** The cursor to begin after. */
  readonly after: string;
  /** The address of AppSync Events and its HTTP domain; server-sent events without them. */
  readonly socket?: string | undefined;
  readonly host?: string | undefined;
  /** Without a connection: it looks now and then. May be changed, and counts from the next start. */
  looks?: boolean;
}

/** What a page says of where its tips come from, in the `data-` of an element. @see functions/pages/live.ts */
export const whereOf = ({ dataset: { handle, after, socket, host } }: HTMLElement): Where => ({
  handle: handle!,
  after: after!,
  socket,
  host,
});

export interface Follower {
  start(): void;
  stop(): void;
}

const BASE64URL = { '+': '-', '/': '_', '=': '' } as const;
const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 60_000;
const LOOK_MS = 15_000;
/** By then the index that lists tips has caught up with the channel. */
const INDEX_MS = 5_000;
/** How long after its newest tip a new connection may find older ones that the last one missed. */
const OVERLAP_MS = 60_000;
/** How long a connection may be silent until the service has said how often it is heard. */
const STREAM_SILENCE_MS = 45_000;
const SOCKET_SILENCE_MS = 15_000;
const MOST_SEEN = 10_000;

/** The number in a cursor, by which tips are ordered. */
export const position = (cursor: string): number =>
  [...atob(cursor.replace(/-/g, '+').replace(/_/g, '/')).slice(0, 8)].reduce(
    (sum, byte) => sum * 256 + byte.charCodeAt(0),
    0,
  );

/**
 * Tell of each tip after a cursor, once.
 *
 * It listens first and reads what it missed then, by `?after=`: at once, and again after five seconds, by when the index that
 * lists tips has caught up with the channel. Tips may arrive twice and, from AppSync, out of order, so what was shown is
 * remembered, and a new connection begins where the last one was a minute before its newest tip. Connections that fail are made
 * anew after 1 s, 2 s, 4 s … up to a minute, less a random part; so is one on which two heartbeats in a row are missed, for a
 * connection that is half open gives no error. Where `looks` is true it holds no connection and looks every 15 s.
 * @param known positions of tips that are shown already
 * @see https://docs.aws.amazon.com/appsync/latest/eventapi/event-api-websocket-protocol.html
 */
export function follow(
  where: Where,
  known: readonly number[],
  show: (tip: Tip, at: number) => void,
): Follower {
  const { handle, after, socket, host, origin = '' } = where;
  const feed = `${origin}/v1/creators/${handle}`;
  const seen = new Set(known);
  const floor = Math.min(position(after), ...known);
  let from = after;
  let mark = after;
  let newest = after;
  let marked = Date.now();
  let wait = FIRST_WAIT_MS;
  let patience = socket ? SOCKET_SILENCE_MS : STREAM_SILENCE_MS;
  let close: (() => void) | undefined;
  let again: number | undefined;
  let later: number | undefined;
  let silence: number | undefined;

  const take = (tip: Tip) => {
    const at = position(tip.cursor);
    if (at <= floor || seen.has(at)) return;
    seen.add(at);
    if (seen.size > MOST_SEEN) seen.delete(seen.values().next().value!);
    if (Date.now() - marked > OVERLAP_MS) {
      from = mark;
      mark = newest;
      marked = Date.now();
    }
    if (at > position(newest)) newest = tip.cursor;
    show(tip, at);
  };

  const read = async () => {
    for (let at: string | null = from; at; ) {
      const answer: Response = await fetch(`${feed}/tips?limit=100&after=${at}`, { cache: 'no-store' });
      if (!answer.ok) throw answer.status;
      const { tips, nextCursor }: { tips: Tip[]; nextCursor: string | null } = await answer.json();
      tips.forEach(take);
      at = nextCursor;
    }
  };

  const stop = () => {
    for (const timer of [again, later, silence]) clearTimeout(timer);
    close?.();
    close = undefined;
  };
  const retry = () => {
    stop();
    again = setTimeout(start, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, MOST_WAIT_MS);
  };
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(retry, patience);
  };

  const byEvents = () => {
    const source = new EventSource(`${feed}/live?after=${from}`);
    heard();
    source.onopen = () => {
      wait = FIRST_WAIT_MS;
      heard();
    };
    source.onmessage = ({ data }) => {
      heard();
      take(JSON.parse(data));
    };
    source.addEventListener('heartbeat', ({ data }) => {
      patience = data * 2.25;
      heard();
    });
    source.onerror = retry;
    return () => source.close();
  };

  const byLooks = () => {
    let open = true;
    const look = () =>
      read().then(
        () => {
          wait = FIRST_WAIT_MS;
          if (open) later = setTimeout(look, LOOK_MS);
        },
        () => open && retry(),
      );
    void look();
    return () => {
      open = false;
    };
  };

  const bySocket = (address: string) => {
    const authorization = { host, Authorization: 'public' };
    const header = btoa(JSON.stringify(authorization)).replace(
      /[+/=]/g,
      (sign) => BASE64URL[sign as keyof typeof BASE64URL],
    );
    const web = new WebSocket(address, ['aws-appsync-event-ws', `header-${header}`]);
    const send = (message: object) => web.send(JSON.stringify(message));
    const catchUp = () => read().catch(() => web.onclose && retry());
    heard();
    web.onopen = () => send({ type: 'connection_init' });
    web.onclose = retry;
    web.onmessage = ({ data }) => {
      const { type, event, connectionTimeoutMs } = JSON.parse(data);
      if (connectionTimeoutMs) patience = connectionTimeoutMs;
      heard();
      if (type === 'connection_ack')
        send({ type: 'subscribe', id: handle, channel: `/tips/${handle}`, authorization });
      else if (type === 'subscribe_success') {
        wait = FIRST_WAIT_MS;
        void catchUp();
        later = setTimeout(catchUp, INDEX_MS);
      } else if (type === 'data') for (const text of [event].flat()) take(JSON.parse(text));
      else if (/error/.test(type)) retry();
    };
    return () => {
      web.onclose = web.onmessage = null;
      web.close();
    };
  };

  const start = () => {
    stop();
    close = socket ? bySocket(socket) : where.looks ? byLooks() : byEvents();
  };
  return { start, stop };
}
