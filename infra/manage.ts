import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { FilterPattern, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { manageAccess } from './access.ts';
import { alarm } from './alarms.ts';
import { bundledFunction } from './bundledFunction.ts';
import type { Settings } from './settings.ts';

/**
 * All together. The function bounds each creator (docs/api.md), in each of its copies: this is several times what one of them gets
 * answered, for API Gateway knows no creators, and what it turns away would be everybody's.
 */
export const THROTTLE = { rateLimit: 500, burstLimit: 1_000 };

/** Shorter than a POST is claimed under its idempotency key. */
const TIMEOUT = Duration.seconds(15);

/**
 * Where services of AWS write logs without a line for each in the account's one policy for that, which has room for a few.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
 */
const VENDED_LOGS = '/aws/vendedlogs';

/** What tells a request apart, without its path, which may hold a payer's set id. */
const LOGGED = AccessLogFormat.custom(
  JSON.stringify({
    at: '$context.requestTime',
    request: '$context.requestId',
    route: '$context.routeKey',
    status: '$context.status',
    ms: '$context.responseLatency',
  }),
);

/**
 * The creator's API: one function behind an HTTP API, which bounds how often anyone asks. A function URL will not do: with
 * CloudFront before it, it would need clients to sign the body of each POST.
 */
export class ManageApi extends Construct {
  /** The HTTPS URL, with a slash at its end. */
  readonly url: string;

  /**
   * @param queues by which connector and deliveries are told at once, where there are such
   */
  constructor(
    scope: Construct,
    id: string,
    table: ITable,
    queues: { invoiceRequests?: Queue | undefined; deliveries?: Queue | undefined },
    { manageConcurrency }: Settings,
  ) {
    super(scope, id);
    const { handler } = bundledFunction(this, {
      description: 'The creator’s API: profile, tip options, webhooks, keys',
      entry: 'functions/manage/handler.ts',
      timeout: TIMEOUT,
      concurrency: manageConcurrency,
      environment: {
        TABLE_NAME: table.tableName,
        ...(queues.invoiceRequests && { INVOICE_REQUESTS_QUEUE_URL: queues.invoiceRequests.queueUrl }),
        ...(queues.deliveries && { DELIVERIES_QUEUE_URL: queues.deliveries.queueUrl }),
      },
      statements: manageAccess(table, queues),
    });
    const api = new HttpApi(this, 'Api', {
      description: 'Ampjar, the creator’s API',
      createDefaultStage: false,
    });
    const integration = new HttpLambdaIntegration('Handler', handler);
    const routes = [
      ...api.addRoutes({ path: '/v1/manage/{proxy+}', methods: [HttpMethod.ANY], integration }),
      ...api.addRoutes({ path: '/v1/events', methods: [HttpMethod.ANY], integration }),
    ];
    for (const route of routes)
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason:
          'The function checks the API key of each request, and gives nothing without one but its own description, which is public.',
      });
    const accessLog = new LogGroup(this, 'AccessLog', {
      logGroupName: `${VENDED_LOGS}/${Stack.of(this).stackName}/manage`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog), format: LOGGED },
    });
    this.url = stage.url;
    this.#alarms(api, accessLog);
  }

  #alarms(api: HttpApi, accessLog: LogGroup) {
    const counted = { statistic: 'Sum', period: Duration.minutes(5) } as const;
    alarm(this, 'FailedAnswers', {
      says: 'Requests to the creator’s API are answered with an error of ours',
      page: 'failed-answers',
      metric: api.metricServerError(),
      ...counted,
      atLeast: 5,
    });
    // An HTTP API has no metric of those it turned away.
    const turnedAway = accessLog.addMetricFilter('TurnedAway', {
      filterPattern: FilterPattern.stringValue('$.status', '=', '429'),
      metricNamespace: Stack.of(this).stackName,
      metricName: 'ManageTurnedAway',
    });
    alarm(this, 'TurnedAway', {
      says: 'Requests to the creator’s API are turned away, being too many',
      page: 'throttled',
      metric: turnedAway.metric(),
      ...counted,
      atLeast: 50,
    });
  }
}
