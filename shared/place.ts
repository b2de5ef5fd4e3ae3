import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { Flags, Values } from './command/command.ts';
import { UsageError } from './command/failures.ts';

/** The flags that say where the table is. */
export const TABLE = {
  table: { type: 'string', value: 'NAME', about: 'the table, or AMPJAR_TABLE; ampjar' },
  region: { type: 'string', value: 'REGION', about: 'its AWS Region, or AWS_REGION; us-east-1' },
  endpoint: { type: 'string', value: 'URL', about: 'where DynamoDB answers, or AMPJAR_ENDPOINT; AWS' },
} as const satisfies Flags;

/** Where the table is. */
export interface Place {
  readonly table: string;
  readonly region: string;
  /** URL of what answers as DynamoDB; AWS when undefined. */
  readonly endpoint?: string;
}

/**
 * Where the table is, by flags, then by environment (`AMPJAR_TABLE`, `AWS_REGION`, `AMPJAR_ENDPOINT`).
 * @throws UsageError
 */
export function readPlace(flags: Values<typeof TABLE>, env: Record<string, string | undefined>): Place {
  const table = flags.table ?? (env.AMPJAR_TABLE || 'ampjar');
  const region = flags.region ?? (env.AWS_REGION || 'us-east-1');
  const endpoint = flags.endpoint ?? (env.AMPJAR_ENDPOINT || undefined);
  const refuse = (field: string, value: string, expected: string) => {
    throw new UsageError(`${field}: ${JSON.stringify(value.slice(0, 80))} is not ${expected}`);
  };
  if (!/^[A-Za-z0-9_.-]{3,255}$/.test(table)) refuse('table', table, "a DynamoDB table's name");
  if (!/^[a-z0-9-]+$/.test(region)) refuse('region', region, 'an AWS Region');
  if (endpoint === undefined) return { table, region };
  if (!/^https?:/.test(endpoint) || !URL.canParse(endpoint))
    refuse('endpoint', endpoint, 'a URL like http://127.0.0.1:8000');
  return { table, region, endpoint };
}

/** Whether a URL leads to this machine. */
export const isLoopback = (url: string) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);

/** Whether the table is on this machine. */
export const isOnLoopback = ({ endpoint }: Place) => endpoint !== undefined && isLoopback(endpoint);

/** What answers on loopback asks for credentials, and does not look at them. */
export const NO_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;

/** The client's configuration. What answers on loopback is given credentials that mean nothing. */
export const clientConfig = (place: Place): DynamoDBClientConfig => ({
  region: place.region,
  // Without the last the SDK only warns of a table that went silent, and waits for ever.
  requestHandler: {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  },
  ...(place.endpoint !== undefined && { endpoint: place.endpoint }),
  ...(isOnLoopback(place) && { credentials: NO_CREDENTIALS }),
});
