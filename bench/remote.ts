import { dynamoClient } from '../shared/aws/dynamo.ts';
import type { Ledger } from '../shared/ledger/index.ts';

/** The table's name in all benchmarks. */
export const TABLE = 'ampjar';

/** A table that another process serves on loopback. */
export const remoteLedger = (endpoint: string): Ledger => ({
  table: TABLE,
  client: dynamoClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  }),
});
