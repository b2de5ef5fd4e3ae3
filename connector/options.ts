import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dynamoClient } from '../shared/aws/dynamo.ts';
import type { Env, Values } from '../shared/command/command.ts';
import { UsageError } from '../shared/command/failures.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import { clientConfig, readPlace, type TABLE } from '../shared/place.ts';
import type { NODE } from './flags.ts';
import { checkMacaroon } from './lnd/macaroon.ts';
import type { LndAccess } from './system.ts';

type LndValues = Pick<Values<typeof NODE>, 'lnd-host' | 'lnd-cert' | 'lnd-macaroon'>;

/**
 * Where lnd answers and how it is reached; the files are looked at once, so that a wrong one is told at once.
 * @param routeHints whether the macaroon is to allow the call for them; undefined where either will do
 */
export async function readLndAccess(values: LndValues, env: Env, routeHints?: boolean): Promise<LndAccess> {
  const needed = (flag: 'lnd-cert' | 'lnd-macaroon', variable: string) => {
    const path = values[flag] ?? env[variable];
    if (!path) throw new UsageError(`--${flag}: missing (or ${variable}); see --help`);
    return path;
  };
  const certPath = needed('lnd-cert', 'AMPJAR_LND_CERT');
  const macaroonPath = needed('lnd-macaroon', 'AMPJAR_LND_MACAROON');
  const macaroon = await readNamed('--lnd-macaroon', macaroonPath);
  await readCertificate('--lnd-cert', certPath);
  checkMacaroon(macaroon, { routeHints });
  return { socket: values['lnd-host'] ?? env.AMPJAR_LND_HOST ?? 'localhost:10009', certPath, macaroonPath };
}

/** Read the file that a flag names. @throws UsageError that names both */
export const readNamed = (flag: string, path: string): Promise<Buffer> =>
  readFile(path).catch((error: Error) => {
    throw new UsageError(`${flag}: ${error.message}`);
  });

/** Read the certificate that a flag names, as PEM. @throws UsageError */
export async function readCertificate(flag: string, path: string): Promise<Buffer> {
  const cert = await readNamed(flag, path);
  try {
    new X509Certificate(cert);
    return cert;
  } catch {
    throw new UsageError(`${flag}: ${path} is not a certificate`);
  }
}

/** The table. @throws UsageError */
export function openLedger(values: Values<typeof TABLE>, env: Env): Ledger {
  const place = readPlace(values, env);
  return { client: dynamoClient(clientConfig(place)), table: place.table };
}
