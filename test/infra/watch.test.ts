import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { measure } from '../../functions/watch/measure.ts';
import { METRICS } from '../../shared/contract/metrics.ts';
import { park, saveVitalSigns } from '../../shared/ledger/index.ts';
import { KINDS, type Kind, listed, prefix } from '../../shared/ledger/keys.ts';
import { lead, NODE, NOW, openBook } from '../shared/ledger/book.ts';
import { recordCalls } from './calls.ts';
import { allows, type Statement } from './iam.ts';
import { type Resource, synthesise } from './synthesise.ts';

const template = synthesise();
const ofType = (type: string, part = '') =>
  Object.entries(template.resources).filter(([id, { Type }]) => Type === type && id.startsWith(part));
const [tableId] = template.only('AWS::DynamoDB::Table');
const [functionId, { Properties: handler }] = template.only('AWS::Lambda::Function', 'Watch');
const TABLE = { 'Fn::GetAtt': [tableId, 'Arn'] };
const INDEX = { 'Fn::Join': ['', [TABLE, '/index/listed']] };
const statements: Statement[] = template.only('AWS::IAM::Role', 'Watch')[1].Properties.Policies[0]
  .PolicyDocument.Statement;

describe('the watch function', () => {
  test('knows the table, its namespace, which no other stack of the account has, and what readers know', () => {
    expect(handler.Environment.Variables).toEqual({
      TABLE_NAME: { Ref: tableId },
      METRICS_NAMESPACE: 'Ampjar-production',
      EDGE_URL: template.outputs.PublicUrl!.Value,
    });
  });

  test('looks each minute, and what failed is not repeated', () => {
    expect(template.only('AWS::Events::Rule', 'Watch')[1].Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [functionId, 'Arn'] },
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        },
      ],
    });
  });
});

describe('its metrics', () => {
  const alarms = ofType('AWS::CloudWatch::Alarm', 'Watch')
    .map(([, { Properties }]) => Properties)
    .filter(({ Namespace }) => Namespace === 'Ampjar-production');

  test('have an alarm each, but for what others show or nobody must act on', () => {
    const watched = alarms.map(({ MetricName }) => MetricName);
    expect(new Set(watched).size).toBe(watched.length);
    expect(Object.keys(METRICS).filter((name) => !watched.includes(name))).toEqual([
      'SetAsideAlarms',
      'BehindAlarms',
      'MissedAlarms',
      'IndexGapAlarms',
      'SetsGoneAlarms',
      'SumsDifferAlarms',
      'InvoiceGoneAlarms',
    ]);
  });

  test('are told of in docs/operations.md, each in its row', () => {
    const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| `([A-Z]\w+)` /gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(Object.keys(METRICS).sort());
  });

  test('have no dimension, as they are told', () => {
    for (const alarm of alarms) expect(alarm).not.toHaveProperty('Dimensions');
  });

  test('alarm at silence where silence is what is to be heard of', () => {
    const loud = alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    expect(loud.map(({ MetricName }) => MetricName)).toEqual(['HeartbeatAge', 'Drift']);
  });

  test.each([
    ['HeartbeatAge', 'Maximum', 180, 'GreaterThanOrEqualToThreshold'],
    ['CheckpointAge', 'Maximum', 900, 'GreaterThanOrEqualToThreshold'],
    ['Drift', 'Maximum', 1, 'GreaterThanOrEqualToThreshold'],
    ['IndexReusedAlarms', 'Maximum', 1, 'GreaterThanOrEqualToThreshold'],
    ['MintFailedAlarms', 'Maximum', 3, 'GreaterThanOrEqualToThreshold'],
    ['MemoUnverifiedAlarms', 'Maximum', 10, 'GreaterThanOrEqualToThreshold'],
    ['DustAlarms', 'Maximum', 5, 'GreaterThanOrEqualToThreshold'],
    ['DaysToExpiry', 'Minimum', 5, 'LessThanOrEqualToThreshold'],
  ])('%s alarms when its %s is %d or worse', (name, statistic, threshold, comparison) => {
    expect(alarms.find(({ MetricName }) => MetricName === name)).toMatchObject({
      Statistic: statistic,
      Threshold: threshold,
      ComparisonOperator: comparison,
      Period: 60,
    });
  });
});

describe('its role', () => {
  test('admits what it asks of the table, and no kind and no list that it does not ask for', async () => {
    const book = await openBook();
    const lease = await lead(book.ledger);
    await saveVitalSigns(book.ledger, lease, { aliveAt: NOW, version: '0.1.0', waiting: 0 });
    await park(book.ledger, { id: 'a', reason: 'odd', record: {}, handle: 'alice', sequence: 1n }, NOW);
    const calls = recordCalls(book.ledger.client);
    await measure(book.ledger, NOW);
    await book.close();

    const refused = calls.filter(
      ({ action, index, leadingKeys }) =>
        !allows(statements, { action, resource: index ? INDEX : TABLE, leadingKeys: [...leadingKeys] }),
    );
    expect(refused).toEqual([]);
    const asked = (action: string, index: boolean) => [
      ...new Set(
        calls
          .filter((call) => call.action === `dynamodb:${action}` && call.index === index)
          .flatMap(({ leadingKeys }) => leadingKeys.map((key) => key.split('#')[0]!)),
      ),
    ];
    const kinds = Object.keys(KINDS) as Kind[];
    const admitted = (action: string) =>
      kinds.filter((kind) =>
        allows(statements, {
          action: `dynamodb:${action}`,
          resource: TABLE,
          leadingKeys: [`${prefix(kind)}any`],
        }),
      );
    for (const action of ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'])
      expect([action, asked(action, false).sort()]).toEqual([action, admitted(action).sort()]);
    expect(asked('Query', true).sort()).toEqual(['asides', 'deliveries', 'nodes', 'wrong']);
  });

  test.each([
    listed.tip('alice', 1n),
    listed.apiKey('alice', 'a'),
    listed.creator('alice'),
    listed.currentInvoice(NODE, 'ff'),
  ])('admits no look at %j', ({ listPk }) => {
    const request = { action: 'dynamodb:Query', resource: INDEX, leadingKeys: [listPk] };
    expect(allows(statements, request)).toBe(false);
  });
});

describe('every function', () => {
  const functions = Object.entries(template.resources).filter(
    ([, { Type }]) => Type === 'AWS::Lambda::Function',
  );
  const watched = (metric: string) =>
    ofType('AWS::CloudWatch::Alarm')
      .filter(
        ([, { Properties }]) => Properties.Namespace === 'AWS/Lambda' && Properties.MetricName === metric,
      )
      .map(([, { Properties }]) => Properties.Dimensions[0].Value.Ref);

  test.each(['Errors', 'Throttles'])('has an alarm on its %s', (metric) => {
    expect(watched(metric).sort()).toEqual(functions.map(([id]) => id).sort());
  });

  test('with a URL has one on what it answers, as has the HTTP API', () => {
    const withUrl = ofType('AWS::Lambda::Url').map(([, { Properties }]) => Properties.TargetFunctionArn);
    expect(watched('Url5xxCount').sort()).toEqual(withUrl.map((arn) => arn['Fn::GetAtt'][0]).sort());
    const [apiId] = template.only('AWS::ApiGatewayV2::Api');
    const ofApi = ofType('AWS::CloudWatch::Alarm', 'Manage').filter(
      ([, { Properties }]) => Properties.Namespace === 'AWS/ApiGateway',
    );
    expect(ofApi.map(([, { Properties }]) => [Properties.MetricName, Properties.Dimensions])).toEqual([
      ['5xx', [{ Name: 'ApiId', Value: { Ref: apiId } }]],
    ]);
  });
});

describe('the dashboard', () => {
  const [, { Properties }] = template.only('AWS::CloudWatch::Dashboard');
  const body = JSON.stringify(Properties.DashboardBody);

  test('is named by the stack and its Region, and shows the state of every alarm and each metric of the watch', () => {
    expect(Properties.DashboardName).toEqual({
      'Fn::Join': ['', ['Ampjar-production-', { Ref: 'AWS::Region' }]],
    });
    const alarms = ofType('AWS::CloudWatch::Alarm').map(([id]) => id);
    expect(alarms.length).toBeGreaterThan(20);
    for (const id of alarms) expect(body).toContain(`{"Fn::GetAtt":["${id}","Arn"]}`);
    for (const name of Object.keys(METRICS)) expect(body).toContain(name);
  });
});

describe('the setting logDays', () => {
  const daysOf = (resources: Record<string, Resource>) => [
    ...new Set(
      Object.values(resources)
        .filter(({ Type }) => Type === 'AWS::Logs::LogGroup')
        .map(({ Properties }) => Properties.RetentionInDays),
    ),
  ];

  test.each([
    [undefined, 30],
    [7, 7],
    [365, 365],
  ])('%j keeps every log for %d days', (logDays, expected) => {
    const { resources } = logDays === undefined ? template : synthesise({ logDays });
    expect(daysOf(resources)).toEqual([expected]);
  });
});

describe('the setting tracing', () => {
  const modes = (resources: Record<string, Resource>) =>
    Object.values(resources)
      .filter(
        ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Handler === 'index.handler',
      )
      .map(({ Properties }) => [Properties.Description, Properties.TracingConfig?.Mode]);

  test('is off as shipped', () => {
    expect(modes(template.resources).filter(([, mode]) => mode !== undefined)).toEqual([]);
  });

  test('lets X-Ray trace each function that is bundled', () => {
    const untraced = modes(synthesise({ tracing: true }).resources).filter(([, mode]) => mode !== 'Active');
    expect(untraced).toEqual([['Lets in who listens to tips', undefined]]);
  });
});
