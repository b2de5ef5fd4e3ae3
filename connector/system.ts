import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Backoff } from '../shared/concurrency/backoff.ts';
import { sleep } from '../shared/concurrency/sleep.ts';
import { Connector } from './connector.ts';
import { connectLnd } from './lnd/client.ts';
import { checkMacaroon } from './lnd/macaroon.ts';
import type { LndCredentials } from './lnd/services.ts';
import type { ConnectorParts } from './parts.ts';
import { VERSION } from './version.ts';

/** Where lnd answers, and the files to reach it with. */
export interface LndAccess {
  /** host:port */
  readonly socket: string;
  readonly certPath: string;
  readonly macaroonPath: string;
}

/** What the entry files decide; clock, chance and timers are this machine's. */
export type Choices = Pick<
  ConnectorParts,
  | 'ledger'
  | 'log'
  | 'holder'
  | 'expirySeconds'
  | 'routeHints'
  | 'rotateAfter'
  | 'rotateRestMs'
  | 'wakeMessages'
  | 'invoiceRequestLimits'
  | 'anotherNode'
>;

/** Certificate and macaroon as they are now. */
export async function readCredentials({
  socket,
  certPath,
  macaroonPath,
}: LndAccess): Promise<LndCredentials> {
  const [cert, macaroon] = await Promise.all([readFile(certPath), readFile(macaroonPath)]);
  return { socket, cert, macaroon };
}

/** A connector on this machine's clock and files. Certificate and macaroon are read anew at each connection. */
export function systemConnector(access: LndAccess, choices: Choices, deadlineMs?: number): Connector {
  return new Connector({
    ...choices,
    version: VERSION,
    async connect() {
      const credentials = await readCredentials(access);
      checkMacaroon(credentials.macaroon, choices);
      return connectLnd(credentials, deadlineMs);
    },
    clock: () => new Date(),
    steadyMs: () => performance.now(),
    sleep,
    chance: Math.random,
    unique: randomUUID,
    random: randomBytes,
  });
}

/** Back-off by this machine's timers and chance. */
export const systemBackoff = (bounds: { firstMs: number; mostMs: number }): Backoff =>
  new Backoff({ ...bounds, chance: Math.random, sleep });
