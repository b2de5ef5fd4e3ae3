import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enqueue } from '../../functions/deliveries/enqueue.ts';
import { checkSums } from '../../functions/outbox/checkSums.ts';
import type { OutboxDeps } from '../../functions/outbox/publish.ts';
import { GRACE_MS, reconcile } from '../../functions/outbox/reconcile.ts';
import { isNewTip, publishRecords } from '../../functions/outbox/stream.ts';
import { liveMessages } from '../../functions/realtime/message.ts';
import { SettledEvents } from '../../infra/settled.ts';
import { ledgerTable } from '../../infra/table.ts';
import { editCreator, putWebhook } from '../../shared/ledger/index.ts';
import { KINDS, type Kind, listed, prefix } from '../../shared/ledger/keys.ts';
import { openStage, type Stage } from '../functions/outbox/stage.ts';
import { NOW } from '../shared/ledger/book.ts';
import { type Call, recordCalls } from './calls.ts';
import { allows, type Statement } from './iam.ts';
import { type Resource, SHIPPED } from './synthesise.ts';

const PUBLISH_URL = 'https://abc.appsync-api.eu-central-1.amazonaws.com/event';

const PUBLISHING = 'arn:aws:appsync:eu-central-1:111122223333:apis/abc/channelNamespace/tips';

/** A stack of a table, a queue and the construct, its rules checked as `npm run synth` checks them. */
function synthesise({ live = true } = {}) {
  const app = new App({ analyticsReporting: false, context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = new Stack(app, 'Test');
  const deliveries = new Queue(stack, 'Deliveries', { enforceSSL: true });
  const reason = 'stands in for the queue of the whole stack';
  Validations.of(deliveries).acknowledge({ id: 'AwsSolutions-SQS3', reason });
  const publishStatement = new PolicyStatement({
    actions: ['appsync:EventPublish'],
    resources: [PUBLISHING],
  });
  const targets = { publishEnvironment: { LIVE_PUBLISH_URL: PUBLISH_URL }, publishStatement };
  const table = ledgerTable(stack, 'Ledger');
  new SettledEvents(stack, 'Settled', table, { deliveries, ...(live && { live: targets }) }, SHIPPED);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return Template.fromStack(stack).toJSON().Resources as Record<string, Resource>;
}

const resources = synthesise();
const only = (type: string, of = resources): [string, Resource] => {
  const found = Object.entries(of).filter(([, { Type }]) => Type === type);
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type}, not one`);
  return found[0]!;
};
const [functionId, { Properties: handler }] = only('AWS::Lambda::Function');
const [tableId] = only('AWS::DynamoDB::Table');
const [bucketId, bucket] = only('AWS::S3::Bucket');
const [queueId] = only('AWS::SQS::Queue');
const [mappingId, mapping] = only('AWS::Lambda::EventSourceMapping');
const TABLE = { 'Fn::GetAtt': [tableId, 'Arn'] };
const INDEX = { 'Fn::Join': ['', [TABLE, '/index/listed']] };
const STREAM = { 'Fn::GetAtt': [tableId, 'StreamArn'] };
const QUEUE = { 'Fn::GetAtt': [queueId, 'Arn'] };
const BUCKET = { 'Fn::GetAtt': [bucketId, 'Arn'] };
const OBJECTS = { 'Fn::Join': ['', [BUCKET, '/aws/lambda/*']] };

const [, { Properties: role }] = only('AWS::IAM::Role');
const [readingId, reading] = Object.entries(resources).find(
  ([id, { Type }]) => Type === 'AWS::IAM::Policy' && id.includes('Reading'),
)!;
const statements: Statement[] = [
  ...role.Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
  ),
  ...reading.Properties.PolicyDocument.Statement,
];
const KIND_NAMES = Object.keys(KINDS) as Kind[];
const kindsOf = (action: string) =>
  KIND_NAMES.filter((kind) =>
    allows(statements, {
      action: `dynamodb:${action}`,
      resource: TABLE,
      leadingKeys: [`${prefix(kind)}any`],
    }),
  );

describe('the settled function', () => {
  test('knows table, queue and live side, and is given nothing else to know', () => {
    expect(handler.Environment.Variables).toEqual({
      TABLE_NAME: { Ref: tableId },
      DELIVERIES_QUEUE_URL: { Ref: queueId },
      LIVE_PUBLISH_URL: PUBLISH_URL,
    });
  });

  test('runs on nodejs24.x and arm64, for no longer than five minutes, and answers no one', () => {
    expect(handler).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Timeout: 300 });
    expect(Object.values(resources).some(({ Type }) => Type === 'AWS::Lambda::Url')).toBe(false);
  });

  test('needs no live side', () => {
    const without = synthesise({ live: false });
    const { Environment } = only('AWS::Lambda::Function', without)[1].Properties;
    expect(Object.keys(Environment.Variables)).not.toContain('LIVE_PUBLISH_URL');
    expect(JSON.stringify(without)).not.toContain('appsync');
  });

  test('has a log that is kept for a month, whose alarms are a metric', () => {
    expect(only('AWS::Logs::LogGroup')[1].Properties.RetentionInDays).toBe(30);
    expect(handler.LoggingConfig).toMatchObject({ LogFormat: 'JSON' });
    expect(only('AWS::Logs::MetricFilter')[1].Properties).toMatchObject({
      FilterPattern: '{ $.message.alarm = "*" }',
      MetricTransformations: [{ MetricNamespace: 'Test', MetricName: 'SettledAlarms', MetricValue: '1' }],
    });
    const alarms = Object.values(resources).filter(
      ({ Type, Properties }) =>
        Type === 'AWS::CloudWatch::Alarm' && !/^(Errors|Throttles)$/.test(Properties.MetricName),
    );
    expect(
      alarms.map(({ Properties: { MetricName, Statistic, Threshold } }) => [
        MetricName,
        Statistic,
        Threshold,
      ]),
    ).toEqual([
      ['SettledAlarms', 'Sum', 1],
      ['IteratorAge', 'Maximum', 600_000],
      ['NumberOfObjects', 'Maximum', 1],
    ]);
  });
});

describe('the event source', () => {
  test('gives it new tips alone, in bounded batches, without waiting for them to fill', async () => {
    const { Filters } = mapping.Properties.FilterCriteria;
    expect(Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern))).toEqual([
      { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'tip#' }] } } } },
    ]);
    expect(mapping.Properties).toMatchObject({
      EventSourceArn: STREAM,
      FunctionName: { Ref: functionId },
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 100,
    });
    expect(mapping.Properties).not.toHaveProperty('MaximumBatchingWindowInSeconds');
  });

  test('goes on from the record that failed, halves what fails, and is bounded in tries and in age', () => {
    expect(mapping.Properties).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 30,
      MaximumRecordAgeInSeconds: 6 * 3_600,
      DestinationConfig: { OnFailure: { Destination: BUCKET } },
    });
  });

  test('is made when its role may read the stream', () => {
    expect((mapping as unknown as { DependsOn: string[] }).DependsOn).toContain(readingId);
    expect(mappingId).toBeDefined();
  });

  test('leaves what it gives up in a bucket that is closed, encrypted, and forgets', () => {
    expect(bucket.Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 30, Status: 'Enabled' }] },
    });
    expect(bucket.Properties).toHaveProperty('BucketEncryption');
    const [{ Effect, Condition }] = only('AWS::S3::BucketPolicy')[1].Properties.PolicyDocument.Statement;
    expect([Effect, Condition]).toEqual(['Deny', { Bool: { 'aws:SecureTransport': 'false' } }]);
  });
});

test('the sweep comes every quarter of an hour, and is not repeated', () => {
  expect(only('AWS::Events::Rule')[1].Properties).toMatchObject({
    ScheduleExpression: 'rate(15 minutes)',
    State: 'ENABLED',
    Targets: [
      {
        Arn: { 'Fn::GetAtt': [functionId, 'Arn'] },
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 900 },
      },
    ],
  });
});

describe('its role', () => {
  test.each([
    ['BatchGetItem', ['tip', 'totals', 'handed', 'checked']],
    ['GetItem', ['creator']],
    ['Query', ['webhook']],
    ['UpdateItem', ['handed']],
    ['PutItem', ['parked', 'checked', 'delivery']],
    ['DeleteItem', []],
    ['ConditionCheckItem', []],
    ['BatchWriteItem', []],
    ['Scan', []],
  ])('may %s %j', (action, kinds) => expect(kindsOf(action)).toEqual(kinds));

  test.each([
    [listed.tip('alice', 1n), true],
    [listed.dust('alice', 1n), true],
    [listed.creator('alice'), true],
    [listed.apiKey('alice', 'a'), false],
    [listed.delivery(0, NOW, 'a'), false],
    [listed.invoiceRequest(0, NOW, 'a'), false],
    [listed.node('02ab'), false],
    [listed.wrongSums('alice'), false],
  ])('may list %j: %j', ({ listPk }, allowed) => {
    expect(allows(statements, { action: 'dynamodb:Query', resource: INDEX, leadingKeys: [listPk] })).toBe(
      allowed,
    );
  });

  test.each([
    ['dynamodb:GetRecords', STREAM, true],
    ['dynamodb:GetShardIterator', STREAM, true],
    ['dynamodb:DescribeStream', STREAM, true],
    ['dynamodb:ListStreams', '*', true],
    ['s3:PutObject', OBJECTS, true],
    ['s3:ListBucket', BUCKET, true],
    ['s3:GetObject', OBJECTS, false],
    ['s3:DeleteObject', OBJECTS, false],
    ['sqs:SendMessage', QUEUE, true],
    ['sqs:ReceiveMessage', QUEUE, false],
    ['sqs:DeleteMessage', QUEUE, false],
    ['appsync:EventPublish', PUBLISHING, true],
  ])('%s on %j: %j', (action, resource, allowed) => {
    expect(allows(statements, { action, resource })).toBe(allowed);
  });
});

describe('its role admits all that it asks', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.close());

  test('of the table, with webhooks and open pages, by the stream, the sweep and the check of sums, and no more than that', async () => {
    await editCreator(stage.ledger, 'alice', { shows: 'messages' });
    const endpoint = { handle: 'alice', url: 'https://shop.example/hook', events: ['tip.settled' as const] };
    await putWebhook(stage.ledger, endpoint, NOW, (length) => Buffer.alloc(length, 7));
    const { ledger } = stage;
    const all = recordCalls(ledger.client);
    const calls: Call[] = [];
    /** What is asked of the table meanwhile. */
    const watch = async (work: () => Promise<unknown>) => {
      const before = all.length;
      await work();
      calls.push(...all.slice(before));
    };
    const queued: unknown[] = [];
    const shown: unknown[] = [];
    const deps: OutboxDeps = {
      ...stage.deps,
      enqueue: async (events) => queued.push(...(await enqueue(ledger, events, NOW))),
      publish: async (events) => shown.push(...(await liveMessages(ledger, events))),
    };
    await stage.book('alice', 2);
    const records = await stage.records();
    await watch(() => publishRecords(records, deps));
    expect([queued.length, shown.length]).toEqual([2, 1]);
    const poison = structuredClone(records.find(isNewTip)!);
    delete poison.dynamodb!.NewImage!.amountMsat;
    await watch(() => publishRecords([poison], deps));
    await stage.book('alice', 1);
    stage.pass(GRACE_MS);
    await watch(() => reconcile(deps));
    await watch(() => checkSums(deps));
    expect(queued).toHaveLength(3);

    const refused = calls.filter(
      ({ action, index, leadingKeys }) =>
        !allows(statements, { action, resource: index ? INDEX : TABLE, leadingKeys: [...leadingKeys] }),
    );
    expect(refused).toEqual([]);
    const asked = (action: string) =>
      KIND_NAMES.filter((kind) =>
        calls.some(
          (call) =>
            call.action === `dynamodb:${action}` &&
            call.leadingKeys.some((key) => key.startsWith(prefix(kind))),
        ),
      );
    for (const action of ['GetItem', 'BatchGetItem', 'Query', 'UpdateItem', 'PutItem'])
      expect([action, asked(action)]).toEqual([action, kindsOf(action)]);
  });
});
