import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import pino from 'pino';
import { readFlags } from '../shared/command/flags.ts';
import { sleep } from '../shared/concurrency/sleep.ts';
import { SERVER_LIMITS } from '../shared/server/limits.ts';
import { isLoopbackHost } from '../shared/server/loopback.ts';
import { isWell } from './connector.ts';
import { keepWatchdog } from './health/watchdog.ts';
import { LONGEST_EXPIRY_SECONDS, ROTATE_AFTER } from './invoices/mint.ts';
import type { Log } from './log.ts';
import {
  OptionError,
  openLedger,
  PLACES,
  PLACES_HELP,
  readLndAccess,
  readNumber,
  runMain,
} from './options.ts';
import { queueClient } from './requests/queueClient.ts';
import { SqsHints } from './requests/wakeMessages.ts';
import { systemBackoff, systemConnector } from './system.ts';

const HELP = `npm run connector -- [flags]: books what lnd settles, mints what the table wants

${PLACES_HELP}  --expiry SECONDS         life of invoices (AMPJAR_EXPIRY), default and at most ${LONGEST_EXPIRY_SECONDS}
  --rotate-after N         payments until an invoice is replaced (AMPJAR_ROTATE_AFTER), default ${ROTATE_AFTER};
                           at most once an hour for an option
  --route-hints            mint with route hints, for a node with unannounced channels alone (AMPJAR_ROUTE_HINTS=1);
                           the macaroon needs uri:/lnrpc.Lightning/ListChannels, too
  --another-node           let a node in that the table does not know, beside the one that it knows
  --asks-queue URL         SQS queue that tells of asks for invoices (AMPJAR_ASKS_QUEUE); without one they are
                           found a little later in the table
  --name NAME              names this connector in the lease (AMPJAR_NAME): after a crash the same name leads at once
                           again, another waits 8 s; two that run must differ; default: random
  --health-port PORT       GET /health on 127.0.0.1 (AMPJAR_HEALTH_PORT), 0 for a free one, none by default
`;

runMain(async (args, env) => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = readFlags(args, {
    ...PLACES,
    expiry: text,
    'rotate-after': text,
    'route-hints': flag,
    'another-node': flag,
    'asks-queue': text,
    name: text,
    'health-port': text,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const routeHints = values['route-hints'] ?? env.AMPJAR_ROUTE_HINTS === '1';
  const expirySeconds = readNumber('expiry', values.expiry ?? env.AMPJAR_EXPIRY, 60, LONGEST_EXPIRY_SECONDS);
  const rotateAfter = readNumber(
    'rotate-after',
    values['rotate-after'] ?? env.AMPJAR_ROTATE_AFTER,
    1,
    1_000_000,
  );
  const healthPort = readNumber('health-port', values['health-port'] ?? env.AMPJAR_HEALTH_PORT, 0, 65_535);
  const access = await readLndAccess(values, env, routeHints);
  const log = pino();
  const askHints = openHints(
    values['asks-queue'] ?? env.AMPJAR_ASKS_QUEUE,
    values.region ?? env.AWS_REGION,
    log,
  );
  const connector = systemConnector(access, {
    ledger: openLedger(values, env),
    log,
    holder: readName(values.name ?? env.AMPJAR_NAME),
    expirySeconds: expirySeconds ?? LONGEST_EXPIRY_SECONDS,
    routeHints,
    ...(askHints && { askHints }),
    anotherNode: values['another-node'] ?? false,
    ...(rotateAfter !== undefined && { rotateAfter }),
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const server = createServer(SERVER_LIMITS, (request, response) => {
    // Another name is that of a page which had it pointed here.
    if (!isLoopbackHost(request.headers.host)) return void response.writeHead(421).end();
    const well = isWell(connector.health);
    response.writeHead(request.url === '/health' ? (well ? 200 : 503) : 404, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(connector.health));
  });
  if (healthPort !== undefined) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(healthPort, '127.0.0.1', resolve);
    });
    log.info({ health: server.address() }, 'health endpoint');
  }
  void keepWatchdog({ env, health: connector.health, log, sleep }, stop.signal);
  try {
    await connector.run(stop.signal);
  } finally {
    server.close();
  }
  log.info({}, 'stopped');
  return 0;
});

function openHints(url: string | undefined, region: string | undefined, log: Log): SqsHints | undefined {
  if (url === undefined) return undefined;
  return new SqsHints(queueClient(url, region), url, systemBackoff({ firstMs: 500, mostMs: 30_000 }), log);
}

function readName(name: string | undefined): string {
  if (name === undefined) return randomBytes(8).toString('hex');
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw new OptionError(`--name: "${name}" is not 1 to 64 letters, digits, dots, hyphens or underscores`);
}
