import { Duration, type Stack } from 'aws-cdk-lib';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import {
  Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { ALARM_METRICS } from '../shared/contract/metrics.ts';
import type { Watch } from './watch.ts';

const HALF = 12;
const PERIOD = Duration.minutes(5);

/** One page of graphs of a whole stack, below the state of all of its alarms. To be made when all else is. */
export function dashboard(
  stack: Stack,
  id: string,
  { watch, table, distribution }: { watch: Watch; table: ITable; distribution: IDistribution },
): Dashboard {
  const { metrics } = watch;
  const all = stack.node.findAll();
  const functions = all.filter((node) => node instanceof NodejsFunction);
  const named = (of: (handler: NodejsFunction) => Metric) =>
    functions.map((handler) => of(handler).with({ label: nameOf(stack, handler), period: PERIOD }));
  const read = (metricName: string, statistic: string) =>
    new Metric({
      namespace: 'AWS/CloudFront',
      metricName,
      statistic,
      period: PERIOD,
      // CloudFront tells of all its edges there.
      region: 'us-east-1',
      dimensionsMap: { DistributionId: distribution.distributionId, Region: 'Global' },
    });
  const settled = functions.find((handler) => nameOf(stack, handler) === 'Settled')!;
  const rows: IWidget[][] = [
    [
      new AlarmStatusWidget({
        title: 'Alarms',
        width: 24,
        alarms: all.filter((node) => node instanceof Alarm),
      }),
    ],
    [
      graph('The connector: seconds since', [metrics.HeartbeatAge, metrics.CheckpointAge]),
      graph('To be looked at', [metrics.Drift, metrics.AsidesOpen, metrics.SumsWrong, metrics.Parked]),
    ],
    [
      graph('Tips on their way: ms in the stream', [settled.metric('IteratorAge', { statistic: 'Maximum' })]),
      graph('Waiting: seconds overdue', [metrics.WantsOverdue, metrics.DeliveriesOverdue]),
    ],
    [
      graph('Functions: errors and throttles', [
        ...named((handler) => handler.metricErrors()),
        ...named((handler) => handler.metricThrottles()).map((metric) =>
          metric.with({ label: `${metric.label} throttled` }),
        ),
      ]),
      graph(
        'Functions: ms, of a hundred the slowest',
        named((handler) => handler.metricDuration({ statistic: 'p99' })),
      ),
    ],
    [
      graph(
        'Functions: invocations',
        named((handler) => handler.metricInvocations()),
      ),
      graph(
        'Readers: requests; percent that failed, and how often the watch was not answered',
        [read('Requests', 'Sum')],
        [read('5xxErrorRate', 'Average'), metrics.EdgeFailures],
      ),
    ],
    [
      graph('Table: units', [
        table.metricConsumedWriteCapacityUnits({ period: PERIOD }),
        table.metricConsumedReadCapacityUnits({ period: PERIOD }),
      ]),
      graph('Days until an invoice expires', [metrics.DaysToExpiry]),
      graph(
        'Alarms of connectors, each counted for ten minutes',
        Object.values(ALARM_METRICS).map((name) => metrics[name]),
      ),
      graph('Seconds since the sums of all creators were checked', [metrics.SumsCheckAge]),
    ],
  ];
  return new Dashboard(stack, id, {
    // CloudWatch's dashboards are an account's, of all its Regions.
    dashboardName: `${stack.stackName}-${stack.region}`,
    defaultInterval: Duration.hours(24),
    widgets: rows,
  });
}

const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
  new GraphWidget({ title, left, right, width: HALF });

/** The part of the stack that a function is. */
const nameOf = (stack: Stack, { node }: NodejsFunction) =>
  node.path.split('/')[stack.node.path.split('/').length]!;
