import { type Environment, readQueue, readTable, type TableConfig } from '../lambda/environment.ts';

/** What the manage function is told by its environment. */
export interface Config extends TableConfig {
  /** The queue by which the connector hears at once that an invoice is wanted; without it, it looks every two seconds. */
  readonly invoiceRequestsQueueUrl?: string;
  /** The queue by which deliveries are made at once; without it, they are found by schedule. */
  readonly deliveriesQueueUrl?: string;
}

/**
 * Read the environment: where the table is, and where there are such queues `INVOICE_REQUESTS_QUEUE_URL` and
 * `DELIVERIES_QUEUE_URL`.
 * @throws ConfigError
 */
export function readConfig(env: Environment): Config {
  const queue = (variable: string) =>
    env[variable] ? readQueue(env, variable, 'a queue, or nothing') : undefined;
  const invoiceRequestsQueueUrl = queue('INVOICE_REQUESTS_QUEUE_URL');
  const deliveriesQueueUrl = queue('DELIVERIES_QUEUE_URL');
  return {
    ...readTable(env),
    ...(invoiceRequestsQueueUrl && { invoiceRequestsQueueUrl }),
    ...(deliveriesQueueUrl && { deliveriesQueueUrl }),
  };
}
