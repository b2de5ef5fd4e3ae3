import {
  ConfigError,
  type EdgeConfig,
  type Environment,
  readEdge,
  readTable,
  type TableConfig,
} from '../lambda/environment.ts';
import type { Live } from '../pages/live.ts';

/** What the public function is told by its environment. */
export interface Config extends TableConfig, EdgeConfig {
  readonly live?: Live;
}

/** A host name, as AppSync's domains and one's own are: no port, nothing that could end a policy or an attribute. */
const HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/**
 * Where pages hear of tips: `LIVE_REALTIME_HOST` and `LIVE_HTTP_HOST` name the two domains of an AppSync Event API.
 * @throws ConfigError
 */
function readLive({ LIVE_REALTIME_HOST: realtime, LIVE_HTTP_HOST: host }: Environment) {
  if (!realtime && !host) return {};
  if (!realtime || !HOST.test(realtime))
    throw new ConfigError('LIVE_REALTIME_HOST', realtime, 'the realtime domain of the AppSync Event API');
  if (!host || !HOST.test(host))
    throw new ConfigError('LIVE_HTTP_HOST', host, 'the HTTP domain of the AppSync Event API');
  return { live: { realtime: `wss://${realtime}/event/realtime`, host } };
}

/**
 * Read the environment: where the table is, where the service is found, and where pages hear of tips.
 * @throws ConfigError
 */
export const readConfig = (env: Environment): Config => ({
  ...readTable(env),
  ...readEdge(env),
  ...readLive(env),
});
