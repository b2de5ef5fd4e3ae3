import { SQSClient } from '@aws-sdk/client-sqs';
import { dynamoClient } from '../../shared/aws/dynamo.ts';
import type { TableConfig } from './environment.ts';

/** How long one call of a service may take, in ms. */
const REQUEST_MS = 3_000;
/** The same where a reader or a wallet waits, who is answered within five seconds. */
export const WAITED_FOR_MS = 1_500;

/** What hangs is given up while there is time for another try. */
const requestHandler = (requestTimeout: number) => ({
  connectionTimeout: 500,
  requestTimeout,
  throwOnRequestTimeout: true,
});

/** The ledger of a function. */
export const ledgerClient = ({ table, region }: TableConfig, requestMs = REQUEST_MS) => ({
  client: dynamoClient({ region, requestHandler: requestHandler(requestMs) }),
  table,
});

/** A client of the queues. */
export const queueClient = ({ region }: Pick<TableConfig, 'region'>, requestMs = REQUEST_MS) =>
  new SQSClient({ region, requestHandler: requestHandler(requestMs) });
