import { ConfigError, readConfig as readTableConfig } from '../public/config.ts';

/** What the manage function is told by its environment. */
export interface Config {
  readonly table: string;
  readonly region: string;
  /** The queue by which the connector hears at once that an invoice is wanted; without it, it looks every two seconds. */
  readonly asksQueueUrl?: string;
  /** The queue by which deliveries are made at once; without it, they are found by schedule. */
  readonly deliveriesQueueUrl?: string;
}

/**
 * Read the environment: `TABLE_NAME`, `AWS_REGION` (set by Lambda), and where there are such queues `ASKS_QUEUE_URL` and
 * `DELIVERIES_QUEUE_URL`.
 * @throws ConfigError
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const { table, region } = readTableConfig(env);
  const queue = (variable: string) => {
    const url = env[variable] || undefined;
    if (url !== undefined && !/^https?:\/\//.test(url))
      throw new ConfigError(variable, url, 'the URL of a queue, or nothing');
    return url;
  };
  const asksQueueUrl = queue('ASKS_QUEUE_URL');
  const deliveriesQueueUrl = queue('DELIVERIES_QUEUE_URL');
  return {
    table,
    region,
    ...(asksQueueUrl && { asksQueueUrl }),
    ...(deliveriesQueueUrl && { deliveriesQueueUrl }),
  };
}
