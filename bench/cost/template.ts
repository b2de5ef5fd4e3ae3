import { ALARM_METRICS } from '../../shared/contract/metrics.ts';
import { sum, times, type Usage } from './prices.ts';

/** A resource of a CloudFormation template, as far as it is looked at. */
export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the properties of any type of resource
  readonly Properties?: Record<string, any>;
}

export type Resources = Readonly<Record<string, Resource>>;

/** AWS counts a month as 730 hours. */
export const MONTH_SECONDS = 730 * 3600;

/** Lambda looks into a queue by five long polls at once, of 20 seconds each. */
const POLLS_A_MONTH = (5 * MONTH_SECONDS) / 20;

/**
 * What Lambda itself logs of an invocation that goes well as JSON, unless it is told not to: its start and its report, with what
 * CloudWatch adds to an event.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
 */
const SYSTEM_LOG_BYTES = 650;

const GB = 1e9;

/** Types of resources that cost nothing by being there; what goes through them is counted where it is used. */
const FREE = new Set(
  `ApiGatewayV2::Api ApiGatewayV2::Integration ApiGatewayV2::Route ApiGatewayV2::Stage AppSync::Api AppSync::ChannelNamespace
  Budgets::Budget CloudFront::CachePolicy CloudFront::Distribution CloudFront::Function CloudFront::OriginAccessControl
  CloudFront::OriginRequestPolicy CloudFront::ResponseHeadersPolicy DynamoDB::Table IAM::ManagedPolicy IAM::Policy IAM::Role
  KMS::Alias Lambda::EventSourceMapping Lambda::Function Lambda::Permission Lambda::Url Logs::LogGroup Logs::MetricFilter
  Route53::RecordSet S3::Bucket S3::BucketPolicy SNS::Subscription SNS::Topic SNS::TopicPolicy SQS::Queue SQS::QueuePolicy
  Events::Rule CloudFormation::WaitConditionHandle CDK::Metadata CertificateManager::Certificate
  RolesAnywhere::Profile RolesAnywhere::TrustAnchor SSM::Association SSM::Document SSM::Parameter`
    .split(/\s+/)
    .map((type) => `AWS::${type}`),
);

/** What a resource costs a month by being there. */
const STANDING: Record<string, (properties: NonNullable<Resource['Properties']>) => Usage> = {
  'AWS::CloudWatch::Alarm': ({ Metrics }) => ({
    alarm: Metrics?.filter((each: { MetricStat?: object }) => each.MetricStat).length ?? 1,
  }),
  'AWS::CloudWatch::Dashboard': () => ({ dashboard: 1 }),
  'AWS::KMS::Key': () => ({ key: 1 }),
  'AWS::WAFv2::WebACL': ({ Rules }) => ({ firewall: 1, firewallRule: Rules.length }),
};

/** What the stack costs a month by being there, without its schedules. @throws Error for a type of resource that is not known */
export function standing(resources: Resources): Usage {
  const all = Object.entries(resources).map(([id, { Type, Properties = {} }]): Usage => {
    if (STANDING[Type]) return STANDING[Type](Properties);
    // Custom resources are functions that run when the stack is changed.
    if (FREE.has(Type) || Type.startsWith('Custom::')) return {};
    throw new Error(`${id}: what a ${Type} costs is not known: add it to bench/cost/template.ts`);
  });
  return sum(
    ...all,
    { metric: ownMetrics(resources).size },
    times(hearings(resources), { queueRequest: POLLS_A_MONTH }),
  );
}

/** Metrics of the stack's own that alarms look at: each costs as long as it has values, some only while something is wrong. */
function ownMetrics(resources: Resources): Set<string> {
  const seldom = new Set<string>([
    ...ofType(resources, 'AWS::Logs::MetricFilter').map(
      ({ Properties }) => Properties!.MetricTransformations[0].MetricName,
    ),
    ...Object.values(ALARM_METRICS),
  ]);
  const own = ofType(resources, 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Properties!)
    .filter(
      ({ Namespace, MetricName }) =>
        Namespace && !String(Namespace).startsWith('AWS/') && !seldom.has(MetricName),
    )
    .map(({ MetricName, Dimensions }) => JSON.stringify([MetricName, Dimensions]));
  return new Set(own);
}

/** How many functions hear a queue. */
const hearings = (resources: Resources) =>
  ofType(resources, 'AWS::Lambda::EventSourceMapping').filter(
    ({ Properties }) => !Properties!.StartingPosition,
  ).length;

const ofType = (resources: Resources, type: string) =>
  Object.values(resources).filter(({ Type }) => Type === type);

/** The function of a part of the stack, by the beginning of its name there. @throws Error when there is not one */
function functionOf(
  resources: Resources,
  part: string,
): [id: string, properties: NonNullable<Resource['Properties']>] {
  const found = Object.entries(resources).filter(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(`${part}Function`),
  );
  if (found.length !== 1) throw new Error(`${part}: ${found.length} functions, not one`);
  return [found[0]![0], found[0]![1].Properties!];
}

/** Memory that comes with one whole processor, in MB. @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MB_OF_A_PROCESSOR = 1_769;
/** From a function to DynamoDB and back. */
const ROUND_TRIP_MS = 5;

/**
 * What an invocation of a function costs, beside what it asks of others.
 * @param work milliseconds that it computes on a whole processor, and requests that it waits for one after another
 */
export function invocation(
  resources: Resources,
  part: string,
  work: { ms: number; requests: number },
): Usage {
  const [, { MemorySize, TracingConfig, LoggingConfig }] = functionOf(resources, part);
  const share = Math.min(1, MemorySize / MB_OF_A_PROCESSOR);
  const seconds = (work.ms / share + work.requests * ROUND_TRIP_MS) / 1000;
  const silent = LoggingConfig?.SystemLogLevel === 'WARN';
  return {
    lambdaRequest: 1,
    lambdaGbSecond: (MemorySize / 1024) * seconds,
    logGb: silent ? 0 : SYSTEM_LOG_BYTES / GB,
    trace: TracingConfig?.Mode === 'Active' ? 1 : 0,
  };
}

const UNITS: Record<string, number> = { minute: 60, hour: 3600, day: 86_400 };

/** How often a month a function is woken by the clock. */
export function wakings(resources: Resources, part: string): number {
  const [id] = functionOf(resources, part);
  const rules = ofType(resources, 'AWS::Events::Rule').filter(({ Properties }) =>
    JSON.stringify(Properties!.Targets).includes(`"${id}"`),
  );
  return rules.reduce((sum, { Properties }) => {
    const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(Properties!.ScheduleExpression);
    if (!rate) throw new Error(`${Properties!.ScheduleExpression}: not a rate`);
    return sum + MONTH_SECONDS / (Number(rate[1]) * UNITS[rate[2]!]!);
  }, 0);
}

/** Whether each request goes through a CloudFront Function, as it does where the service has no domain of its own. */
export const hasEdgeFunction = (resources: Resources): boolean =>
  ofType(resources, 'AWS::CloudFront::Function').length > 0;
