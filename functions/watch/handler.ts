import { ledgerClient } from '../lambda/clients.ts';
import { readConfig } from './config.ts';
import { edgeFailures } from './edge.ts';
import { metricLine } from './emf.ts';
import { measure } from './measure.ts';

const { namespace, edge, ...config } = readConfig(process.env);
const ledger = ledgerClient(config);

/** Looks each minute how table, connectors and edge fare, and tells it as metrics. What it can't read fails it, which alarms, too. */
export async function handler(): Promise<void> {
  const now = new Date();
  // Not by the console, which Lambda wraps: a metric's line must be the whole line.
  const [seen, EdgeFailures] = await Promise.all([measure(ledger, now), edgeFailures(edge)]);
  process.stdout.write(
    `${metricLine(namespace, { ...seen, values: { ...seen.values, EdgeFailures } }, now)}\n`,
  );
}
