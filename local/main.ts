import { setInterval } from 'node:timers/promises';
import pino from 'pino';
import { keepWatchdog } from '../connector/health/watchdog.ts';
import { LONGEST_EXPIRY_SECONDS } from '../connector/invoices/mint.ts';
import { OtherNodeError, WrongNetworkError } from '../connector/lease.ts';
import { OptionError } from '../connector/options.ts';
import { systemConnector } from '../connector/system.ts';
import { sleep } from '../shared/concurrency/sleep.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import { AskWakeQueue } from './askHints.ts';
import { aborted, runLocal, stopSignal } from './command.ts';
import { localEvents } from './events.ts';
import { HELP, type Listening, readOptions } from './options.ts';
import { startPlayNodes } from './playNodes.ts';
import { makeTable, operatorKey, payable, seedAlice } from './seed.ts';
import { openSite } from './site.ts';
import { openEmbeddedTable } from './table/index.ts';

runLocal(async (args) => {
  const options = await readOptions(args);
  if (!options) return void process.stdout.write(HELP);
  const { listen, origin, proxies, data, lnd, loopbackWebhooks } = options;
  const clock = () => new Date();
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const tables = await openEmbeddedTable({ dir: data, clock: () => clock().getTime() });
  const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
  await makeTable(ledger);
  if (origin === undefined) await seedAlice(ledger, clock(), random);
  const stop = stopSignal();
  const log = pino();
  const keyPath = await operatorKey(ledger, data, clock(), random);
  const play = lnd ? undefined : await startPlayNodes(data, random);
  const askHints = new AskWakeQueue();
  const events = localEvents(tables, ledger, log, { allowLoopback: loopbackWebhooks });
  const site = await openSite(listen, {
    ledger,
    log,
    events,
    askHints,
    // What pays with play money is for this machine, which nobody stands before.
    more: origin === undefined ? play?.routes : undefined,
    signal: stop.signal,
    origin,
    proxies,
  }).catch((error) => {
    throw asListening(error, listen);
  });
  const { baseUrl, localUrl } = site;
  const first = origin === undefined ? 'alice' : 'HANDLE';
  process.stdout.write(`tip page  ${baseUrl}/@${first}
API       ${baseUrl}/v1/creators/${first}
address   ${first}@${new URL(baseUrl).host}
manage    AMPJAR_URL=${localUrl} npm run ampjar -- creators ${origin === undefined ? 'list' : 'add HANDLE --name NAME'} --key-file ${keyPath}
`);
  const access = lnd ?? play!.access;
  const connector = systemConnector(access, {
    ledger,
    log,
    askHints,
    holder: 'local',
    expirySeconds: LONGEST_EXPIRY_SECONDS,
    routeHints: access.routeHints,
  });
  void keepWatchdog({ env: process.env, health: connector.health, log, sleep }, stop.signal);
  const work = [connector.run(stop.signal), events.run(stop.signal), sweep(tables, stop.signal)];
  // A line that is copied as soon as it is read works.
  if (play && origin === undefined && (await payable(ledger, 'alice', stop.signal)))
    process.stdout.write(`tip her   npm run tip -- alice 2100 "Great post" --url ${baseUrl}\n`);
  try {
    await Promise.race([
      Promise.all(work).catch((error) => Promise.reject(asFolder(error, data))),
      aborted(stop.signal, [tables.lost, ...(play ? [play.failed] : [])]),
    ]);
  } finally {
    stop.abort();
    // Whoever pays or asks is let in no more, while what was taken before is booked.
    site.close();
    await play?.stopPaying();
    await Promise.allSettled(work);
    await play?.stop();
    await tables.close();
  }
});

async function sweep(tables: { sweep(): Promise<unknown> }, signal: AbortSignal) {
  try {
    for await (const _ of setInterval(60_000, undefined, { signal })) await tables.sweep();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** A node that the table does not take, by the flag that mends it. */
const asFolder = (error: unknown, data: string): unknown =>
  error instanceof OtherNodeError || error instanceof WrongNetworkError
    ? new OptionError(`--data: the table in ${data} is another node's; give this one a folder of its own`)
    : error;

/** An error of listening, by the flag that mends it. */
function asListening(error: NodeJS.ErrnoException, { address, port }: Listening): Error {
  if (error.code === 'EADDRINUSE')
    return new OptionError(`--port: ${port} is taken; give another, or 0 for a free one`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'EACCES')
    return new OptionError(`--listen: ${address}:${port} can't be listened on (${error.code})`);
  return error;
}
