import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { CREATOR_RATE } from '../../functions/manage/app.ts';
import { ManageApi, THROTTLE } from '../../infra/manage.ts';
import { readSettings } from '../../infra/settings.ts';
import { ledgerTable } from '../../infra/table.ts';
import { CLAIM_MS } from '../../shared/ledger/idempotency.ts';
import { KINDS, type Kind, listed, prefix } from '../../shared/ledger/keys.ts';
import { openStage } from '../functions/manage/stage.ts';
import { tour } from '../functions/manage/tour.ts';
import { recordCalls } from './calls.ts';
import { allows, type Statement } from './iam.ts';
import type { Resource } from './synthesise.ts';

const app = new App({ analyticsReporting: false, context: { 'aws:cdk:bundling-stacks': [] } });
const stack = new Stack(app, 'Manage');
const table = ledgerTable(stack, 'Ledger');
const queue = (id: string) => {
  const made = new Queue(stack, id, { enforceSSL: true });
  Validations.of(made).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'Stands for one of another construct.',
  });
  return made;
};
const settings = readSettings({ stages: { production: {} } }, 'production');
const queues = { invoiceRequests: queue('Asks'), deliveries: queue('Deliveries') };
const api = new ManageApi(stack, 'Api', table, queues, settings);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
const template = Template.fromStack(stack).toJSON();
const resources = Object.entries(template.Resources as Record<string, Resource>);
const ofType = (type: string) => resources.filter(([, { Type }]) => Type === type);
const only = (type: string) => {
  expect(ofType(type), type).toHaveLength(1);
  return ofType(type)[0]!;
};

const [tableId] = only('AWS::DynamoDB::Table');
const TABLE = { 'Fn::GetAtt': [tableId, 'Arn'] };
const INDEX = { 'Fn::Join': ['', [TABLE, '/index/listed']] };
const handler = only('AWS::Lambda::Function')[1].Properties;
const statements: Statement[] = only('AWS::IAM::Role')[1].Properties.Policies.flatMap(
  ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
);

const kinds = Object.keys(KINDS) as Kind[];
const kindsOf = (action: string, attributes?: string[]) =>
  kinds.filter((kind) =>
    allows(statements, {
      action: `dynamodb:${action}`,
      resource: TABLE,
      leadingKeys: [`${prefix(kind)}any`],
      ...(attributes && { attributes }),
    }),
  );

/** What an update that erases a text names. */
const ERASING = ['pk', 'sk', 'handle', 'message', 'sender'];
const READS = ['GetItem', 'BatchGetItem', 'Query'];

describe('the manage function', () => {
  test('reads what creators are shown, and neither invoices nor nodes', () => {
    for (const action of READS)
      expect(kindsOf(action)).toEqual(['creator', 'current', 'tip', 'totals', 'webhook', 'delivery', 'key']);
  });

  test('puts what creators set up, and neither an invoice, nor an attribution, nor a tip, nor a sum', () => {
    const puts = ['creator', 'option', 'want', 'webhook', 'delivery', 'key', 'idempotency'];
    expect(kindsOf('PutItem')).toEqual(puts);
    expect(kindsOf('UpdateItem', ['anything'])).toEqual([
      'webhook',
      'delivery',
      'key',
      'allowance',
      'idempotency',
    ]);
    expect(kindsOf('DeleteItem')).toEqual(['webhook']);
    expect(kindsOf('BatchWriteItem')).toEqual([]);
  });

  const mayErase = (attributes: string[] | undefined, leadingKeys = ['tip#any'], returnValues?: string) =>
    allows(statements, {
      action: 'dynamodb:UpdateItem',
      resource: TABLE,
      leadingKeys,
      ...(attributes && { attributes }),
      ...(returnValues && { returnValues }),
    });

  test('updates of a tip what its payer wrote, and no other attribute', () => {
    expect(mayErase(ERASING)).toBe(true);
    expect(mayErase(ERASING, ['tip#any'], 'NONE')).toBe(true);
    expect(mayErase(ERASING, ['tip#any'], 'ALL_OLD')).toBe(false);
    expect(mayErase(undefined)).toBe(false);
    for (const other of ['amountMsat', 'settledAt', 'sequence', 'optionId', 'listPk', 'setId'])
      expect(mayErase([...ERASING, other]), other).toBe(false);
    expect(mayErase(ERASING, ['totals#any'])).toBe(false);
  });

  test('lists tips, keys and creators', () => {
    const lists = {
      tip: listed.tip('alice', 1n),
      dust: listed.dust('alice', 1n),
      apiKey: listed.apiKey('alice', 'a'),
      creator: listed.creator('alice'),
      currentInvoice: listed.currentInvoice('02ab', 'ff'),
      node: listed.node('02ab'),
      ask: listed.invoiceRequest(0, new Date(0), 'a'),
      delivery: listed.delivery(0, new Date(0), 'a'),
    };
    const query = (listPk: string) =>
      allows(statements, { action: 'dynamodb:Query', resource: INDEX, leadingKeys: [listPk] });
    expect(Object.entries(lists).flatMap(([name, { listPk }]) => (query(listPk) ? [name] : []))).toEqual([
      'tip',
      'dust',
      'apiKey',
      'creator',
    ]);
  });

  test('tells both queues, and reads neither', () => {
    const toQueues = statements.filter(({ Action }) => JSON.stringify(Action).includes('sqs:'));
    expect(toQueues.map(({ Action }) => Action)).toEqual(['sqs:SendMessage', 'sqs:SendMessage']);
    expect(Object.keys(handler.Environment.Variables).sort()).toEqual([
      'DELIVERIES_QUEUE_URL',
      'INVOICE_REQUESTS_QUEUE_URL',
      'TABLE_NAME',
    ]);
  });

  test('names actions in full, and no resource but these', () => {
    for (const { Action, Resource } of statements) {
      expect(JSON.stringify(Action)).not.toContain('*');
      expect(JSON.stringify(Resource)).not.toContain('"*"');
    }
  });

  test('ends before a claim under an idempotency key does', () => {
    expect(handler).toMatchObject({ Runtime: 'nodejs24.x', Timeout: 15, ReservedConcurrentExecutions: 10 });
    expect(handler.Timeout * 1_000).toBeLessThan(CLAIM_MS);
  });

  test('is admitted all that it asks in answer to each operation, and nothing more', async () => {
    const stage = await openStage();
    const calls = recordCalls(stage.ledger.client);
    await tour(stage);
    await stage.close();
    expect(stage.problems).toEqual([]);
    const refused = calls.filter(({ action, index, leadingKeys, attributes }) => {
      const resource = index ? INDEX : TABLE;
      const named = { leadingKeys: [...leadingKeys], ...(attributes && { attributes: [...attributes] }) };
      return !allows(statements, { action, resource, ...named });
    });
    expect(refused).toEqual([]);

    for (const actions of [READS, ['PutItem'], ['UpdateItem'], ['DeleteItem']]) {
      const used = calls.filter(
        ({ action, index }) => !index && actions.some((each) => action.endsWith(`:${each}`)),
      );
      const keysUsed = used.flatMap(({ leadingKeys }) => leadingKeys);
      const [first] = actions as [string];
      expect(kindsOf(first, first === 'UpdateItem' ? ERASING : undefined), first).toEqual(
        kinds.filter((kind) => keysUsed.some((key) => key.startsWith(prefix(kind)))),
      );
    }
    const listOf = (key: string) => key.split('#')[0]!;
    const lists = new Set(calls.flatMap(({ index, leadingKeys }) => (index ? leadingKeys.map(listOf) : [])));
    const { Condition } = statements.find(({ Sid }) => Sid === 'ListItems')!;
    const admitted = Condition!['ForAllValues:StringLike']!['dynamodb:LeadingKeys'] as string[];
    expect([...lists].sort()).toEqual(admitted.map(listOf).sort());
  });
});

describe('the HTTP API', () => {
  test('bounds how often anyone asks, several times beyond what one creator gets answered', () => {
    const ofOne = Number(settings.manageConcurrency) * CREATOR_RATE.perSecond;
    expect(THROTTLE.rateLimit).toBeGreaterThanOrEqual(4 * ofOne);
    expect(only('AWS::ApiGatewayV2::Stage')[1].Properties).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1_000 },
    });
  });

  test('logs no path, for a path may hold a set id', () => {
    const { Format } = only('AWS::ApiGatewayV2::Stage')[1].Properties.AccessLogSettings;
    expect(Object.values(JSON.parse(Format))).toEqual([
      '$context.requestTime',
      '$context.requestId',
      '$context.routeKey',
      '$context.status',
      '$context.responseLatency',
    ]);
  });

  test('leads to the function, and lets no other site’s page in', () => {
    expect(ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties.RouteKey)).toEqual([
      'ANY /v1/manage/{proxy+}',
      'ANY /v1/events',
    ]);
    expect(only('AWS::ApiGatewayV2::Api')[1].Properties).not.toHaveProperty('CorsConfiguration');
    expect(api.url).toBeTruthy();
  });
});
