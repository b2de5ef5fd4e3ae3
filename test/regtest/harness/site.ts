import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { generate } from 'selfsigned';
import { lnurlApp } from '../../../functions/lnurl/app.ts';
import type { Ledger } from '../../../shared/ledger/index.ts';
import type { Fields } from './grpc.ts';

/** The name that wallets know the site by. Nothing of this name is looked up: {@link Site.fetch} leads to it. */
export const DOMAIN = 'tips.example';

/** LNURL-pay behind TLS on loopback, as wallets meet it. */
export type Site = {
  /** Fetch as a wallet's does, with the certificate checked, but with one name resolved to here and no other. */
  fetch: typeof fetch;
  /** Fetch and read JSON. */
  json(url: string, params?: Record<string, unknown>): Promise<Fields>;
  /** What the server takes for the asker's address; a new one each time unless it is set. */
  from: string | undefined;
  /** Errors that were the server's own. */
  readonly faults: unknown[];
  close(): Promise<void>;
};

async function certificate() {
  return generate([{ name: 'commonName', value: DOMAIN }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: DOMAIN }] },
    ],
  });
}

/** @param hint tells the connector of an ask */
export async function openSite(ledger: Ledger, hint: (id: string) => void): Promise<Site> {
  const faults: unknown[] = [];
  let asked = 0;
  const { private: key, cert } = await certificate();
  const app = lnurlApp({
    ledger,
    baseUrl: `https://${DOMAIN}`,
    clock: () => new Date(),
    steadyMs: () => performance.now(),
    sleep: setTimeout,
    random: randomBytes,
    hint: async (id) => hint(id),
    addressOf: () => site.from ?? `10.1.${(asked >> 8) & 255}.${asked++ & 255}`,
    report: (error) => faults.push(error),
  });
  const server = serve({
    fetch: app.fetch,
    hostname: '127.0.0.1',
    port: 0,
    createServer,
    serverOptions: { key, cert },
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const visit = async (input: string | URL | Request): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.host !== DOMAIN || url.protocol !== 'https:') throw new Error(`${url}: not of this test`);
    const asking = request({
      host: '127.0.0.1',
      port,
      servername: DOMAIN,
      ca: cert,
      path: url.pathname + url.search,
      headers: { host: DOMAIN },
      agent: false,
    });
    asking.end();
    const [answer] = await once(asking, 'response');
    const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    return new Response(new Uint8Array(await buffer(answer)), { status: answer.statusCode, headers });
  };

  const site: Site = {
    fetch: visit,
    json: async (url, params = {}) => {
      const whole = new URL(url);
      for (const [name, value] of Object.entries(params)) whole.searchParams.set(name, String(value));
      return (await (await visit(whole)).json()) as Fields;
    },
    from: undefined,
    faults,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
  return site;
}
