import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  CreateTableCommand,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import pino from 'pino';
import { CALLS } from '../connector/lndGrpc.ts';
import { MacaroonError } from '../connector/macaroon.ts';
import { LONGEST_EXPIRY_SECONDS } from '../connector/minting.ts';
import { systemConnector } from '../connector/system.ts';
import { AskHintQueue } from '../shared/askHints.ts';
import {
  addCreator,
  addOption,
  createKey,
  type Ledger,
  readCreator,
  TTL,
  tableDefinition,
} from '../shared/ledger/index.ts';
import { localEvents } from './events.ts';
import { startDevNode } from './node/index.ts';
import { connectPayer, paymentRoutes } from './payments.ts';
import { openSite } from './site.ts';
import { openEmbeddedTable, TableFolderError, TableInUseError } from './table/index.ts';

const HELP = `npm start -- [flags]: the whole of Ampjar in one process, on an embedded table

  --port N               HTTP on 127.0.0.1, default 8080, 0 for a free one
  --data DIR             where the table lives, default data
  --lnd-host HOST:PORT   lnd's gRPC, default localhost:10009
  --lnd-cert FILE        lnd's tls.cert
  --lnd-macaroon FILE    the connector's macaroon (npm run connector -- --help says how to bake it)
  --route-hints          mint with route hints

Without lnd's certificate and macaroon it runs on a development node with play money: npm run tip -- alice 2100 "Great post"
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
          certPath: cert,
          macaroonPath: macaroon,
          routeHints: values['route-hints'] ?? false,
        }
      : undefined;
  return { help: values.help ?? false, port: Number(port), data, node };
}

/** The table, and alice with an open and a fixed option, when they aren't there yet. */
async function seed(ledger: Ledger, now: Date, random: (length: number) => Uint8Array) {
  try {
    await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
    const expiring = { AttributeName: TTL, Enabled: true };
    await ledger.client.send(
      new UpdateTimeToLiveCommand({ TableName: ledger.table, TimeToLiveSpecification: expiring }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  if (await readCreator(ledger, 'alice')) return;
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, now);
  await addOption(ledger, 'alice', { label: 'Coffee', amountMsat: 3_000_000n }, now, random);
}

async function main() {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { help, port, data, node } = settings(process.argv.slice(2));
  if (help) return void process.stdout.write(HELP);
  const clock = () => new Date();
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const tables = await openEmbeddedTable({ dir: data, clock: () => clock().getTime() });
  const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
  await seed(ledger, clock(), random);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

  const log = pino();
  const keyPath = await operatorKey(ledger, data, clock(), random);
  const play = node ? undefined : await playNodes(data, random);
  const askHints = new AskHintQueue();
  const events = localEvents(tables, ledger, log);
  const site = await openSite(port, {
    ledger,
    log,
    events,
    askHints,
    more: play?.routes,
    signal: stop.signal,
  });
  const { baseUrl } = site;
  process.stdout.write(`tip page  ${baseUrl}/@alice
API       ${baseUrl}/v1/creators/alice
address   alice@${new URL(baseUrl).host}
manage    AMPJAR_URL=${baseUrl} npm run ampjar -- creators list --key-file ${keyPath}
`);
  if (play) process.stdout.write(`tip her   npm run tip -- alice 2100 "Great post" --url ${baseUrl}\n`);
  const access = node ?? play!.access;
  const connector = systemConnector(access, {
    ledger,
    log,
    askHints,
    holder: 'local',
    expirySeconds: LONGEST_EXPIRY_SECONDS,
    routeHints: access.routeHints,
  });
  const work = [connector.run(stop.signal), events.run(stop.signal), sweep(tables, stop.signal)];
  try {
    await Promise.race([
      Promise.all(work),
      new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve())),
    ]);
  } finally {
    stop.abort();
    await Promise.allSettled(work);
    site.close();
    await play?.stop();
    await tables.close();
  }
}

/** The operator's key, made at the first start and kept for whoever may read the folder. @returns the file's path */
async function operatorKey(ledger: Ledger, data: string, now: Date, random: (length: number) => Uint8Array) {
  const path = join(data, 'operator.key');
  if (!existsSync(path)) {
    const { token } = await createKey(ledger, { scope: 'write', name: 'npm start' }, now, random);
    await writeFile(path, `${token}\n`, { mode: 0o600 });
  }
  return path;
}

/** A jar and a payer with a channel between them, and the payer's purse. */
async function playNodes(data: string, random: (length: number) => Uint8Array) {
  const shared = {
    network: 'regtest',
    clock: Date.now,
    random: (size: number) => Buffer.from(random(size)),
  } as const;
  const jar = await startDevNode({ ...shared, dir: join(data, 'jar'), alias: 'jar', port: 0 });
  const payer = await startDevNode({
    ...shared,
    dir: join(data, 'payer'),
    alias: 'payer',
    port: 0,
    peers: [jar],
  });
  const purse = connectPayer({
    socket: payer.socket,
    cert: await readFile(payer.certPath),
    macaroon: await readFile(payer.adminMacaroonPath),
  });
  const macaroonPath = join(data, 'jar', 'ampjar.macaroon');
  await writeFile(macaroonPath, jar.bakeMacaroon(CALLS), { mode: 0o600 });
  return {
    access: { socket: jar.socket, certPath: jar.certPath, macaroonPath, routeHints: false },
    routes: paymentRoutes(purse),
    stop: async () => {
      purse.close();
      await Promise.all([payer.stop(), jar.stop()]);
    },
  };
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
