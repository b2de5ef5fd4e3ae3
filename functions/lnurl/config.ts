import {
  type EdgeConfig,
  type Environment,
  readEdge,
  readQueue,
  readTable,
  type TableConfig,
} from '../lambda/environment.ts';

/** What the LNURL function is told by its environment. */
export interface Config extends TableConfig, EdgeConfig {
  readonly queueUrl: string;
}

/**
 * Read the environment: where the table is, where the service is found, and `INVOICE_REQUESTS_QUEUE_URL`, the queue that tells the connector of invoice requests.
 * @throws ConfigError
 */
export const readConfig = (env: Environment): Config => ({
  ...readTable(env),
  ...readEdge(env),
  queueUrl: readQueue(env, 'INVOICE_REQUESTS_QUEUE_URL', 'the queue of asks'),
});
