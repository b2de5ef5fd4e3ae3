import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { type HttpBindings, type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { Live } from '../../../functions/pages/live.ts';
import { publicApp } from '../../../functions/public/app.ts';
import { LiveHub } from '../../../local/live/hub.ts';
import { type LiveOptions, liveApp } from '../../../local/live/sse.ts';
import { openEmbeddedTable } from '../../../local/table/index.ts';
import { widgetRoutes } from '../../../local/widget.ts';
import { type TipEvent, tipEvent } from '../../../shared/contract/tip.ts';
import {
  addCreator,
  bookTips,
  closeCreator,
  type Ledger,
  type NewInvoice,
  type NewTip,
  putCurrentInvoice,
  readTip,
  tableDefinition,
} from '../../../shared/ledger/index.ts';
import { LATER, lead, minted, NOW, paid } from '../../shared/ledger/book.ts';

/** Alice shows messages, Bob amounts, Carol nothing; Dora has closed. */
const CREATORS = { alice: 'messages', bob: 'amounts', carol: 'nothing', dora: 'amounts' } as const;

type Handle = keyof typeof CREATORS;

/** A table with creators whose tips are booked one at a time, and events of them. */
export async function openJar() {
  const dir = await mkdtemp(join(tmpdir(), 'ampjar-live-'));
  const tables = await openEmbeddedTable({ dir, clock: () => NOW.getTime() });
  const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  const lease = await lead(ledger);
  const invoices = {} as Record<Handle, NewInvoice>;
  for (const handle of Object.keys(CREATORS) as Handle[]) {
    await addCreator(ledger, { handle, name: handle.toUpperCase(), shows: CREATORS[handle] }, NOW);
    invoices[handle] = minted(handle, handle);
    await putCurrentInvoice(ledger, lease, {
      invoice: invoices[handle],
      previous: undefined,
      mintRequest: undefined,
      renewAt: LATER,
      now: NOW,
    });
  }
  await closeCreator(ledger, 'dora');

  let booked = 0;
  /** Book payments in one batch, and give their events. */
  const tips = async (handle: Handle, all: Partial<NewTip>[]): Promise<TipEvent[]> => {
    const fresh = all.map((more) =>
      paid(invoices[handle], `live ${++booked}`, { settleIndex: BigInt(booked), ...more }),
    );
    await bookTips(ledger, lease, { tips: fresh, quarantined: [] });
    const rows = await Promise.all(fresh.map(({ setId }) => readTip(ledger, setId)));
    return rows.map((tip) => tipEvent(tip!));
  };
  const tip = async (handle: Handle, more: Partial<NewTip> = {}) => (await tips(handle, [more]))[0]!;
  const close = async () => {
    await tables.close();
    await rm(dir, { recursive: true });
  };
  return { ledger, tip, tips, close };
}

export type LiveJar = Awaited<ReturnType<typeof openJar>>;

/** Serve the reading side and live connections over HTTP. */
export async function serveJar(
  { ledger }: LiveJar,
  { live = 'sse', port = 0, ...more }: { live?: Live; port?: number } & Partial<LiveOptions> = {},
) {
  const hub = new LiveHub(ledger);
  let open = 0;
  const stop = new AbortController();
  const connections = liveApp({
    ledger,
    hub,
    signal: stop.signal,
    addressOf: (c) => c.req.header('x-test-address') ?? 'here',
    ...more,
  });
  const reader = publicApp({ ledger, clock: () => NOW, reads: 'shared', openapi: {}, live });
  const whole = new Hono<{ Bindings: HttpBindings }>();
  whole.all('/v1/creators/:handle/live', (c) => {
    open++;
    c.env.outgoing.once('close', () => open--);
    return connections.fetch(c.req.raw, c.env);
  });
  whole.route('/', widgetRoutes());
  whole.all('*', (c) => reader.fetch(c.req.raw, c.env));
  const server: ServerType = serve({ fetch: whole.fetch, hostname: '127.0.0.1', port });
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const address = server.address() as AddressInfo;
  const close = async () => {
    stop.abort();
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    hub,
    port: address.port,
    origin: `http://127.0.0.1:${address.port}`,
    /** How many live connections there are. */
    connections: () => open,
    close,
  };
}
