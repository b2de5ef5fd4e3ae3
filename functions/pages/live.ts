import { html } from 'hono/html';
import { pageHeaders } from './layout.ts';
import type { Markup } from './markup.ts';
import PAGE_SCRIPT from './scripts/page.json' with { type: 'json' };
import LIVE_SCRIPT from './scripts/tipList.json' with { type: 'json' };
import { PAGE_STYLE } from './style.ts';

/**
 * How an open page hears of tips: by server-sent events of this service (`sse`), or from AppSync Events, whose WebSocket
 * address is `realtime` (`wss://…/event/realtime`) and whose HTTP domain is `host`.
 */
export type Live = 'sse' | { readonly realtime: string; readonly host: string };

/** Where a page may connect to, beside its own origin. */
export const liveSources = (live: Live) => (live === 'sse' ? [] : [new URL(live.realtime).origin]);

/** What a live tip page has beside others. */
export const livePage = (live: Live) => ({
  script: LIVE_SCRIPT,
  headers: pageHeaders({
    style: PAGE_STYLE,
    scripts: [PAGE_SCRIPT, LIVE_SCRIPT],
    connect: liveSources(live),
  }),
});

/** What the script is told: whose tips, the cursor after which it goes on, and where AppSync is. */
export const liveData = (live: Live, handle: string, after: string): Markup =>
  live === 'sse'
    ? html` data-handle="${handle}" data-after="${after}"`
    : html` data-handle="${handle}" data-after="${after}" data-socket="${live.realtime}" data-host="${live.host}"`;
