import { METRICS, type Metric } from '../../shared/contract/metrics.ts';
import type { Seen } from './measure.ts';

/**
 * What was seen as a line of CloudWatch's embedded metric format, which makes metrics of it without being asked by a request. The nodes
 * are told beside, to be read in the log: a metric of each would cost by their number.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricLine(namespace: string, { values, nodes, wrongSums }: Seen, now: Date): string {
  const metrics = (Object.keys(values) as Metric[]).map((Name) => ({ Name, Unit: METRICS[Name] }));
  return JSON.stringify({
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [[]], Metrics: metrics }],
    },
    ...values,
    nodes,
    wrongSums,
  });
}
