import {
  ConfigError,
  type Environment,
  readQueue,
  readTable,
  type TableConfig,
} from '../lambda/environment.ts';

/** What the outbox's function is told by its environment. */
export interface Config extends TableConfig {
  /** The queue of hints at deliveries. */
  readonly queueUrl: string;
  /** Where events are published for open pages; left out where there is no live side. */
  readonly publishUrl?: string;
}

/**
 * Read the environment: where the table is, `DELIVERIES_QUEUE_URL`, and `LIVE_PUBLISH_URL`, the HTTP
 * endpoint of an AppSync Event API, where there is one.
 * @throws ConfigError
 */
export function readConfig(env: Environment): Config {
  const queueUrl = readQueue(env, 'DELIVERIES_QUEUE_URL', 'the queue of deliveries');
  const { LIVE_PUBLISH_URL: publishUrl } = env;
  if (!publishUrl) return { ...readTable(env), queueUrl };
  if (!/^https?:\/\//.test(publishUrl) || !URL.canParse(publishUrl))
    throw new ConfigError('LIVE_PUBLISH_URL', publishUrl, 'the HTTP endpoint of the AppSync Event API');
  return { ...readTable(env), queueUrl, publishUrl };
}
