import { expect, test } from 'vitest';
import type { StageSettings } from '../../infra/settings.ts';
import { type Resource, synthesise } from './synthesise.ts';

/**
 * Whether names of a type are an account's, of all its Regions (or of the world), or those of one Region. A type that is not here
 * fails the test: look it up before it is added.
 */
const SCOPES: Record<string, 'account' | 'region' | 'nameless'> = {
  'AWS::ApiGatewayV2::Api': 'region',
  'AWS::ApiGatewayV2::Integration': 'nameless',
  'AWS::ApiGatewayV2::Route': 'nameless',
  'AWS::ApiGatewayV2::Stage': 'region',
  'AWS::AppSync::Api': 'region',
  'AWS::AppSync::ChannelNamespace': 'region',
  'AWS::Budgets::Budget': 'account',
  'AWS::CDK::Metadata': 'nameless',
  'AWS::CertificateManager::Certificate': 'nameless',
  'AWS::CloudFront::CachePolicy': 'account',
  'AWS::CloudFront::Distribution': 'nameless',
  'AWS::CloudFront::Function': 'account',
  'AWS::CloudFront::OriginAccessControl': 'account',
  'AWS::CloudFront::OriginRequestPolicy': 'account',
  'AWS::CloudFront::ResponseHeadersPolicy': 'account',
  'AWS::CloudWatch::Alarm': 'region',
  'AWS::CloudWatch::Dashboard': 'account',
  'AWS::DynamoDB::Table': 'region',
  'AWS::Events::Rule': 'region',
  'AWS::IAM::ManagedPolicy': 'account',
  'AWS::IAM::Policy': 'nameless',
  'AWS::IAM::Role': 'account',
  'AWS::KMS::Key': 'nameless',
  'AWS::Lambda::EventSourceMapping': 'nameless',
  'AWS::Lambda::Function': 'region',
  'AWS::Lambda::Permission': 'nameless',
  'AWS::Lambda::Url': 'nameless',
  'AWS::Logs::LogGroup': 'region',
  'AWS::Logs::MetricFilter': 'region',
  'AWS::RolesAnywhere::Profile': 'region',
  'AWS::RolesAnywhere::TrustAnchor': 'region',
  'AWS::Route53::RecordSet': 'nameless',
  'AWS::S3::Bucket': 'account',
  'AWS::S3::BucketPolicy': 'nameless',
  'AWS::SNS::Subscription': 'nameless',
  'AWS::SNS::Topic': 'region',
  'AWS::SNS::TopicPolicy': 'nameless',
  'AWS::SQS::Queue': 'region',
  'AWS::SQS::QueuePolicy': 'nameless',
  'AWS::SSM::Association': 'nameless',
  'AWS::SSM::Document': 'region',
  'AWS::SecretsManager::Secret': 'region',
  'AWS::WAFv2::WebACL': 'region',
};

const settingsIn = (region: string): StageSettings => ({
  region,
  domain: { name: 'tips.example.org', hostedZoneId: 'Z0123456789ABCDEFGHIJ', zoneName: 'example.org' },
  firewall: {},
  alarmEmails: ['ops@example.org'],
  budgetDollars: 30,
});

/** A resource's own name, where it is given one: CloudFormation makes one up where not. */
const nameOf = ({ Type, Properties = {} }: Resource): unknown => {
  const own = Type.split('::')[2]!;
  const config = Object.entries(Properties).find(
    ([key]) => key.endsWith('Config') && key.startsWith(own),
  )?.[1];
  return [Properties, config ?? {}].flatMap((at) =>
    ['Name', `${own}Name`, 'FunctionName', 'ManagedPolicyName'].flatMap((key) =>
      key in at ? [at[key]] : [],
    ),
  )[0];
};

const jars = ['eu-central-1', 'ap-northeast-1'].map((region) => ({
  region,
  jar: synthesise(settingsIn(region)),
}));
const all = jars.map(({ jar }) => ({ ...jar.resources, ...jar.usEast1() }));

test('every type of the templates is known to have names of an account or of a Region', () => {
  const types = new Set(all.flatMap((resources) => Object.values(resources).map(({ Type }) => Type)));
  expect([...types].filter((type) => SCOPES[type] === undefined)).toEqual([]);
});

test('the same stage stands in two Regions of an account: no name that is the account’s is the same in both', () => {
  const [here, there] = all as [Record<string, Resource>, Record<string, Resource>];
  const named = Object.entries(here).filter(
    ([, resource]) => SCOPES[resource.Type] === 'account' && nameOf(resource) !== undefined,
  );
  const types = new Set(named.map(([, { Type }]) => Type));
  for (const type of ['CachePolicy', 'OriginRequestPolicy', 'ResponseHeadersPolicy', 'OriginAccessControl'])
    expect(types).toContain(`AWS::CloudFront::${type}`);
  expect(types).toContain('AWS::CloudWatch::Dashboard');
  expect(
    named.filter(([id, resource]) => JSON.stringify(nameOf(resource)) === JSON.stringify(nameOf(there[id]!))),
  ).toEqual([]);
});

test('CloudFront takes the names of access controls: 64 characters at most', () => {
  for (const resources of all)
    for (const resource of Object.values(resources))
      if (resource.Type === 'AWS::CloudFront::OriginAccessControl')
        expect(`${nameOf(resource)}`.length).toBeLessThanOrEqual(64);
});

test('what is in us-east-1 for each of them has a stack of its own', () => {
  expect(jars.map(({ jar }) => jar.stack.dependencies.map(({ stackName }) => stackName))).toEqual(
    jars.map(({ region }) => [`Ampjar-production-of-${region}`]),
  );
});
