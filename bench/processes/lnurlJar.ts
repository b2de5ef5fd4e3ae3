import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { serve } from '@hono/node-server';
import type { LndAccess } from '../../connector/system.ts';
import { lnurlApp } from '../../functions/lnurl/app.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { WakeMessageQueue } from '../../local/wakeMessages.ts';
import { tableDefinition } from '../../shared/ledger/index.ts';
import { serveParent } from '../child.ts';
import { TABLE } from '../remote.ts';
import { runConnector } from './running.ts';

export interface LnurlJarInput {
  /** A folder for the table and the log. */
  readonly dir: string;
  readonly access: LndAccess;
  /** Whether the product's bounds on asks hold. */
  readonly bounded: boolean;
}

export type LnurlJar = Awaited<ReturnType<typeof openLnurlJar>>;

const ENDLESS = { perSecond: 1e9, burst: 1e9 };
const NO_LIMITS = { all: ENDLESS, creator: ENDLESS, client: ENDLESS };

/** Ampjar's LNURL side beside a node, as `npm start` wires it, with each ask from an address of its own. */
async function openLnurlJar({ dir, access, bounded }: LnurlJarInput) {
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  const ledger = { client: tables.client(), table: TABLE };
  await ledger.client.send(new CreateTableCommand(tableDefinition(TABLE)));
  const wakeMessages = new WakeMessageQueue();
  let baseUrl = '';
  let asked = 0;
  const app = lnurlApp({
    ledger,
    get baseUrl() {
      return baseUrl;
    },
    clock: () => new Date(),
    steadyMs: () => performance.now(),
    sleep: setTimeout,
    random: randomBytes,
    hint: async (id) => wakeMessages.push(id),
    answerHints: wakeMessages.answers,
    addressOf: () => `10.${(++asked >> 16) & 255}.${(asked >> 8) & 255}.${asked & 255}`,
    report: (error) => console.error(error),
    ...(!bounded && { invoiceRequestLimits: NO_LIMITS }),
  });
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    // Longer than a flood: it may not meet a connection that is just being closed for its idleness.
    const serverOptions = { keepAliveTimeout: 60_000 };
    const listening = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0, serverOptions }, () =>
      resolve(listening),
    );
  });
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const running = runConnector(dir, access, ledger, {
    wakeMessages,
    ...(!bounded && { invoiceRequestLimits: NO_LIMITS }),
  });

  return {
    calls: {
      /** Where a wallet asks for an invoice of a creator, after it has asked for the terms. */
      callback: (handle: string) => `${baseUrl}/.well-known/lnurlp/${handle}/callback?amount=2100000`,
      ...running.calls,
      booked: () => running.connector.health.booked,
    },
    async stop() {
      await running.stop();
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await tables.close();
    },
  };
}

serveParent(openLnurlJar);
