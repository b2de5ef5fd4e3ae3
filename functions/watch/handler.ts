import { dynamoClient } from '../../shared/dynamo.ts';
import { readConfig } from './config.ts';
import { edgeFailures } from './edge.ts';
import { metricLine } from './emf.ts';
import { look } from './look.ts';

const { table, region, namespace, edge } = readConfig(process.env);
/** What hangs is given up while there is time for another try. */
const requestHandler = { connectionTimeout: 500, requestTimeout: 3_000, throwOnRequestTimeout: true };
const ledger = { client: dynamoClient({ region, requestHandler }), table };

/** Looks each minute how table, connectors and edge fare, and tells it as metrics. What it can't read fails it, which alarms, too. */
export async function handler(): Promise<void> {
  const now = new Date();
  // Not by the console, which Lambda wraps: a metric's line must be the whole line.
  const [seen, EdgeFailures] = await Promise.all([look(ledger, now), edgeFailures(edge)]);
  process.stdout.write(
    `${metricLine(namespace, { ...seen, values: { ...seen.values, EdgeFailures } }, now)}\n`,
  );
}
