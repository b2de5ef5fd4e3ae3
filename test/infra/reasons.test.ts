import { describe, expect, test } from 'vitest';
import { manageApp } from '../../functions/manage/app.ts';
import document from '../../functions/manage/openapi.json' with { type: 'json' };
import { type Resource, synthesise } from './synthesise.ts';

/** With all that a rule is acknowledged for. */
const traced = synthesise({ tracing: true, originAccess: 'header' });
const resources = Object.values(traced.resources);
const ofType = (type: string) => resources.filter(({ Type }) => Type === type);
const distribution = traced.only('AWS::CloudFront::Distribution')[1].Properties.DistributionConfig;
const statementsOf = (part: string): Resource['Properties'][] =>
  Object.entries(traced.resources)
    .filter(([id, { Type }]) => Type === 'AWS::IAM::Policy' && id.startsWith(part))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
const wide = (part: string) => statementsOf(part).filter(({ Resource }) => Resource === '*');

/** Whether nothing but services of AWS's may read or write a bucket, and those no more than that. */
const grantsOf = (part: string) =>
  ofType('AWS::S3::BucketPolicy')
    .filter(({ Properties }) => Properties.Bucket.Ref.startsWith(part))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter(({ Effect }) => Effect === 'Allow')
    .map(({ Action, Principal }) => [Action, Principal.Service]);

/**
 * Each rule of cdk-nag's that is acknowledged, by the construct, and what makes its reason true. A rule that is acknowledged
 * anew fails until its line is here.
 */
const REASONS: Record<string, () => unknown> = {
  'Asks AwsSolutions-SQS3': () => {
    const asks = Object.entries(traced.resources).find(([id]) => id.startsWith('Asks'))![1];
    expect(asks.Properties.MessageRetentionPeriod, 'older than anyone who waits').toBe(60);
    // test/connector/requests/invoiceRequests.test.ts: the connector finds without a hint what a hint tells of.
  },
  'Edge/Distribution AwsSolutions-CFR1': () => expect(distribution).not.toHaveProperty('Restrictions'),
  'Edge/Distribution AwsSolutions-CFR2': () =>
    expect(
      synthesise({ region: 'eu-central-1', firewall: {} }).only('AWS::CloudFront::Distribution')[1].Properties
        .DistributionConfig,
    ).toHaveProperty('WebACLId'),
  'Edge/Distribution AwsSolutions-CFR3': () => expect(distribution).not.toHaveProperty('Logging'),
  'Edge/Distribution AwsSolutions-CFR4': () => expect(distribution).not.toHaveProperty('ViewerCertificate'),
  'Manage/Api/ANY--v1--events AwsSolutions-APIG4': keyOrDescription,
  'Manage/Api/ANY--v1--manage--{proxy+} AwsSolutions-APIG4': keyOrDescription,
  'OriginAccess/Secret AwsSolutions-SMG4': () => {
    // Who has it has it as a reference that a deployment resolves, and nobody reads it while running.
    expect(ofType('AWS::SecretsManager::Secret')).toHaveLength(1);
    expect(JSON.stringify(resources)).not.toContain('secretsmanager:GetSecretValue');
  },
  'Settled/GivenUp AwsSolutions-S1': () => expect(grantsOf('SettledGivenUp')).toEqual([]),
  'Settled/Reading AwsSolutions-IAM5[Resource::*]': () =>
    expect(wide('SettledReading').map(({ Action }) => Action)).toEqual(['dynamodb:ListStreams']),
  'Settled/Reading AwsSolutions-IAM5[Resource::<SettledGivenUp.Arn>/aws/lambda/*]': () =>
    expect(statementsOf('SettledReading').filter(({ Action }) => Action === 's3:PutObject')).toHaveLength(1),
  'Static/Bucket AwsSolutions-S1': () =>
    expect(grantsOf('StaticBucket')).toEqual([['s3:GetObject', 'cloudfront.amazonaws.com']]),
  'Webhooks/DeadHints AwsSolutions-SQS3': () => {
    const redriven = ofType('AWS::SQS::Queue').flatMap(({ Properties }) => Properties.RedrivePolicy ?? []);
    expect(redriven.map(({ deadLetterTargetArn }) => deadLetterTargetArn['Fn::GetAtt'][0])).toEqual([
      expect.stringMatching(/^WebhooksDeadHints/),
    ]);
  },
  ...Object.fromEntries(
    ['Public', 'Lnurl', 'Webhooks', 'Settled', 'Manage', 'Watch'].map((part) => [
      `${part}/Function/Tracing AwsSolutions-IAM5[Resource::*]`,
      () =>
        expect(wide(`${part}FunctionTracing`).map(({ Action }) => Action)).toEqual([
          ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
        ]),
    ]),
  ),
};

/** Every operation of the creator's API answers 401 without a key, but the description of all of them. */
async function keyOrDescription() {
  const app = manageApp({
    openapi: document,
    ledger: new Proxy({}, { get: () => expect.unreachable('the table is asked without a key') }) as never,
    clock: () => new Date(),
  } as unknown as Parameters<typeof manageApp>[0]);
  const open: string[] = [];
  for (const [path, operations] of Object.entries(document.paths))
    for (const method of Object.keys(operations)) {
      const asked = path.replace(/\{\w+\}/g, 'any');
      const { status } = await app.request(asked, { method: method.toUpperCase() });
      if (status !== 401) open.push(`${method} ${path} ${status}`);
    }
  const { status } = await app.request('/v1/manage/openapi.json');
  if (status === 200) open.push('get /v1/manage/openapi.json');
  expect(open).toEqual(['get /v1/manage/openapi.json']);
}

/** What is acknowledged in the stack, with the reason. */
const acknowledged = traced.stack.node.findAll().flatMap((node) =>
  node.node.metadata
    .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
    .flatMap(({ data }) => Object.entries(data as Record<string, string>))
    .map(([id, reason]) => ({
      at: `${node.node.path.split('/').slice(1).join('/')} ${id.replace(/^.*::(?=AwsSolutions)/, '').replace(/<(\w+)[0-9A-F]{8}\./, '<$1.')}`,
      reason,
    })),
);

describe('a reason for which a rule is acknowledged', () => {
  test('has a line here that says what makes it true, and every line its rule', () => {
    expect(acknowledged.map(({ at }) => at).sort()).toEqual(Object.keys(REASONS).sort());
  });

  test.each(Object.keys(REASONS))('is true: %s', async (at) => {
    await REASONS[at]!();
  });
});
