import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ParseArgsConfig } from 'node:util';
import { dynamoClient } from '../shared/aws/dynamo.ts';
import { UsageError } from '../shared/command/failures.ts';
import { isFlagError } from '../shared/command/flags.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import { clientConfig, readPlace } from '../shared/place.ts';
import { OtherNodeError, UnknownNodeError, WrongNetworkError } from './lease.ts';
import { bakeCommand, checkMacaroon, MacaroonError } from './lnd/macaroon.ts';
import type { LndAccess } from './system.ts';

/** A flag or variable that can't be taken; the message names it. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

const text = { type: 'string' } as const;

/** The flags that name lnd and the table, for every command of the connector. */
export const PLACES = {
  'lnd-host': text,
  'lnd-cert': text,
  'lnd-macaroon': text,
  table: text,
  region: text,
  endpoint: text,
} as const satisfies ParseArgsConfig['options'];

export const PLACES_HELP = `  --lnd-host HOST:PORT     lnd's gRPC (AMPJAR_LND_HOST), default localhost:10009
  --lnd-cert FILE          lnd's tls.cert (AMPJAR_LND_CERT)
  --lnd-macaroon FILE      the connector's macaroon (AMPJAR_LND_MACAROON), baked by
                           ${bakeCommand()}
  --table NAME             DynamoDB table (AMPJAR_TABLE), default ampjar
  --region REGION          its region (AWS_REGION), default us-east-1
  --endpoint URL           another DynamoDB endpoint (AMPJAR_ENDPOINT)
`;

type Values = Partial<Record<keyof typeof PLACES, string | undefined>>;
type Env = Record<string, string | undefined>;

/**
 * Where lnd answers and how it is reached; the files are looked at once, so that a wrong one is told at once.
 * @param routeHints whether the macaroon is to allow the call for them; undefined where either will do
 */
export async function readLndAccess(values: Values, env: Env, routeHints?: boolean): Promise<LndAccess> {
  const needed = (flag: 'lnd-cert' | 'lnd-macaroon', variable: string) => {
    const path = values[flag] ?? env[variable];
    if (!path) throw new OptionError(`--${flag}: missing (or ${variable}); see --help`);
    return path;
  };
  const certPath = needed('lnd-cert', 'AMPJAR_LND_CERT');
  const macaroonPath = needed('lnd-macaroon', 'AMPJAR_LND_MACAROON');
  const macaroon = await readNamed('--lnd-macaroon', macaroonPath);
  await readCertificate('--lnd-cert', certPath);
  checkMacaroon(macaroon, { routeHints });
  return { socket: values['lnd-host'] ?? env.AMPJAR_LND_HOST ?? 'localhost:10009', certPath, macaroonPath };
}

/** Read the file that a flag names. @throws OptionError that names both */
export const readNamed = (flag: string, path: string): Promise<Buffer> =>
  readFile(path).catch((error: Error) => {
    throw new OptionError(`${flag}: ${error.message}`);
  });

/** Read the certificate that a flag names, as PEM. @throws OptionError */
export async function readCertificate(flag: string, path: string): Promise<Buffer> {
  const cert = await readNamed(flag, path);
  try {
    new X509Certificate(cert);
    return cert;
  } catch {
    throw new OptionError(`${flag}: ${path} is not a certificate`);
  }
}

/** The table. @throws UsageError */
export function openLedger(values: Values, env: Env): Ledger {
  const place = readPlace(values, env);
  return { client: dynamoClient(clientConfig(place)), table: place.table };
}

/** A whole number of a flag, from `least` to `most`. */
export function readNumber(
  flag: string,
  value: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value) || Number(value) < least || Number(value) > most) {
    throw new OptionError(`--${flag}: "${value}" is not a whole number from ${least} to ${most}`);
  }
  return Number(value);
}

/** Exit code of a failed command: 2 when the asker can mend it by asking differently. */
export const exitCode = (error: unknown) =>
  error instanceof OptionError ||
  error instanceof UsageError ||
  error instanceof MacaroonError ||
  error instanceof WrongNetworkError ||
  error instanceof OtherNodeError ||
  error instanceof UnknownNodeError ||
  isFlagError(error)
    ? 2
    : 1;

/** Run an entry's main function: a failure is one line on stderr and an exit code. */
export function runMain(main: (args: string[], env: Env) => Promise<number | undefined>): void {
  // Which Node the SDK asks for from 2027 on is for package.json to settle, not for each command to repeat.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  main(process.argv.slice(2), process.env).then(
    (code) => process.exit(code ?? 0),
    (error: Error) => {
      process.stderr.write(`${error.message.replaceAll('\n', ' ')}\n`);
      process.exit(exitCode(error));
    },
  );
}
