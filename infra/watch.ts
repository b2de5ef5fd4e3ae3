import { Duration, Stack } from 'aws-cdk-lib';
import { Metric as CloudWatchMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Metric } from '../shared/contract/metrics.ts';
import { watchAccess } from './access.ts';
import { type AlarmParts, alarm } from './alarms.ts';
import { bundledFunction } from './bundledFunction.ts';
import type { Settings } from './settings.ts';

/** Some thirty small requests, and three at the edge; more when one of them is tried again. */
const TIMEOUT = Duration.seconds(30);
const LOOK_EVERY = Duration.minutes(1);

type Watched = Pick<AlarmParts, 'says' | 'page' | 'atLeast' | 'atMost' | 'periods' | 'alsoSilence'>;
/** Why a metric has no alarm. */
interface Unwatched {
  readonly unwatched: string;
}

/**
 * What alarms, by metric. A value that lasts a minute is no alarm where it may mend itself: `periods` are minutes. What connectors raise
 * counts for ten minutes (docs/operations.md): it alarms where nothing else shows it and somebody has to do something.
 */
const ALARMS: Record<Metric, Watched | Unwatched> = {
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
  IndexReusedAlarms: {
    says: "lnd's indexes went back: its store is older than it was, or another",
    page: 'index-reused',
    atLeast: 1,
  },
  // An option that fails is tried again after one minute and after two more; a single answer that failed is asked for again.
  MintFailedAlarms: { says: 'lnd refuses to make invoices', page: 'mint-failed', atLeast: 3 },
  // Whoever pays an invoice of the node that is none of ours may raise one.
  MemoUnverifiedAlarms: {
    says: 'Payments come to invoices whose memos do not verify, and are not booked',
    page: 'memo-unverified',
    atLeast: 10,
  },
  // Raised once a minute for a creator who is sent a hundred in it.
  DustAlarms: { says: 'Tips come that are worth less than they cost', page: 'dust', atLeast: 5 },
  IndexGapAlarms: {
    unwatched: 'every node has gaps; the audit that follows at once tells whether a tip is in one',
  },
  SetAsideAlarms: { unwatched: 'AsidesOpen alarms until someone closes it' },
  BehindAlarms: { unwatched: 'CheckpointAge alarms when it lasts' },
  MissedAlarms: { unwatched: 'Drift alarms until an audit finds nothing' },
  SetsGoneAlarms: { unwatched: 'Drift alarms until an audit finds nothing' },
  SumsDifferAlarms: { unwatched: 'Drift alarms until an audit finds nothing' },
  InvoiceGoneAlarms: { unwatched: 'Drift alarms until an audit finds nothing' },
};

/**
 * The watch: a function that measures each minute how table and connectors fare, with an alarm on those of its metrics that somebody must act on
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
    const measured = Object.entries(ALARMS) as [Metric, Watched | Unwatched][];
    const metricOf = (metricName: string) =>
      new CloudWatchMetric({ namespace, metricName, statistic: 'Maximum', period: LOOK_EVERY });
    this.metrics = Object.fromEntries(
      measured.map(([name]) => [name, metricOf(name)]),
    ) as typeof this.metrics;
    for (const [name, watched] of measured) {
      if ('unwatched' in watched) continue;
      const statistic = watched.atMost === undefined ? 'Maximum' : 'Minimum';
      alarm(this, name, { ...watched, metric: this.metrics[name], statistic, period: LOOK_EVERY });
    }
  }
}
