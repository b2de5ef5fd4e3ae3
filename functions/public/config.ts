/** What the public function is told by its environment. */
export interface Config {
  readonly table: string;
  readonly region: string;
  readonly baseUrl?: string;
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

/**
 * Read the environment: `TABLE_NAME`, `AWS_REGION` (set by Lambda), and `BASE_URL` where the service has an address
 * of its own, without a slash at the end.
 * @throws ConfigError
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const { TABLE_NAME: table, AWS_REGION: region, BASE_URL: baseUrl } = env;
  // The form that DynamoDB's CreateTable asks of a name.
  if (!table || !/^[A-Za-z0-9_.-]{3,255}$/.test(table)) {
    throw new ConfigError('TABLE_NAME', table, 'the name of the DynamoDB table');
  }
  if (!region || !/^[a-z0-9-]+$/.test(region)) throw new ConfigError('AWS_REGION', region, 'an AWS Region');
  if (!baseUrl) return { table, region };
  if (!/^https?:\/\/[^/?#\s]+$/.test(baseUrl)) {
    throw new ConfigError('BASE_URL', baseUrl, 'an origin like https://tips.example, without a path');
  }
  return { table, region, baseUrl };
}
