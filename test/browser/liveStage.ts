import { expect } from 'vitest';
import { appSyncPublisher } from '../../functions/realtime/appsync.ts';
import type { TipEvent } from '../../shared/contract/tip.ts';
import { openAppSync } from '../functions/realtime/appsyncServer.ts';
import { type LiveJar, openJar, serveJar } from '../local/live/stage.ts';

/** What becomes so within seconds, however busy the machine is. */
export const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read);

/** What is to be ended after a test, the last first. */
export type Ends = (() => Promise<unknown>)[];

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret of the tests' };

/** A jar that is served, and how its pages hear of tips. */
export interface Stage {
  readonly jar: LiveJar;
  readonly origin: string;
  /** Where connections go to, beside the origin. */
  readonly realtime?: string;
  readonly tell: (events: TipEvent[]) => Promise<void>;
  /** Wait until as many pages listen to Alice. */
  readonly listening: (count: number) => Promise<void>;
  /** Cut all connections, and let in none until the returned function is called. */
  readonly cut: () => Promise<() => Promise<void>>;
}

async function jarOf(ends: Ends): Promise<LiveJar> {
  const jar = await openJar();
  ends.push(() => jar.close());
  return jar;
}

/** By server-sent events. */
export async function byEvents(ends: Ends): Promise<Stage> {
  const jar = await jarOf(ends);
  let served = await serveJar(jar);
  ends.push(() => served.close());
  const { port, origin } = served;
  return {
    jar,
    origin,
    tell: (events) => served.hub.publish(events),
    listening: (count) => eventually(() => served.connections()).toBe(count),
    cut: async () => {
      await served.close();
      return async () => {
        served = await serveJar(jar, { port });
      };
    },
  };
}

/** By AppSync Events. */
export async function byAppSync(
  ends: Ends,
): Promise<Stage & { appsync: Awaited<ReturnType<typeof openAppSync>> }> {
  const jar = await jarOf(ends);
  const appsync = await openAppSync(CREDENTIALS);
  ends.push(() => appsync.close());
  const served = await serveJar(jar, { live: appsync.live });
  ends.push(() => served.close());
  const tell = appSyncPublisher({
    ledger: jar.ledger,
    url: appsync.url,
    region: appsync.region,
    credentials: async () => CREDENTIALS,
    clock: () => new Date(),
    sleep: async () => {},
    random: Math.random,
  });
  return {
    jar,
    appsync,
    origin: served.origin,
    realtime: new URL(appsync.live.realtime).origin,
    tell,
    listening: (count) => eventually(() => appsync.listening('/tips/alice')).toBe(count),
    cut: async () => {
      appsync.refuse();
      return async () => appsync.admit();
    },
  };
}

/** Both ways to be told, for tests that hold for either. */
export const TRANSPORTS: [string, (ends: Ends) => Promise<Stage>][] = [
  ['server-sent events', byEvents],
  ['AppSync', byAppSync],
];
