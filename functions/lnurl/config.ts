import {
  ConfigError,
  type Config as PublicConfig,
  readConfig as readPublicConfig,
} from '../public/config.ts';

/** What the LNURL function is told by its environment. */
export interface Config extends PublicConfig {
  readonly queueUrl: string;
}

/**
 * Read the environment: that of the public function, and `ASKS_QUEUE_URL`, the queue that tells the connector of asks.
 * @throws ConfigError
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const { ASKS_QUEUE_URL: queueUrl } = env;
  if (!queueUrl || !/^https?:\/\//.test(queueUrl))
    throw new ConfigError('ASKS_QUEUE_URL', queueUrl, 'the URL of the queue of asks');
  return { ...readPublicConfig(env), queueUrl };
}
