import { setInterval } from 'node:timers/promises';
import pino from 'pino';
import { keepWatchdog } from '../connector/health/watchdog.ts';
import { LONGEST_EXPIRY_SECONDS } from '../connector/invoices/mint.ts';
import { OtherNodeError, WrongNetworkError } from '../connector/lease.ts';
import { systemConnector } from '../connector/system.ts';
import type { Asked, Outcome, Parts } from '../shared/command/command.ts';
import { UsageError } from '../shared/command/failures.ts';
import { sleep } from '../shared/concurrency/sleep.ts';
import { withLinkedController } from '../shared/concurrency/untilAborted.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import { localEvents } from './events.ts';
import type { START } from './flags.ts';
import { type Listening, readOptions } from './options.ts';
import { startPlayNodes } from './playNodes.ts';
import { makeTable, operatorKey, payable, seedAlice } from './seed.ts';
import { openSite } from './site.ts';
import { openEmbeddedTable } from './table/index.ts';
import { inFolder, untilStopped } from './untilStopped.ts';
import { WakeMessageQueue } from './wakeMessages.ts';

/** All of Ampjar in this process, until it is told to stop. */
export const start = ({ values }: Asked<typeof START>, parts: Parts): Promise<Outcome> =>
  inFolder(() =>
    // What fails of it stops the rest, as whoever stops it does.
    withLinkedController(parts.signal, async (stop) => {
      const { signal } = stop;
      const { print } = parts;
      const { listen, origin, proxies, data, lnd, loopbackWebhooks } = await readOptions(values);
      const clock = () => new Date();
      const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
      const tables = await openEmbeddedTable({ dir: data, clock: () => clock().getTime() });
      const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
      await makeTable(ledger);
      if (origin === undefined) await seedAlice(ledger, clock(), random);
      const log = pino();
      const keyPath = await operatorKey(ledger, data, clock(), random);
      const play = lnd ? undefined : await startPlayNodes(data, random);
      const wakeMessages = new WakeMessageQueue();
      const events = localEvents(tables, ledger, log, { allowLoopback: loopbackWebhooks });
      const site = await openSite(listen, {
        ledger,
        log,
        events,
        wakeMessages,
        // What pays with play money is for this machine, which nobody stands before.
        more: origin === undefined ? play?.routes : undefined,
        signal,
        origin,
        proxies,
      }).catch((error) => {
        throw asListening(error, listen);
      });
      const { baseUrl, localUrl } = site;
      const first = origin === undefined ? 'alice' : 'HANDLE';
      print(`tip page  ${baseUrl}/@${first}
API       ${baseUrl}/v1/creators/${first}
address   ${first}@${new URL(baseUrl).host}
manage    AMPJAR_URL=${localUrl} npm run ampjar -- creators ${origin === undefined ? 'list' : 'add HANDLE --name NAME'} --key-file ${keyPath}`);
      const access = lnd ?? play!.access;
      const connector = systemConnector(access, {
        ledger,
        log,
        wakeMessages,
        holder: 'local',
        expirySeconds: LONGEST_EXPIRY_SECONDS,
        routeHints: access.routeHints,
      });
      void keepWatchdog({ env: process.env, health: connector.health, log, sleep }, signal);
      const tellHowToTip = async () => {
        // A line that is copied as soon as it is read works.
        if (play && origin === undefined && (await payable(ledger, 'alice', signal)))
          print(`tip her   npm run tip -- alice 2100 "Great post" --url ${baseUrl}`);
      };
      const work = [connector.run(signal), events.run(signal), sweep(tables, signal), tellHowToTip()];
      try {
        await Promise.race([
          Promise.all(work).catch((error) => Promise.reject(asFolder(error, data))),
          untilStopped(signal, [tables.lost, ...(play ? [play.failed] : [])]),
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
      return {};
    }),
  );

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
    ? new UsageError(`--data: the table in ${data} is another node's; give this one a folder of its own`)
    : error;

/** An error of listening, by the flag that mends it. */
function asListening(error: NodeJS.ErrnoException, { address, port }: Listening): Error {
  if (error.code === 'EADDRINUSE')
    return new UsageError(`--port: ${port} is taken; give another, or 0 for a free one`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'EACCES')
    return new UsageError(`--listen: ${address}:${port} can't be listened on (${error.code})`);
  return error;
}
