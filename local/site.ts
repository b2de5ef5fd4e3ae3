import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import type { Logger } from 'pino';
import { liveApp } from '../functions/live/sse.ts';
import { lnurlApp } from '../functions/lnurl/app.ts';
import { manageApp } from '../functions/manage/app.ts';
import { publicApp } from '../functions/public/app.ts';
import type { AskHintQueue } from '../shared/askHints.ts';
import { type Ledger, WANT_HINT } from '../shared/ledger/index.ts';
import { type Events, WEBHOOK_URLS } from './events.ts';
import { mounted } from './mounted.ts';
import { widgetRoutes } from './widget.ts';

/** What the site is made of. */
export interface SiteParts {
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly events: Events;
  /** Tells the connector of asks and wants, and is told of answers. */
  readonly askHints: AskHintQueue;
  /** Routes beside the product's own. */
  readonly more?: Hono | undefined;
  /** Ends the connections that stay open. */
  readonly signal: AbortSignal;
}

/** All of the HTTP side on 127.0.0.1. @returns once it listens @throws what listening does, as for a port that is taken */
export async function openSite(port: number, { ledger, log, events, askHints, more, signal }: SiteParts) {
  // Known once it listens.
  let baseUrl = '';
  const clock = () => new Date();
  const steadyMs = () => performance.now();
  const addressOf = (c: Context) => getConnInfo(c).remote.address ?? '';
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
    hint: async (id) => askHints.push(id),
    answerHints: askHints.answers,
    addressOf,
    report,
    get baseUrl() {
      return baseUrl;
    },
  });
  const manage = manageApp({
    ledger,
    clock,
    steadyMs,
    random: randomBytes,
    webhookUrls: WEBHOOK_URLS,
    wanted: () => askHints.push(WANT_HINT),
    queued: (deliveries) => events.queued.push(...deliveries),
    report,
  });
  const live = liveApp({ ledger, hub: events.hub, addressOf, signal, report });

  const whole = new Hono();
  if (more) whole.route('/', more);
  whole.route('/', mounted({ lnurl, manage, live, widget: widgetRoutes(), reading }));
  return new Promise<{ baseUrl: string; close(): void }>((resolve, reject) => {
    const server = serve({ fetch: whole.fetch, hostname: '127.0.0.1', port }, (address) => {
      baseUrl = `http://127.0.0.1:${address.port}`;
      resolve({ baseUrl, close: () => server.close() });
    });
    server.once('error', reject);
  });
}
