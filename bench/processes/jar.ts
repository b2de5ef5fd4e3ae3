import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import { serve } from '@hono/node-server';
import pino from 'pino';
import { LONGEST_EXPIRY_SECONDS, ROTATE_AFTER } from '../../connector/minting.ts';
import { type LndAccess, systemConnector } from '../../connector/system.ts';
import type { Reads } from '../../functions/public/answers.ts';
import { publicApp } from '../../functions/public/app.ts';
import openapi from '../../functions/public/openapi.json' with { type: 'json' };
import { openEmbeddedTable } from '../../local/table/index.ts';
import { addCreator, readCreatorWithInvoice, tableDefinition } from '../../shared/ledger/index.ts';
import { until } from '../../test/regtest/harness/until.ts';
import { serveParent } from '../child.ts';
import { remoteLedger, TABLE } from '../remote.ts';

export interface JarInput {
  /** A folder for the table and the log. */
  readonly dir: string;
  /** Where another process serves the table; without it the table is in this one, as with `npm start`. */
  readonly endpoint?: string;
  readonly access: LndAccess;
  /** How the reading side reads. */
  readonly reads?: Reads;
  readonly rotateAfter?: number;
}

export type Jar = Awaited<ReturnType<typeof openJar>>;

/** Ampjar beside a node, as `npm start` wires it: table, connector, and the reading side. */
async function openJar({ dir, endpoint, access, reads = 'shared', rotateAfter = ROTATE_AFTER }: JarInput) {
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
  const log = pino(pino.destination(join(dir, 'connector.log')));
  const connector = systemConnector(access, {
    ledger,
    log,
    holder: 'bench',
    expirySeconds: LONGEST_EXPIRY_SECONDS,
    routeHints: false,
    rotateAfter,
    rotateRestMs: 0,
  });
  const stopping = new AbortController();
  const done = connector.run(stopping.signal);
  let failure: unknown;
  done.catch((error) => {
    failure = error;
  });

  return {
    calls: {
      /** Of the reading side, and of the table where it is in this process. */
      addresses: () => ({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        ...(listener && { endpoint: `http://127.0.0.1:${listener.port}` }),
      }),
      /** Add a creator. @returns the payment request of their open option, once it is minted */
      async join(handle: string) {
        await addCreator(ledger, { handle, name: handle, shows: 'messages' }, new Date());
        connector.hint();
        return until(`an invoice of ${handle}`, 60, async () => {
          const { invoice } = await readCreatorWithInvoice(ledger, handle);
          return invoice?.paymentRequest;
        });
      },
      health: () => connector.health,
      /** Wait until the connector has booked so many since it began. */
      async untilBooked(count: number) {
        while (connector.health.booked < count) {
          if (failure) throw failure;
          await setTimeout(5);
        }
      },
      /** Peak of the resident memory of this process, in MB. */
      peakMb: () => process.resourceUsage().maxRSS / 1024,
    },
    async stop() {
      stopping.abort();
      await done;
      server.close();
      await tables?.close();
    },
  };
}

serveParent(openJar);
