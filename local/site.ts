import { randomBytes } from 'node:crypto';
import type { Server, ServerOptions } from 'node:http';
import { createRequire } from 'node:module';
import { BlockList } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { Logger } from 'pino';
import { lnurlApp } from '../functions/lnurl/app.ts';
import { manageApp } from '../functions/manage/app.ts';
import { publicApp } from '../functions/public/app.ts';
import { type Ledger, WANT_HINT } from '../shared/ledger/index.ts';
import { MOST_CONNECTIONS, SERVER_LIMITS } from '../shared/server/limits.ts';
import type { Events } from './events.ts';
import { clientAddress, knownHostsOnly } from './front.ts';
import { liveApp } from './live/sse.ts';
import { mounted } from './mounted.ts';
import type { Listening } from './options.ts';
import type { WakeMessageQueue } from './wakeMessages.ts';
import { widgetRoutes } from './widget.ts';

/** What the site is made of. */
export interface SiteParts {
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly events: Events;
  /** Tells the connector of invoice requests and mint requests, and is told of replies. */
  readonly wakeMessages: WakeMessageQueue;
  /** Routes beside the product's own. */
  readonly more?: Hono | undefined;
  /** Ends the connections that stay open. */
  readonly signal: AbortSignal;
  /** Where the world finds it, without a slash at the end; this machine's own address unless told. */
  readonly origin?: string | undefined;
  /** Whose `X-Forwarded-For` is believed; nobody's unless told. */
  readonly proxies?: BlockList;
  /** {@link SERVER_LIMITS} unless told. */
  readonly limits?: ServerOptions;
}

/**
 * All of the HTTP side.
 * @returns once it listens, with the address that it goes by and the one that it listens on
 * @throws what listening does, as for a port that is taken
 */
export async function openSite(listen: Listening, parts: SiteParts) {
  const {
    ledger,
    log,
    events,
    wakeMessages,
    more,
    signal,
    proxies = new BlockList(),
    limits = SERVER_LIMITS,
  } = parts;
  // Known once it listens, when there is no origin.
  let baseUrl = parts.origin ?? '';
  const clock = () => new Date();
  const steadyMs = () => performance.now();
  const addressOf = clientAddress(proxies);
  const report = (error: unknown) => log.error({ error: String(error) }, 'a request failed');
  const reading = publicApp({
    ledger,
    clock,
    reads: 'shared',
    live: 'sse',
    openapi: createRequire(import.meta.url)('../functions/public/openapi.json'),
    report,
    get baseUrl() {
      return baseUrl;
    },
  });
  const lnurl = lnurlApp({
    ledger,
    clock,
    steadyMs,
    sleep: setTimeout,
    random: randomBytes,
    hint: async (id) => wakeMessages.push(id),
    answerHints: wakeMessages.answers,
    addressOf,
    report,
    get baseUrl() {
      return baseUrl;
    },
  });
  const manage = manageApp({
    openapi: createRequire(import.meta.url)('../functions/manage/openapi.json'),
    ledger,
    clock,
    steadyMs,
    random: randomBytes,
    webhookUrls: events.webhookUrls,
    wanted: () => wakeMessages.push(WANT_HINT),
    queued: (deliveries) => events.queued.pushAll(deliveries),
    report,
  });
  const live = liveApp({ ledger, hub: events.hub, addressOf, signal, report });

  const whole = new Hono();
  whole.use('*', knownHostsOnly(parts.origin, listen));
  if (more) whole.route('/', more);
  whole.route('/', mounted({ lnurl, manage, live, widget: widgetRoutes(), reading }));
  return new Promise<{ baseUrl: string; localUrl: string; close(): void }>((resolve, reject) => {
    const server = serve(
      { fetch: whole.fetch, hostname: listen.address, port: listen.port, serverOptions: limits },
      ({ port }) => {
        const localUrl = urlOf({ ...listen, port });
        baseUrl ||= localUrl;
        resolve({ baseUrl, localUrl, close: () => server.close() });
      },
    ) as Server;
    server.maxConnections = MOST_CONNECTIONS;
    server.once('error', reject);
  });
}

const urlOf = ({ address, port }: Listening) =>
  `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
