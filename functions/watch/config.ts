import { ConfigError, readConfig as readTableConfig } from '../public/config.ts';

/** What the watch function is told by its environment. */
export interface Config {
  readonly table: string;
  readonly region: string;
  /** CloudWatch's namespace of the metrics: this deployment's own. */
  readonly namespace: string;
}

/**
 * Read the environment: `TABLE_NAME`, `AWS_REGION` (set by Lambda), and `METRICS_NAMESPACE`.
 * @throws ConfigError
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const { table, region } = readTableConfig(env);
  const { METRICS_NAMESPACE: namespace } = env;
  // The form that CloudWatch asks of a namespace; those that begin with AWS/ are Amazon's.
  if (!namespace || !/^(?!AWS\/)[\w./#:-]{1,255}$/.test(namespace))
    throw new ConfigError(
      'METRICS_NAMESPACE',
      namespace,
      "a namespace of CloudWatch's, like Ampjar-production",
    );
  return { table, region, namespace };
}
