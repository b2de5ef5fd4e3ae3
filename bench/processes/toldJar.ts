import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import pino from 'pino';
import type { LndAccess } from '../../connector/system.ts';
import { localEvents } from '../../local/events.ts';
import { openSite } from '../../local/site.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { WakeMessageQueue } from '../../local/wakeMessages.ts';
import {
  addOption,
  putWebhook,
  readCreatorWithInvoice,
  tableDefinition,
  WANT_HINT,
} from '../../shared/ledger/index.ts';
import { until } from '../../test/regtest/harness/until.ts';
import { serveParent } from '../child.ts';
import { TABLE } from '../remote.ts';
import { runConnector } from './running.ts';

export interface ToldJarInput {
  /** A folder for the table and the log. */
  readonly dir: string;
  readonly access: LndAccess;
}

export type ToldJar = Awaited<ReturnType<typeof openToldJar>>;

/** Ampjar beside a node with all that comes after a booking, as `npm start` wires it. */
async function openToldJar({ dir, access }: ToldJarInput) {
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  const ledger = { client: tables.client(), table: TABLE };
  await ledger.client.send(new CreateTableCommand(tableDefinition(TABLE)));
  const log = pino(pino.destination(join(dir, 'events.log')));
  const stop = new AbortController();
  const wakeMessages = new WakeMessageQueue();
  const events = localEvents(tables, ledger, log);
  const site = await openSite(
    { address: '127.0.0.1', port: 0 },
    { ledger, log, events, wakeMessages, signal: stop.signal },
  );
  const working = events.run(stop.signal);
  const running = runConnector(dir, access, ledger, { wakeMessages });
  return {
    calls: {
      baseUrl: () => site.baseUrl,
      ...running.calls,
      state: () => running.connector.health.state,
      async webhook({ handle, url }: { handle: string; url: string }) {
        await putWebhook(ledger, { handle, url, events: ['tip.settled'] }, new Date(), randomBytes);
      },
      /** Add a tip option, and wait for its invoice. @returns milliseconds */
      async option({ handle, label }: { handle: string; label: string }) {
        const began = performance.now();
        const { id } = await addOption(
          ledger,
          handle,
          { label, amountMsat: 3_000_000n },
          new Date(),
          randomBytes,
        );
        wakeMessages.push(WANT_HINT);
        await until(
          'its invoice',
          60,
          async () => (await readCreatorWithInvoice(ledger, handle, id)).invoice,
        );
        return performance.now() - began;
      },
    },
    async stop() {
      stop.abort();
      await running.stop();
      await working;
      site.close();
      await tables.close();
    },
  };
}

serveParent(openToldJar);
