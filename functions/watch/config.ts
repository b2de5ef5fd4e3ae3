import {
  ConfigError,
  type Environment,
  isOrigin,
  readTable,
  type TableConfig,
} from '../lambda/environment.ts';

/** What the watch function is told by its environment. */
export interface Config extends TableConfig {
  /** CloudWatch's namespace of the metrics: this deployment's own. */
  readonly namespace: string;
  /** The origin that readers know, without a slash at its end. */
  readonly edge: string;
}

/**
 * Read the environment: where the table is, `METRICS_NAMESPACE`, and `EDGE_URL`.
 * @throws ConfigError
 */
export function readConfig(env: Environment): Config {
  const { METRICS_NAMESPACE: namespace, EDGE_URL: edge } = env;
  // The form that CloudWatch asks of a namespace; those that begin with AWS/ are Amazon's.
  if (!namespace || !/^(?!AWS\/)[\w./#:-]{1,255}$/.test(namespace))
    throw new ConfigError(
      'METRICS_NAMESPACE',
      namespace,
      "a namespace of CloudWatch's, like Ampjar-production",
    );
  if (!edge || !isOrigin(edge))
    throw new ConfigError('EDGE_URL', edge, 'an origin like https://tips.example, without a path');
  return { ...readTable(env), namespace, edge };
}
