import { Duration, Stack } from 'aws-cdk-lib';
import { Metric as CloudWatchMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Metric } from '../shared/metrics.ts';
import { watchAccess } from './access.ts';
import { type AlarmParts, alarm } from './alarms.ts';
import { bundledFunction } from './bundledFunction.ts';
import type { Settings } from './settings.ts';

/** Some thirty small requests, and three at the edge; more when one of them is tried again. */
const TIMEOUT = Duration.seconds(30);
const LOOK_EVERY = Duration.minutes(1);

type Watched = Pick<AlarmParts, 'says' | 'page' | 'atLeast' | 'atMost' | 'periods' | 'alsoSilence'>;

/**
 * What alarms, by metric. A value that lasts a minute is no alarm where it may mend itself: `periods` are minutes.
 */
const ALARMS: Record<Metric, Watched> = {
  // The connector tells once a minute; another takes over within seconds.
  HeartbeatAge: {
    says: 'No connector gives a sign of life: payments arrive at the node and are booked later',
    page: 'connector-silent',
    atLeast: Duration.minutes(3).toSeconds(),
    periods: 3,
    alsoSilence: true,
  },
  CheckpointAge: {
    says: 'The connector is alive and does not come through what it heard',
    page: 'checkpoint-behind',
    atLeast: Duration.minutes(15).toSeconds(),
    periods: 3,
  },
  Drift: {
    says: 'The audit finds that table and lnd differ, or has not come for an hour',
    page: 'audit-drift',
    atLeast: 1,
    periods: 3,
    alsoSilence: true,
  },
  AsidesOpen: { says: 'Events are set aside, to be looked at', page: 'set-aside', atLeast: 1 },
  // The connector renews an invoice a week before it expires.
  DaysToExpiry: {
    says: 'An invoice that is handed out expires soon and was not renewed',
    page: 'invoice-expiring',
    atMost: 5,
    periods: 3,
  },
  WantsOverdue: {
    says: 'An option waits for its invoice',
    page: 'invoice-wanted',
    atLeast: Duration.minutes(10).toSeconds(),
    periods: 3,
  },
  SumsWrong: {
    says: 'Sums of creators are not those of their rows',
    page: 'sums-wrong',
    atLeast: 1,
  },
  SumsCheckAge: {
    says: 'Sums have not been held against rows for three days',
    page: 'sums-wrong',
    atLeast: Duration.days(3).toSeconds(),
    periods: 3,
  },
  EdgeFailures: {
    says: 'Readers or wallets are not answered at the edge',
    page: 'edge-failing',
    atLeast: 1,
    periods: 3,
  },
  Parked: { says: 'Tips can not be handed on as they are', page: 'parked-records', atLeast: 1 },
  DeliveriesOverdue: {
    says: 'Webhooks are due and not sent',
    page: 'deliveries-late',
    atLeast: Duration.minutes(10).toSeconds(),
    periods: 3,
  },
};

/**
 * The watch: a function that measures each minute how table and connectors fare, with an alarm on each of its metrics
 * (docs/operations.md).
 */
export class Watch extends Construct {
  /** The metrics, by name. */
  readonly metrics: Record<Metric, CloudWatchMetric>;

  /** @param edge the origin that readers know, without a slash at its end */
  constructor(
    scope: Construct,
    id: string,
    { table, edge }: { table: ITable; edge: string },
    { watchConcurrency }: Settings,
  ) {
    super(scope, id);
    const namespace = Stack.of(this).stackName;
    const { handler } = bundledFunction(this, {
      description: 'Measures how table and connectors fare',
      entry: 'functions/watch/handler.ts',
      timeout: TIMEOUT,
      concurrency: watchConcurrency,
      environment: { TABLE_NAME: table.tableName, METRICS_NAMESPACE: namespace, EDGE_URL: edge },
      statements: watchAccess(table),
    });
    new Rule(this, 'Look', {
      description: 'Measures how table and connectors fare',
      schedule: Schedule.rate(LOOK_EVERY),
      targets: [new LambdaFunction(handler, { retryAttempts: 0, maxEventAge: LOOK_EVERY })],
    });
    const measured = Object.entries(ALARMS) as [Metric, Watched][];
    const metricOf = (metricName: string) =>
      new CloudWatchMetric({ namespace, metricName, statistic: 'Maximum', period: LOOK_EVERY });
    this.metrics = Object.fromEntries(
      measured.map(([name]) => [name, metricOf(name)]),
    ) as typeof this.metrics;
    for (const [name, watched] of measured) {
      const statistic = watched.atMost === undefined ? 'Maximum' : 'Minimum';
      alarm(this, name, { ...watched, metric: this.metrics[name], statistic, period: LOOK_EVERY });
    }
  }
}
