import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { UsageError } from './commands.ts';

/** Where the table is. */
export interface Place {
  readonly table: string;
  readonly region: string;
  /** URL of what answers as DynamoDB; AWS when undefined. */
  readonly endpoint?: string;
}

type Flags = { table?: string | undefined; region?: string | undefined; endpoint?: string | undefined };

/**
 * Where the table is, by flags, then by environment (`AMPJAR_TABLE`, `AWS_REGION`, `AMPJAR_ENDPOINT`).
 * @throws UsageError
 */
export function readPlace(flags: Flags, env: Record<string, string | undefined>): Place {
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

/** Whether the table is on this machine. */
export const isOnLoopback = ({ endpoint }: Place) =>
  endpoint !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(endpoint).hostname);

const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;

/** The client's configuration. What answers on loopback is given credentials that mean nothing. */
export const clientConfig = (place: Place): DynamoDBClientConfig => ({
  region: place.region,
  requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  ...(place.endpoint !== undefined && { endpoint: place.endpoint }),
  ...(isOnLoopback(place) && { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
});

/** One line for a failure that is not the asker's: what happened to the table, and where it was looked for. */
export function failureLine(error: unknown, place: Place): string {
  const { table, region, endpoint } = place;
  const { name, code, message } = error as Error & { code?: string };
  const where = endpoint ?? region;
  if (name === 'ResourceNotFoundException') {
    const remedy = isOnLoopback(place)
      ? `npm run creator -- init --endpoint ${endpoint} --table ${table} makes it`
      : 'npx cdk deploy makes one and prints its name (TableName); --endpoint names another place';
    return `table: there is no "${table}" at ${where}; ${remedy}`;
  }
  if (code !== undefined || name === 'TimeoutError')
    return `table: "${table}" at ${where} can't be reached (${code ?? 'timeout'})`;
  if (name === 'CredentialsProviderError')
    return `table: no AWS credentials were found for "${table}" at ${where}`;
  return `table: "${table}" at ${where}: ${name}: ${message.replaceAll('\n', ' ')}`;
}
