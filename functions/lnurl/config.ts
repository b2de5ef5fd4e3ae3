import {
  ConfigError,
  type Config as PublicConfig,
  readConfig as readPublicConfig,
} from '../public/config.ts';

/** What the LNURL function is told by its environment. */
export interface Config extends PublicConfig {
  readonly baseUrl: string;
  readonly queueUrl: string;
}

/**
 * Read the environment: that of the public function, with `BASE_URL` for certain, since wallets are told whole addresses,
 * and `ASKS_QUEUE_URL`, the queue that tells the connector of asks.
 * @throws ConfigError
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const { baseUrl, ...rest } = readPublicConfig(env);
  if (baseUrl === undefined)
    throw new ConfigError(
      'BASE_URL',
      undefined,
      'the origin that wallets reach it by, like https://tips.example',
    );
  const { ASKS_QUEUE_URL: queueUrl } = env;
  if (!queueUrl || !/^https?:\/\//.test(queueUrl))
    throw new ConfigError('ASKS_QUEUE_URL', queueUrl, 'the URL of the queue of asks');
  return { ...rest, baseUrl, queueUrl };
}
