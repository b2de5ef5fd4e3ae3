import { type Environment, readQueue, readTable, type TableConfig } from '../lambda/environment.ts';

/** What the webhooks function is told by its environment. */
export interface Config extends TableConfig {
  readonly queueUrl: string;
}

/**
 * Read the environment: where the table is, and `DELIVERIES_QUEUE_URL`, the queue of hints.
 * @throws ConfigError
 */
export const readConfig = (env: Environment): Config => ({
  ...readTable(env),
  queueUrl: readQueue(env, 'DELIVERIES_QUEUE_URL', 'the queue of deliveries'),
});
