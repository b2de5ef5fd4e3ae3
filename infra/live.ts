import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AppSyncAuthorizationType, AppSyncEventResource, EventApi } from 'aws-cdk-lib/aws-appsync';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { reserved } from './bundledFunction.ts';
import type { Copies } from './concurrency.ts';
import { functionAlarms } from './functionAlarms.ts';
import type { Settings } from './settings.ts';

/** The namespace of the channels `/tips/<handle>`. */
const NAMESPACE = 'tips';

/** AppSync's longest. */
const REMEMBERED = Duration.hours(1);

/**
 * Lets in whoever connects and subscribes: what is published there anyone may read. It is asked for nothing else, since
 * publishing is left to IAM; and not often, since all pages come with one token, whose answer AppSync remembers.
 */
const ADMIT_ALL = 'exports.handler = async () => ({ isAuthorized: true });';

/** The token that pages come with. Others are refused before the authorizer is asked. */
const TOKEN = '^public$';

/**
 * The live side: an AppSync Event API that browsers listen to, each creator's tips at `/tips/<handle>`
 * (docs/decisions/live.md).
 */
export class LiveEvents extends Construct {
  /** Where listeners connect to, and the domain that they name there. */
  readonly url: string;
  readonly host: string;
  /** What functions that tell pages, or publish, are given as environment. */
  readonly pageEnvironment: { LIVE_REALTIME_HOST: string; LIVE_HTTP_HOST: string };
  readonly publishEnvironment: { LIVE_PUBLISH_URL: string };
  /** What a role needs that may publish tips, and to no other channel. */
  readonly publishStatement: PolicyStatement;

  constructor(scope: Construct, id: string, { liveConcurrency }: Settings) {
    super(scope, id);
    const { LAMBDA, IAM } = AppSyncAuthorizationType;
    const api = new EventApi(this, 'Api', {
      apiName: `${this.node.path.replaceAll('/', '-')}-tips`,
      authorizationConfig: {
        authProviders: [
          { authorizationType: IAM },
          {
            authorizationType: LAMBDA,
            lambdaAuthorizerConfig: {
              handler: this.#authorizer(liveConcurrency),
              resultsCacheTtl: REMEMBERED,
              validationRegex: TOKEN,
            },
          },
        ],
        connectionAuthModeTypes: [LAMBDA],
        defaultSubscribeAuthModeTypes: [LAMBDA],
        defaultPublishAuthModeTypes: [IAM],
      },
    });
    api.addChannelNamespace(NAMESPACE);

    this.url = `wss://${api.realtimeDns}/event/realtime`;
    this.host = api.httpDns;
    this.pageEnvironment = { LIVE_REALTIME_HOST: api.realtimeDns, LIVE_HTTP_HOST: api.httpDns };
    this.publishEnvironment = { LIVE_PUBLISH_URL: `https://${api.httpDns}/event` };
    this.publishStatement = new PolicyStatement({
      sid: 'PublishTips',
      actions: ['appsync:EventPublish'],
      resources: AppSyncEventResource.ofChannelNamespace(NAMESPACE).resourceArns(api),
    });
  }

  #authorizer(copies: Copies) {
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    const description = 'Lets in who listens to tips';
    const authorizer = new LambdaFunction(this, 'Authorizer', {
      description,
      code: Code.fromInline(ADMIT_ALL),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 128,
      timeout: Duration.seconds(3),
      reservedConcurrentExecutions: reserved(copies),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    functionAlarms(this, authorizer, description);
    return authorizer;
  }
}
