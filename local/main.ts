import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setInterval, setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CreateTableCommand, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import { serve } from '@hono/node-server';
import pino from 'pino';
import { Connector } from '../connector/connector.ts';
import { connectLnd } from '../connector/lnd.ts';
import { checkMacaroon, MacaroonError } from '../connector/macaroon.ts';
import { LONGEST_EXPIRY_SECONDS } from '../connector/minting.ts';
import { publicApp } from '../functions/public/app.ts';
import { addCreator, addOption, type Ledger, readCreator, tableDefinition } from '../shared/ledger/index.ts';
import { openEmbeddedTable, TableFolderError, TableInUseError } from './table/index.ts';

const HELP = `npm start -- [flags]: the whole of Ampjar in one process, on an embedded table

  --port N               HTTP on 127.0.0.1, default 8080, 0 for a free one
  --data DIR             where the table lives, default data
  --lnd-host HOST:PORT   lnd's gRPC, default localhost:10009
  --lnd-cert FILE        lnd's tls.cert
  --lnd-macaroon FILE    the connector's macaroon (npm run connector -- --help says how to bake it)
  --route-hints          mint with route hints

Without lnd's certificate and macaroon the reading side runs alone: no invoices are minted and no tips booked.
`;

class UsageError extends Error {}

function settings(args: string[]) {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      port: text,
      data: text,
      'lnd-host': text,
      'lnd-cert': text,
      'lnd-macaroon': text,
      'route-hints': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const { port = '8080', data = 'data', 'lnd-cert': cert, 'lnd-macaroon': macaroon } = values;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new UsageError(`--port: "${port}" is not 0 to 65535`);
  if ((cert === undefined) !== (macaroon === undefined)) {
    throw new UsageError('--lnd-cert and --lnd-macaroon: one needs the other');
  }
  const node =
    cert !== undefined && macaroon !== undefined
      ? {
          socket: values['lnd-host'] ?? 'localhost:10009',
          cert,
          macaroon,
          routeHints: values['route-hints'] ?? false,
        }
      : undefined;
  return { help: values.help ?? false, port: Number(port), data, node };
}

/** The table, and alice with an open and a fixed option, when they aren't there yet. */
async function seed(ledger: Ledger, now: Date, random: (length: number) => Uint8Array) {
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table))).catch((error) => {
    if (!(error instanceof ResourceInUseException)) throw error;
  });
  if (await readCreator(ledger, 'alice')) return;
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, now);
  await addOption(ledger, 'alice', { label: 'Coffee', amountMsat: 3_000_000n }, now, random);
}

async function main() {
  const { help, port, data, node } = settings(process.argv.slice(2));
  if (help) return void process.stdout.write(HELP);
  const clock = () => new Date();
  const sleep = (ms: number, signal: AbortSignal) => setTimeout(ms, undefined, { signal }).catch(() => {});
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const log = pino();
  const tables = await openEmbeddedTable({ dir: data, clock: () => clock().getTime() });
  const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
  await seed(ledger, clock(), random);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

  const openapi = createRequire(import.meta.url)('../functions/public/openapi.json');
  const app = publicApp({ ledger, clock, reads: 'shared', openapi });
  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const listening = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
      process.stdout.write(`tip page  http://127.0.0.1:${address.port}/@alice\n`);
      process.stdout.write(`API       http://127.0.0.1:${address.port}/v1/creators/alice\n`);
      resolve(listening);
    });
    listening.once('error', reject);
  });
  const work: Promise<void>[] = [];
  if (node) {
    const { socket, routeHints } = node;
    const connect = async () => {
      const macaroon = await readFile(node.macaroon);
      checkMacaroon(macaroon);
      return connectLnd({ socket, macaroon, cert: await readFile(node.cert) });
    };
    const connector = new Connector({
      ledger,
      connect,
      log,
      clock,
      steadyMs: () => performance.now(),
      sleep,
      chance: Math.random,
      unique: randomUUID,
      holder: 'local',
      expirySeconds: LONGEST_EXPIRY_SECONDS,
      routeHints,
    });
    work.push(connector.run(stop.signal));
  } else {
    process.stdout.write('no node: give --lnd-cert and --lnd-macaroon to mint invoices and book tips\n');
  }
  work.push(sweep(tables, stop.signal));
  try {
    await Promise.race([
      Promise.all(work),
      new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve())),
    ]);
  } finally {
    stop.abort();
    await Promise.allSettled(work);
    server.close();
    await tables.close();
  }
}

async function sweep(tables: { sweep(): Promise<unknown> }, signal: AbortSignal) {
  try {
    for await (const _ of setInterval(60_000, undefined, { signal })) await tables.sweep();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** What went wrong, in one line. */
function line(error: Error & { code?: string; port?: number }): string {
  if (error.code === 'EADDRINUSE') return `--port: ${error.port} is taken; give another, or 0 for a free one`;
  return error.message;
}

main().then(
  () => process.exit(0),
  (error: Error & { code?: string }) => {
    process.stderr.write(`${line(error)}\n`);
    const usage =
      error instanceof UsageError ||
      error instanceof MacaroonError ||
      error instanceof TableInUseError ||
      error instanceof TableFolderError ||
      error.code === 'EADDRINUSE' ||
      error.code?.startsWith('ERR_PARSE_ARGS');
    process.exit(usage ? 2 : 1);
  },
);
