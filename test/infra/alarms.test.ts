import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, Duration, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { AlarmTopic, alarm } from '../../infra/alarms.ts';
import { type Resource, synthesise } from './synthesise.ts';

const PAGES = fileURLToPath(new URL('../../docs/incidents/', import.meta.url));
const ACCOUNT = { Ref: 'AWS::AccountId' };

const alarmsOf = (resources: Record<string, Resource>) =>
  Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');

/** A stack of one alarm and a topic, its rules checked as `npm run synth` checks them. */
function synthesiseOne(parts: Partial<Parameters<typeof alarm>[2]>, emails: string[] = []) {
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, 'Test');
  const { topic } = new AlarmTopic(stack, 'Alarms', emails);
  alarm(stack, 'Full', {
    says: 'The jar is full',
    page: 'jar-full',
    metric: new Metric({ namespace: 'Test', metricName: 'Tips' }),
    statistic: 'Sum',
    period: Duration.minutes(5),
    ...parts,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const resources = Template.fromStack(stack).toJSON().Resources as Record<string, Resource>;
  const of = (type: string) =>
    Object.values(resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => Properties);
  return { of, topic: stack.resolve(topic.topicArn) };
}

describe('an alarm', () => {
  test('says what is wrong and where to read on, and tells the topic when it begins and when it is over', () => {
    const { of, topic } = synthesiseOne({ atLeast: 3 });
    expect(of('AWS::CloudWatch::Alarm')).toEqual([
      {
        AlarmDescription: 'The jar is full: see docs/incidents/jar-full.md',
        Namespace: 'Test',
        MetricName: 'Tips',
        Statistic: 'Sum',
        Period: 300,
        Threshold: 3,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        EvaluationPeriods: 1,
        TreatMissingData: 'notBreaching',
        AlarmActions: [topic],
        OKActions: [topic],
      },
    ]);
  });

  test.each([
    [{ atMost: 5 }, { Threshold: 5, ComparisonOperator: 'LessThanOrEqualToThreshold' }],
    [{ atLeast: 1, periods: 3 }, { EvaluationPeriods: 3 }],
    [
      { atLeast: 1, periods: 3, bad: 1 },
      { EvaluationPeriods: 3, DatapointsToAlarm: 1 },
    ],
    [{ atLeast: 1, alsoSilence: true }, { TreatMissingData: 'breaching' }],
  ])('%j is %j', (parts, expected) => {
    expect(synthesiseOne(parts).of('AWS::CloudWatch::Alarm')).toMatchObject([expected]);
  });

  test.each([{}, { atLeast: 1, atMost: 2 }])('needs one threshold: %j is refused', (parts) => {
    expect(() => synthesiseOne(parts)).toThrow('alarm Full: give either atLeast or atMost');
  });
});

describe('the topic of alarms', () => {
  const { of, topic } = synthesiseOne({ atLeast: 1 }, ['ops@example.org', 'night@example.org']);
  const ofHere = {
    StringEquals: { 'aws:SourceAccount': ACCOUNT },
    ArnLike: { 'aws:SourceArn': expect.anything() },
  };

  test('is encrypted with a key that CloudWatch may use, which the one of AWS is not', () => {
    const [key] = of('AWS::KMS::Key');
    expect(of('AWS::SNS::Topic')[0]!.KmsMasterKeyId).toEqual({
      'Fn::GetAtt': [expect.stringContaining('Key'), 'Arn'],
    });
    expect(key).toMatchObject({ EnableKeyRotation: true });
    expect(key!.KeyPolicy.Statement).toContainEqual({
      Sid: 'EncryptAlarms',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Resource: '*',
      Condition: ofHere,
    });
  });

  test('takes what alarms of this account say, and nothing without TLS', () => {
    const [{ PolicyDocument }] = of('AWS::SNS::TopicPolicy') as [{ PolicyDocument: { Statement: object[] } }];
    expect(PolicyDocument.Statement).toEqual([
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      {
        Sid: 'PublishAlarms',
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: topic,
        Condition: ofHere,
      },
    ]);
  });

  test('writes to each address', () => {
    expect(
      of('AWS::SNS::Subscription').map(({ Protocol, Endpoint, TopicArn }) => [Protocol, Endpoint, TopicArn]),
    ).toEqual([
      ['email', 'ops@example.org', topic],
      ['email', 'night@example.org', topic],
    ]);
  });
});

describe('the alarms of the stack', () => {
  const alarms = alarmsOf(synthesise().resources);
  const pageOf = ({ Properties }: Resource) =>
    /^\S.*: see docs\/incidents\/([a-z-]+)\.md$/.exec(Properties.AlarmDescription)?.[1];
  const pages = readdirSync(PAGES).filter((file) => file !== 'README.md');

  test('have a page each, and every page has its alarm', () => {
    expect([...new Set(alarms.map(([, each]) => `${pageOf(each)}.md`))].sort()).toEqual(pages.sort());
  });

  test('have their pages listed in the index', () => {
    const index = readFileSync(`${PAGES}README.md`, 'utf8');
    expect(pages.filter((page) => !index.includes(`](${page})`))).toEqual([]);
  });

  test.each(pages)(
    '%s tells what it means, what is at stake, how to see, what to do, and when it is over',
    (page) => {
      const headings = readFileSync(`${PAGES}${page}`, 'utf8').match(/^## .*$/gm);
      expect(headings).toEqual(['## What it means', '## At stake', '## Look', '## Do', '## Over']);
    },
  );
});
