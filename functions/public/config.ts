import type { Live } from './live.ts';

/** What the public function is told by its environment. */
export interface Config {
  readonly table: string;
  readonly region: string;
  readonly baseUrl?: string;
  readonly live?: Live;
  /** What CloudFront proves itself by, where IAM does not look at who asks. */
  readonly originSecret?: string;
}

/** Thrown for an environment that the function can't start with. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly variable: string;
  constructor(variable: string, value: string | undefined, expected: string) {
    super(`${variable}: ${value === undefined ? 'not set' : JSON.stringify(value)}, expected ${expected}`);
    this.variable = variable;
  }
}

/** A host name, as AppSync's domains and one's own are: no port, nothing that could end a policy or an attribute. */
const HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/**
 * Where pages hear of tips: `LIVE_REALTIME_HOST` and `LIVE_HTTP_HOST` name the two domains of an AppSync Event API.
 * @throws ConfigError
 */
function readLive({
  LIVE_REALTIME_HOST: realtime,
  LIVE_HTTP_HOST: host,
}: Record<string, string | undefined>) {
  if (!realtime && !host) return {};
  if (!realtime || !HOST.test(realtime))
    throw new ConfigError('LIVE_REALTIME_HOST', realtime, 'the realtime domain of the AppSync Event API');
  if (!host || !HOST.test(host))
    throw new ConfigError('LIVE_HTTP_HOST', host, 'the HTTP domain of the AppSync Event API');
  return { live: { realtime: `wss://${realtime}/event/realtime`, host } };
}

/** @throws ConfigError that does not show the value */
function readOriginSecret({ ORIGIN_SECRET: originSecret }: Record<string, string | undefined>) {
  if (originSecret === undefined) return {};
  if (!/^[\w-]{32,}$/.test(originSecret))
    throw new ConfigError('ORIGIN_SECRET', '…', 'a secret of 32 letters and digits or more');
  return { originSecret };
}

/**
 * Read the environment: `TABLE_NAME`, `AWS_REGION` (set by Lambda), `BASE_URL` where the service has a domain
 * of its own, without a slash at the end, where pages hear of tips, and `ORIGIN_SECRET` where CloudFront proves itself by one.
 * @throws ConfigError
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const { TABLE_NAME: table, AWS_REGION: region, BASE_URL: baseUrl } = env;
  // The form that DynamoDB's CreateTable asks of a name.
  if (!table || !/^[A-Za-z0-9_.-]{3,255}$/.test(table)) {
    throw new ConfigError('TABLE_NAME', table, 'the name of the DynamoDB table');
  }
  if (!region || !/^[a-z0-9-]+$/.test(region)) throw new ConfigError('AWS_REGION', region, 'an AWS Region');
  const rest = { ...readLive(env), ...readOriginSecret(env) };
  if (!baseUrl) return { table, region, ...rest };
  if (!/^https?:\/\/[^/?#\s]+$/.test(baseUrl)) {
    throw new ConfigError('BASE_URL', baseUrl, 'an origin like https://tips.example, without a path');
  }
  return { table, region, baseUrl, ...rest };
}
