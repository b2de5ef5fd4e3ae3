import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import pino from 'pino';
import type { Asked, Outcome, Parts } from '../shared/command/command.ts';
import { UsageError } from '../shared/command/failures.ts';
import { readOptionalCount } from '../shared/command/numbers.ts';
import { sleep } from '../shared/concurrency/sleep.ts';
import { SERVER_LIMITS } from '../shared/server/limits.ts';
import { isLoopbackHost } from '../shared/server/loopback.ts';
import { isWell } from './connector.ts';
import type { RUN } from './flags.ts';
import { keepWatchdog } from './health/watchdog.ts';
import { LONGEST_EXPIRY_SECONDS } from './invoices/mint.ts';
import type { Log } from './log.ts';
import { asConnector } from './onNode.ts';
import { openLedger, readLndAccess } from './options.ts';
import { queueClient } from './requests/queueClient.ts';
import { SqsWakeMessages } from './requests/wakeMessages.ts';
import { systemBackoff, systemConnector } from './system.ts';

/** The connector, until it is told to stop. */
export const run = ({ values }: Asked<typeof RUN>, { env, signal }: Parts): Promise<Outcome> =>
  asConnector(async () => {
    const routeHints = values['route-hints'] ?? env.AMPJAR_ROUTE_HINTS === '1';
    const expirySeconds = readOptionalCount(
      '--expiry',
      values.expiry ?? env.AMPJAR_EXPIRY,
      60,
      LONGEST_EXPIRY_SECONDS,
    );
    const rotateAfter = readOptionalCount(
      '--rotate-after',
      values['rotate-after'] ?? env.AMPJAR_ROTATE_AFTER,
      1,
      1_000_000,
    );
    const healthPort = readOptionalCount(
      '--health-port',
      values['health-port'] ?? env.AMPJAR_HEALTH_PORT,
      0,
      65_535,
    );
    const access = await readLndAccess(values, env, routeHints);
    const log = pino();
    const wakeMessages = openHints(
      // The last name stands in files that set-ups of earlier releases wrote.
      values['invoice-requests-queue'] ?? env.AMPJAR_INVOICE_REQUESTS_QUEUE ?? env.AMPJAR_ASKS_QUEUE,
      values.region ?? env.AWS_REGION,
      log,
    );
    const connector = systemConnector(access, {
      ledger: openLedger(values, env),
      log,
      holder: readName(values.name ?? env.AMPJAR_NAME),
      expirySeconds: expirySeconds ?? LONGEST_EXPIRY_SECONDS,
      routeHints,
      ...(wakeMessages && { wakeMessages }),
      anotherNode: values['another-node'] ?? false,
      ...(rotateAfter !== undefined && { rotateAfter }),
    });
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
    void keepWatchdog({ env, health: connector.health, log, sleep }, signal);
    try {
      await connector.run(signal);
    } finally {
      server.close();
    }
    log.info({}, 'stopped');
    return {};
  });

function openHints(
  url: string | undefined,
  region: string | undefined,
  log: Log,
): SqsWakeMessages | undefined {
  if (url === undefined) return undefined;
  return new SqsWakeMessages(
    queueClient(url, region),
    url,
    systemBackoff({ firstMs: 500, mostMs: 30_000 }),
    log,
  );
}

function readName(name: string | undefined): string {
  if (name === undefined) return randomBytes(8).toString('hex');
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw new UsageError(`--name: "${name}" is not 1 to 64 letters, digits, dots, hyphens or underscores`);
}
