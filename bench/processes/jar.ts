import type { AddressInfo } from 'node:net';
import { CreateTableCommand, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import { serve } from '@hono/node-server';
import { ROTATE_AFTER } from '../../connector/invoices/mint.ts';
import type { LndAccess } from '../../connector/system.ts';
import type { Reads } from '../../functions/public/answers.ts';
import { publicApp } from '../../functions/public/app.ts';
import openapi from '../../functions/public/openapi.json' with { type: 'json' };
import { openEmbeddedTable } from '../../local/table/index.ts';
import { tableDefinition } from '../../shared/ledger/index.ts';
import { serveParent } from '../child.ts';
import { remoteLedger, TABLE } from '../remote.ts';
import { runConnector } from './running.ts';

export interface JarInput {
  /** A folder for the table and the log. */
  readonly dir: string;
  /** Where another process serves the table; without it the table is in this one, as with `npm start`. */
  readonly endpoint?: string;
  readonly access: LndAccess;
  /** How the reading side reads. */
  readonly reads?: Reads;
  readonly rotateAfter?: number;
  /** Names the connector in the lease. */
  readonly holder?: string;
}

export type Jar = Awaited<ReturnType<typeof openJar>>;

/** Ampjar beside a node, as `npm start` wires it: table, connector, and the reading side. */
async function openJar({
  dir,
  endpoint,
  access,
  reads = 'shared',
  rotateAfter = ROTATE_AFTER,
  holder = 'bench',
}: JarInput) {
  const tables = endpoint ? undefined : await openEmbeddedTable({ dir, clock: Date.now });
  const listener = await tables?.listen(0);
  const ledger = tables ? { client: tables.client(), table: TABLE } : remoteLedger(endpoint!);
  await ledger.client.send(new CreateTableCommand(tableDefinition(TABLE))).catch((error) => {
    if (!(error instanceof ResourceInUseException)) throw error;
  });
  const app = publicApp({ ledger, clock: () => new Date(), reads, openapi });
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(listening));
  });
  const running = runConnector(dir, access, ledger, { rotateAfter, rotateRestMs: 0, holder });

  return {
    calls: {
      /** Of the reading side, and of the table where it is in this process. */
      addresses: () => ({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        ...(listener && { endpoint: `http://127.0.0.1:${listener.port}` }),
      }),
      ...running.calls,
      health: () => running.connector.health,
      /** Peak of the resident memory of this process, in MB. */
      peakMb: () => process.resourceUsage().maxRSS / 1024,
    },
    async stop() {
      await running.stop();
      server.close();
      await tables?.close();
    },
  };
}

serveParent(openJar);
