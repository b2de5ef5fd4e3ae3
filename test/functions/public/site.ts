import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lnurlApp } from '../../../functions/lnurl/app.ts';
import { manageApp } from '../../../functions/manage/app.ts';
import manageOpenapi from '../../../functions/manage/openapi.json' with { type: 'json' };
import { OVERLAY_OPTIONS } from '../../../functions/pages/overlay.ts';
import { publicApp } from '../../../functions/public/app.ts';
import openapi from '../../../functions/public/openapi.json' with { type: 'json' };
import { LiveHub } from '../../../local/live/hub.ts';
import { liveApp } from '../../../local/live/sse.ts';
import { type Apps, mounted } from '../../../local/mounted.ts';
import { widgetRoutes } from '../../../local/widget.ts';
import type { Ledger } from '../../../shared/ledger/index.ts';

export const BASE_URL = 'https://tips.example';

const UNLIMITED = { perSecond: 1e6, burst: 1e6 };

/** A ledger that tells when nothing is asked of the table any more. */
function idling({ client, table }: Ledger) {
  let asked = 0;
  const send = async (command: never) => {
    asked++;
    try {
      return await client.send(command);
    } finally {
      asked--;
    }
  };
  const counting = new Proxy(client, {
    get: (target, name) => (name === 'send' ? send : Reflect.get(target, name)),
  });
  /** Waits until whatever was begun has come to rest. */
  const idle = async () => {
    for (let quiet = 0; quiet < 5; quiet = asked === 0 ? quiet + 1 : 0)
      await new Promise((resolve) => setImmediate(resolve));
  };
  return { ledger: { client: counting, table }, idle };
}

/** All that one process answers over HTTP, on a clock that stands still; a wallet that waits for its invoice waits for no time. */
export function openSite(given: Ledger, now: Date) {
  const { ledger, idle } = idling(given);
  const hub = new LiveHub(ledger);
  const stop = new AbortController();
  const faults: unknown[] = [];
  let steadyMs = 0;
  let mints = 0;
  const shared = {
    ledger,
    clock: () => now,
    report: (error: unknown) => void faults.push(error),
    random: (length: number) => new Uint8Array(length),
    steadyMs: () => steadyMs,
    addressOf: () => '192.0.2.1',
    baseUrl: BASE_URL,
  };
  const apps: Apps = {
    lnurl: lnurlApp({
      ...shared,
      sleep: async (ms) => {
        steadyMs += ms;
      },
      hint: async () => void mints++,
      clientRate: UNLIMITED,
      invoiceRequestLimits: { creator: UNLIMITED, all: UNLIMITED },
    }),
    manage: manageApp({
      ...shared,
      openapi: manageOpenapi,
      webhookUrls: { allowLoopback: false },
      wanted: () => void mints++,
    }),
    live: liveApp({ ...shared, hub, signal: stop.signal, most: { inAll: 1_000, ofAddress: 1_000 } }),
    widget: widgetRoutes(),
    reading: publicApp({ ...shared, reads: 'shared', live: 'sse', openapi }),
  };
  return {
    apps,
    site: mounted(apps),
    hub,
    idle,
    faults,
    /** How often the connector was told that something is to be made. */
    mints: () => mints,
    close: () => stop.abort(),
  };
}

export type Site = ReturnType<typeof openSite>;

/** The apps whose every address anyone may ask. */
export const PUBLIC = ['lnurl', 'live', 'widget', 'reading'] as const;

/** Addresses as their routes are written, as `/v1/creators/:handle`, each once. */
export const patternsOf = ({ apps }: Site, names: readonly (keyof Apps)[] = PUBLIC) =>
  patternsIn(names.flatMap((name) => apps[name].routes));

/** The same, of some routes. */
export function patternsIn(routes: Apps['reading']['routes']): string[] {
  const patterns = routes.filter(({ method }) => method === 'GET').map(({ path }) => path);
  // A route knows a page as `/@/:handle`, and one that ends with `?` with and without its last part.
  const written = patterns.flatMap((path) =>
    path.endsWith('?') ? [path.slice(0, path.lastIndexOf('/')), path.slice(0, -1)] : [path],
  );
  return [...new Set(written.map((path) => path.replace('/@/', '/@')))];
}

/** An address of a pattern. @throws for a part of it that has no value: a new one wants to be thought of. */
export const filled = (pattern: string, values: Record<string, string>) =>
  pattern.replace(/:(\w+)|\*/g, (part, name = 'rest') => {
    if (values[name] === undefined) throw new Error(`no value is known for ${part} of ${pattern}`);
    return values[name];
  });

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The parameters of queries that any public address reads, by its source. */
export function parametersRead(): string[] {
  const sources = ['functions/public/routes', 'functions/lnurl', 'local/live'].flatMap((folder) =>
    readdirSync(ROOT + folder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(`${ROOT}${folder}/${file}`, 'utf8')),
  );
  const named = sources.flatMap((source) =>
    Array.from(source.matchAll(/(?:queryValue\([\w.]+, |query\()'(\w+)'\)/g), ([, name]) => name!),
  );
  return [...new Set([...named, ...OVERLAY_OPTIONS])];
}
