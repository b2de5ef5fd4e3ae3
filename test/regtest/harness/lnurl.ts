import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { vi } from 'vitest';
import { CALLS } from '../../../connector/lnd/client.ts';
import type { Choices } from '../../../connector/system.ts';
import { openEmbeddedTable } from '../../../local/table/index.ts';
import { WakeQueue } from '../../../shared/concurrency/wakeQueue.ts';
import { addCreator, type Ledger, tableDefinition } from '../../../shared/ledger/index.ts';
import { type Running, runConnector } from './connector.ts';
import type { LndNode } from './lnd.ts';
import { DOMAIN, openSite } from './site.ts';
import { until } from './until.ts';

/** A node's LNURL side: a table, the site that wallets ask, and a connector with hints of its asks. */
export async function openLnurl(jar: LndNode) {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-lnurl-'));
  const tables = await openEmbeddedTable({ dir, clock: Date.now });
  const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  const wakeMessages = new WakeQueue();
  const site = await openSite(ledger, (id) => wakeMessages.push(id));
  // The wallets' libraries take the fetch of the machine.
  vi.stubGlobal('fetch', site.fetch);
  const { socket, certPath } = jar;
  const macaroonPath = await jar.bakeMacaroon([...CALLS]);
  const payUrl = (handle: string) => `https://${DOMAIN}/.well-known/lnurlp/${handle}`;
  return {
    ledger,
    wakeMessages,
    site,
    payUrl,
    /** Start a connector, on the table or on a spoilt way to it. */
    start: (choices?: Partial<Choices>, over = ledger): Running =>
      runConnector(over, { socket, certPath, macaroonPath }, { wakeMessages, ...choices }),
    addCreator: (handle: string) =>
      addCreator(ledger, { handle, name: `${handle} the Great`, shows: 'messages' }, new Date()),
    /** Ask for an invoice of a creator, as a wallet does that knows the callback. */
    ask: (handle: string, params: Record<string, unknown>) => site.json(`${payUrl(handle)}/callback`, params),
    /** Wait until the ask behind a verify URL is told to be paid. */
    settled: (verify: string) =>
      until('the payment is told of', 30, async () => {
        const told = await site.json(verify);
        return told.settled && told;
      }),
    async close() {
      vi.unstubAllGlobals();
      await site.close();
      await tables.close();
      rmSync(dir, { recursive: true });
    },
  };
}

export type Asking = Awaited<ReturnType<typeof openLnurl>>;

/** The id of the ask that a verify URL tells of. */
export const requestIdOf = (verify: string) => verify.slice(verify.lastIndexOf('/') + 1);
