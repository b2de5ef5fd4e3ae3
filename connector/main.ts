import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import pino from 'pino';
import { BAKE_COMMAND, checkMacaroon, MacaroonError } from './macaroon.ts';
import { LONGEST_EXPIRY_SECONDS } from './minting.ts';
import { systemConnector } from './system.ts';

const HELP = `npm run connector -- [flags]: books what lnd settles, mints what the table wants

  --lnd-host HOST:PORT     lnd's gRPC (AMPJAR_LND_HOST), default localhost:10009
  --lnd-cert FILE          lnd's tls.cert (AMPJAR_LND_CERT)
  --lnd-macaroon FILE      the connector's macaroon (AMPJAR_LND_MACAROON), baked by
                           ${BAKE_COMMAND}
  --table NAME             DynamoDB table (AMPJAR_TABLE), default ampjar
  --region REGION          its region (AWS_REGION), default us-east-1
  --endpoint URL           another DynamoDB endpoint (AMPJAR_ENDPOINT)
  --expiry SECONDS         life of invoices (AMPJAR_EXPIRY), default and at most ${LONGEST_EXPIRY_SECONDS}
  --route-hints            mint with route hints, for a node with unannounced channels alone (AMPJAR_ROUTE_HINTS=1)
  --health-port PORT       GET /health on 127.0.0.1 (AMPJAR_HEALTH_PORT), 0 for a free one, none by default
`;

function settings(args: string[], env: NodeJS.ProcessEnv) {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      'lnd-host': text,
      'lnd-cert': text,
      'lnd-macaroon': text,
      table: text,
      region: text,
      endpoint: text,
      expiry: text,
      'route-hints': { type: 'boolean' },
      'health-port': text,
      help: { type: 'boolean' },
    },
  });
  const needed = (flag: 'lnd-cert' | 'lnd-macaroon', variable: string) => {
    const value = values[flag] ?? env[variable];
    if (!value) throw new Error(`--${flag}: missing (or ${variable}); see --help`);
    return value;
  };
  const number = (name: string, value: string | undefined, most: number) => {
    if (value === undefined) return undefined;
    if (!/^\d{1,9}$/.test(value) || Number(value) > most) {
      throw new Error(`${name}: "${value}" is not a whole number from 0 to ${most}`);
    }
    return Number(value);
  };
  if (values.help) return undefined;
  return {
    socket: values['lnd-host'] ?? env.AMPJAR_LND_HOST ?? 'localhost:10009',
    certPath: needed('lnd-cert', 'AMPJAR_LND_CERT'),
    macaroonPath: needed('lnd-macaroon', 'AMPJAR_LND_MACAROON'),
    table: values.table ?? env.AMPJAR_TABLE ?? 'ampjar',
    region: values.region ?? env.AWS_REGION ?? 'us-east-1',
    endpoint: values.endpoint ?? env.AMPJAR_ENDPOINT,
    expirySeconds:
      number('--expiry', values.expiry ?? env.AMPJAR_EXPIRY, LONGEST_EXPIRY_SECONDS) ??
      LONGEST_EXPIRY_SECONDS,
    routeHints: values['route-hints'] ?? env.AMPJAR_ROUTE_HINTS === '1',
    healthPort: number('--health-port', values['health-port'] ?? env.AMPJAR_HEALTH_PORT, 65_535),
  };
}

async function main() {
  const config = settings(process.argv.slice(2), process.env);
  if (!config) return void process.stdout.write(HELP);
  const { certPath, macaroonPath, table, region, endpoint } = config;
  const read = async (flag: string, path: string) =>
    readFile(path).catch((error: Error) => {
      throw new Error(`${flag}: ${error.message}`);
    });
  checkMacaroon(await read('--lnd-macaroon', macaroonPath));
  await read('--lnd-cert', certPath);
  const log = pino();
  const stop = new AbortController();
  const loopback = endpoint !== undefined && ['127.0.0.1', 'localhost'].includes(new URL(endpoint).hostname);
  const client = new DynamoDBClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(loopback && { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
  });
  const connector = systemConnector(config, {
    ledger: { table, client },
    log,
    holder: randomBytes(8).toString('hex'),
    expirySeconds: config.expirySeconds,
    routeHints: config.routeHints,
  });
  const server = createServer((request, response) => {
    const well = connector.health.state === 'live';
    response.writeHead(request.url === '/health' ? (well ? 200 : 503) : 404, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(connector.health));
  });
  if (config.healthPort !== undefined) {
    server.listen(config.healthPort, '127.0.0.1', () =>
      log.info({ health: server.address() }, 'health endpoint'),
    );
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    await connector.run(stop.signal);
  } finally {
    server.close();
  }
  log.info({}, 'stopped');
}

main().catch((error: Error & { code?: string }) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(
    error instanceof MacaroonError || /^--/.test(error.message) || error.code?.startsWith('ERR_PARSE_ARGS')
      ? 2
      : 1,
  );
});
