import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { alarm } from './alarms.ts';

const LOOK = Duration.minutes(5);

/** A single one is tried again or asked again. */
const ERRORS = 3;
/** A crowd may be turned away for a moment: readers are answered from the cache, and what waits is taken a little later. */
const THROTTLES = 10;
const FAILED_ANSWERS = 5;

/** The alarms of a function: it fails, and it is kept from running. */
export function functionAlarms(scope: Construct, handler: LambdaFunction, description: string): void {
  const within = new Construct(scope, 'Watched');
  const counted = { statistic: 'Sum', period: LOOK } as const;
  alarm(within, 'Failing', {
    says: `A function fails (${description})`,
    page: 'function-failing',
    metric: handler.metricErrors(),
    ...counted,
    atLeast: ERRORS,
  });
  alarm(within, 'Throttled', {
    says: `A function is kept from running (${description})`,
    page: 'throttled',
    metric: handler.metricThrottles(),
    ...counted,
    atLeast: THROTTLES,
  });
}

/** The alarm of a function with a URL: it answers that something is wrong on this side, or not at all. */
export function answersAlarm(scope: Construct, handler: LambdaFunction, description: string): void {
  alarm(scope, 'FailedAnswers', {
    says: `Requests are answered with an error of ours (${description})`,
    page: 'failed-answers',
    metric: handler.metric('Url5xxCount'),
    statistic: 'Sum',
    period: LOOK,
    atLeast: FAILED_ANSWERS,
  });
}
