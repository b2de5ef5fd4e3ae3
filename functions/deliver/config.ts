import { ConfigError, readConfig as readTableConfig } from '../public/config.ts';

/** What the deliver function is told by its environment. */
export interface Config {
  readonly table: string;
  readonly region: string;
  readonly queueUrl: string;
}

/**
 * Read the environment: `TABLE_NAME`, `AWS_REGION` (set by Lambda), and `DELIVERIES_QUEUE_URL`, the queue of hints.
 * @throws ConfigError
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const { table, region } = readTableConfig(env);
  const { DELIVERIES_QUEUE_URL: queueUrl } = env;
  if (!queueUrl || !/^https?:\/\//.test(queueUrl))
    throw new ConfigError('DELIVERIES_QUEUE_URL', queueUrl, 'the URL of the queue of deliveries');
  return { table, region, queueUrl };
}
