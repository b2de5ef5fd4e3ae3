/** What Lambda tells a function. */
export type Environment = Record<string, string | undefined>;

/** Thrown for an environment that a function can't start with. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly variable: string;
  constructor(variable: string, value: string | undefined, expected: string) {
    super(`${variable}: ${value === undefined ? 'not set' : JSON.stringify(value)}, expected ${expected}`);
    this.variable = variable;
  }
}

/** Where the table is. */
export interface TableConfig {
  readonly table: string;
  readonly region: string;
}

/** Read `TABLE_NAME` and `AWS_REGION`, which Lambda sets. @throws ConfigError */
export function readTable({ TABLE_NAME: table, AWS_REGION: region }: Environment): TableConfig {
  // The form that DynamoDB's CreateTable asks of a name.
  if (!table || !/^[A-Za-z0-9_.-]{3,255}$/.test(table))
    throw new ConfigError('TABLE_NAME', table, 'the name of the DynamoDB table');
  if (!region || !/^[a-z0-9-]+$/.test(region)) throw new ConfigError('AWS_REGION', region, 'an AWS Region');
  return { table, region };
}

/** The URL of a queue that a function can't do without. @param named which, for the error @throws ConfigError */
export function readQueue(env: Environment, variable: string, named: string): string {
  const url = env[variable];
  if (!url || !/^https?:\/\//.test(url)) throw new ConfigError(variable, url, `the URL of ${named}`);
  return url;
}

/** Whether a text is an origin like `https://tips.example`, without a path. */
export const isOrigin = (text: string): boolean => /^https?:\/\/[^/?#\s]+$/.test(text);

/** What a function behind CloudFront knows of its address, and of who may ask it. */
export interface EdgeConfig {
  /** Where the service has a domain of its own, without a slash at the end. */
  readonly baseUrl?: string;
  /** What CloudFront proves itself by, where IAM does not look at who asks. */
  readonly originSecret?: string;
}

/**
 * Read `BASE_URL`, where the service has a domain of its own, and `ORIGIN_SECRET`, where CloudFront proves itself by one.
 * @throws ConfigError that does not show the secret
 */
export function readEdge({ BASE_URL: baseUrl, ORIGIN_SECRET: originSecret }: Environment): EdgeConfig {
  if (originSecret !== undefined && !/^[\w-]{32,}$/.test(originSecret))
    throw new ConfigError('ORIGIN_SECRET', '…', 'a secret of 32 letters and digits or more');
  if (baseUrl && !isOrigin(baseUrl))
    throw new ConfigError('BASE_URL', baseUrl, 'an origin like https://tips.example, without a path');
  return { ...(baseUrl && { baseUrl }), ...(originSecret && { originSecret }) };
}
