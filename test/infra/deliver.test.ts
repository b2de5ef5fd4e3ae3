import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deliverDue } from '../../functions/webhooks/runner.ts';
import { WebhookDelivery } from '../../infra/deliver.ts';
import { ledgerTable } from '../../infra/table.ts';
import { KINDS, type Kind, listed, prefix } from '../../shared/ledger/keys.ts';
import {
  type Authority,
  answers,
  makeAuthority,
  type Receiver,
  startReceiver,
} from '../functions/webhooks/receiver.ts';
import { openStage, type Stage, tipOf } from '../functions/webhooks/stage.ts';
import { recordCalls } from './calls.ts';
import { allows, type Statement } from './iam.ts';
import { type Resource, SHIPPED } from './synthesise.ts';

const app = new App({ analyticsReporting: false, context: { 'aws:cdk:bundling-stacks': [] } });
const stack = new Stack(app, 'Deliveries');
new WebhookDelivery(stack, 'Deliver', ledgerTable(stack, 'Ledger'), SHIPPED);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
const resources = Template.fromStack(stack).toJSON().Resources as Record<string, Resource>;
const ofType = (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type);
const the = (type: string, like = ''): [string, Resource] => {
  const found = ofType(type).filter(([id]) => id.includes(like));
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type}, not one`);
  return found[0]!;
};

const [tableId] = the('AWS::DynamoDB::Table');
const [hintsId, hints] = the('AWS::SQS::Queue', 'DeliverHints');
const [deadId, dead] = the('AWS::SQS::Queue', 'Dead');
const [functionId, handler] = the('AWS::Lambda::Function');
const TABLE = { 'Fn::GetAtt': [tableId, 'Arn'] };
const INDEX = { 'Fn::Join': ['', [TABLE, '/index/listed']] };
const QUEUE = { 'Fn::GetAtt': [hintsId, 'Arn'] };
const statements: Statement[] = the('AWS::IAM::Role')[1].Properties.Policies.flatMap(
  ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
);
const KIND_NAMES = Object.keys(KINDS) as Kind[];
const kindsOf = (action: string) =>
  KIND_NAMES.filter((kind) =>
    allows(statements, {
      action: `dynamodb:${action}`,
      resource: TABLE,
      leadingKeys: [`${prefix(kind)}any`],
    }),
  );

describe('the queue of hints', () => {
  test('is encrypted, keeps a hint for a day, and gives up on it after five tries', () => {
    expect(hints.Properties).toEqual({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 86_400,
      VisibilityTimeout: 360,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [deadId, 'Arn'] }, maxReceiveCount: 5 },
    });
    expect(dead.Properties).toEqual({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
  });

  test('refuses whoever comes without TLS, as does the one beside it', () => {
    const policies = ofType('AWS::SQS::QueuePolicy').map(([, { Properties }]) => Properties);
    expect(policies.map(({ Queues }) => Queues[0].Ref).sort()).toEqual([hintsId, deadId].sort());
    for (const { PolicyDocument } of policies) {
      expect(PolicyDocument.Statement).toMatchObject([
        { Effect: 'Deny', Action: 'sqs:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      ]);
    }
  });

  test('wakes the function, ten hints at a time, in a bounded number of copies, and takes back those that failed', () => {
    expect(the('AWS::Lambda::EventSourceMapping')[1].Properties).toEqual({
      FunctionName: { Ref: functionId },
      EventSourceArn: QUEUE,
      BatchSize: 10,
      ScalingConfig: { MaximumConcurrency: 50 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('raises an alarm for what it gave up', () => {
    expect(the('AWS::CloudWatch::Alarm', 'Dead')[1].Properties).toMatchObject({
      Threshold: 1,
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [deadId, 'QueueName'] } }],
    });
  });
});

describe('the deliver function', () => {
  test('knows the table and the queue, and nothing else', () => {
    expect(handler.Properties.Environment.Variables).toEqual({
      TABLE_NAME: { Ref: tableId },
      DELIVERIES_QUEUE_URL: { Ref: hintsId },
    });
    expect(handler.Properties).toMatchObject({ Runtime: 'nodejs24.x', Timeout: 60 });
  });

  test('looks every minute for what no hint told of', () => {
    expect(the('AWS::Events::Rule')[1].Properties).toMatchObject({ ScheduleExpression: 'rate(1 minute)' });
  });

  test('is open to nobody', () => {
    expect(ofType('AWS::Lambda::Url')).toEqual([]);
  });

  test.each([
    ['BatchGetItem', ['tip', 'webhook']],
    ['Query', ['webhook']],
    ['PutItem', ['delivery']],
    ['UpdateItem', ['delivery']],
    ['GetItem', []],
    ['DeleteItem', []],
    ['ConditionCheckItem', []],
    ['BatchWriteItem', []],
    ['Scan', []],
  ])('may %s %j', (action, kinds) => expect(kindsOf(action).sort()).toEqual(kinds));

  test.each([
    ['status', true],
    ['failingSince', true],
    ['url', false],
    ['secrets', false],
    ['handle', false],
    ['events', false],
  ])('of an endpoint may change its %s: %s', (attribute, allowed) => {
    const update = (kind: Kind, returnValues: string) =>
      allows(statements, {
        action: 'dynamodb:UpdateItem',
        resource: TABLE,
        leadingKeys: [`${prefix(kind)}alice`],
        attributes: ['pk', 'sk', 'version', attribute],
        returnValues,
      });
    expect(update('webhook', 'NONE')).toBe(allowed);
    expect(update('webhook', 'ALL_NEW')).toBe(false);
    expect(update('creator', 'NONE')).toBe(false);
  });

  test('lists deliveries, and nothing else', () => {
    const lists = (listPk: string) =>
      allows(statements, { action: 'dynamodb:Query', resource: INDEX, leadingKeys: [listPk] });
    expect(lists(listed.delivery(3, new Date(0), 'a').listPk)).toBe(true);
    for (const other of [listed.tip('alice', 1n), listed.apiKey('alice', 'a'), listed.creator('alice')])
      expect(lists(other.listPk)).toBe(false);
  });
});

describe('its policy admits all that it asks of the table', () => {
  let authority: Authority;
  let receiver: Receiver;
  let stage: Stage;
  beforeAll(async () => {
    authority = await makeAuthority();
    receiver = await startReceiver(authority);
    stage = await openStage(authority);
  });
  afterAll(async () => {
    await stage.close();
    await receiver.stop();
  });

  test('to deliver, to try again, to note failures and successes, to switch off and tell of it; and no action more', async () => {
    await stage.endpoint(receiver.url('/good'), { events: ['tip.settled', 'endpoint.disabled'] });
    await stage.endpoint(receiver.url('/bad'));
    await stage.endpoint(receiver.url('/gone'));
    await stage.tip(tipOf(1));
    const updates: { leadingKey: string; attributes: string[]; returnValues: string }[] = [];
    const calls = recordCalls(stage.ledger.client);
    stage.ledger.client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          const input = args.input as unknown as {
            Key: { pk: { S: string } };
            ExpressionAttributeNames: Record<string, string>;
            ReturnValues: string;
          };
          if (commandName === 'UpdateItemCommand')
            updates.push({
              leadingKey: input.Key.pk.S,
              attributes: ['pk', 'sk', ...Object.values(input.ExpressionAttributeNames)],
              returnValues: input.ReturnValues,
            });
          return next(args);
        },
      { step: 'initialize', name: 'recordUpdates' },
    );
    const answersOf: Record<string, number> = { '/good': 200, '/bad': 500, '/gone': 410 };
    receiver.behave((response, request, received) =>
      answers(answersOf[received.path]!)(response, request, received),
    );
    await deliverDue({ ...stage.deps, signal: stage.going });
    answersOf['/bad'] = 200;
    stage.pass(10_000);
    await deliverDue({ ...stage.deps, signal: stage.going });
    expect(receiver.requests.map(({ path }) => path).sort()).toEqual([
      '/bad',
      '/bad',
      '/gone',
      '/good',
      '/good',
    ]);

    const refused = calls.filter(({ action, index, leadingKeys }) => {
      if (action === 'dynamodb:UpdateItem') return false;
      return !allows(statements, { action, resource: index ? INDEX : TABLE, leadingKeys: [...leadingKeys] });
    });
    expect(refused).toEqual([]);
    for (const { leadingKey, attributes, returnValues } of updates) {
      const request = { leadingKeys: [leadingKey], attributes, returnValues };
      expect(
        allows(statements, { action: 'dynamodb:UpdateItem', resource: TABLE, ...request }),
        leadingKey,
      ).toBe(true);
    }
    expect(updates.some(({ leadingKey }) => leadingKey.startsWith('webhook#'))).toBe(true);
    const named = statements
      .flatMap(({ Action }) => Action)
      .filter((action) => action.startsWith('dynamodb:'));
    expect([...new Set(calls.map(({ action }) => action))].sort()).toEqual([...new Set(named)].sort());
  });
});
