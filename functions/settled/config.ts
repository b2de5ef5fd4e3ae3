import { ConfigError, readConfig as readTableConfig } from '../public/config.ts';

/** What the settled function is told by its environment. */
export interface Config {
  readonly table: string;
  readonly region: string;
  /** The queue of hints at deliveries. */
  readonly queueUrl: string;
  /** Where events are published for open pages; left out where there is no live side. */
  readonly publishUrl?: string;
}

/**
 * Read the environment: `TABLE_NAME`, `AWS_REGION` (set by Lambda), `DELIVERIES_QUEUE_URL`, and `LIVE_PUBLISH_URL`, the HTTP
 * endpoint of an AppSync Event API, where there is one.
 * @throws ConfigError
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const { table, region } = readTableConfig(env);
  const { DELIVERIES_QUEUE_URL: queueUrl, LIVE_PUBLISH_URL: publishUrl } = env;
  if (!queueUrl || !/^https?:\/\//.test(queueUrl))
    throw new ConfigError('DELIVERIES_QUEUE_URL', queueUrl, 'the URL of the queue of deliveries');
  if (!publishUrl) return { table, region, queueUrl };
  if (!/^https?:\/\//.test(publishUrl) || !URL.canParse(publishUrl))
    throw new ConfigError('LIVE_PUBLISH_URL', publishUrl, 'the HTTP endpoint of the AppSync Event API');
  return { table, region, queueUrl, publishUrl };
}
