import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KINDS, type Kind, listed, prefix } from '../../shared/ledger/keys.ts';
import { openStage, type Stage, until } from '../functions/lnurl/stage.ts';
import { recordCalls } from './calls.ts';
import { allows, type Statement } from './iam.ts';
import { type Resource, synthesise } from './synthesise.ts';

const template = synthesise();
const [tableId] = template.only('AWS::DynamoDB::Table');
const [queueId, queue] = template.only('AWS::SQS::Queue', 'Asks');
const TABLE = { 'Fn::GetAtt': [tableId, 'Arn'] };
const INDEX = { 'Fn::Join': ['', [TABLE, '/index/listed']] };
const QUEUE = { 'Fn::GetAtt': [queueId, 'Arn'] };

const ofType = (type: string) => Object.entries(template.resources).filter(([, { Type }]) => Type === type);
const [functionId, handler] = ofType('AWS::Lambda::Function').find(([, { Properties }]) =>
  Properties.Description.startsWith('Answers wallets'),
)! as [string, Resource];
const role = template.resources[handler.Properties.Role['Fn::GetAtt'][0]]!.Properties;
const statements: Statement[] = role.Policies.flatMap(
  ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
);
const connector: Statement[] =
  template.only('AWS::IAM::ManagedPolicy')[1].Properties.PolicyDocument.Statement;
const roleOf = (part: string): Statement[] =>
  template.only('AWS::IAM::Role', part)[1].Properties.Policies[0].PolicyDocument.Statement;

const KIND_NAMES = Object.keys(KINDS) as Kind[];
const kindsOf = (action: string) =>
  KIND_NAMES.filter((kind) =>
    allows(statements, {
      action: `dynamodb:${action}`,
      resource: TABLE,
      leadingKeys: [`${prefix(kind)}any`],
    }),
  );

describe('the queue of asks', () => {
  test('keeps a hint for a minute, encrypted, and is polled long', () => {
    expect(queue.Properties).toEqual({
      MessageRetentionPeriod: 60,
      ReceiveMessageWaitTimeSeconds: 20,
      SqsManagedSseEnabled: true,
    });
  });

  test('refuses whoever comes without TLS, and lets in nobody by itself', () => {
    const { Queues, PolicyDocument } = template.only('AWS::SQS::QueuePolicy', 'Asks')[1].Properties;
    expect(Queues).toEqual([{ Ref: queueId }]);
    expect(PolicyDocument.Statement).toEqual([
      {
        Effect: 'Deny',
        Action: 'sqs:*',
        Principal: { AWS: '*' },
        Resource: QUEUE,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
  });

  test('goes with the stack, for nothing is true because of it', () => {
    expect(queue).toMatchObject({ DeletionPolicy: 'Delete' });
  });
});

describe('the LNURL function', () => {
  test('knows the table and the queue, and is given nothing else to know', () => {
    expect(handler.Properties.Environment.Variables).toEqual({
      TABLE_NAME: { Ref: tableId },
      INVOICE_REQUESTS_QUEUE_URL: { Ref: queueId },
    });
  });

  test('runs on nodejs24.x and arm64, in a bounded number of copies, for longer than a wallet waits', () => {
    expect(handler.Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      ReservedConcurrentExecutions: 100,
      Timeout: 10,
    });
  });

  test.each([
    ['GetItem', ['creator', 'ask']],
    ['Query', ['tip']],
    ['PutItem', ['ask']],
    ['BatchGetItem', ['ask']],
    ['UpdateItem', []],
    ['DeleteItem', []],
    ['ConditionCheckItem', []],
    ['BatchWriteItem', []],
    ['Scan', []],
  ])('may %s %j', (action, kinds) => expect(kindsOf(action)).toEqual(kinds));

  test('lists nothing, asks for no item without a key, and names no wildcard', () => {
    const listPk = listed.invoiceRequest(0, new Date(0), 'a').listPk;
    for (const leadingKeys of [[listPk], [listed.tip('alice', 1n).listPk], ['ask#a']])
      expect(allows(statements, { action: 'dynamodb:Query', resource: INDEX, leadingKeys })).toBe(false);
    for (const action of ['GetItem', 'Query', 'PutItem', 'Scan'])
      expect(allows(statements, { action: `dynamodb:${action}`, resource: TABLE })).toBe(false);
    expect(JSON.stringify(statements.map(({ Action, Resource }) => ({ Action, Resource })))).not.toContain(
      '*',
    );
    expect(role).not.toHaveProperty('ManagedPolicyArns');
  });
});

describe('of the queue', () => {
  const QUEUE_ACTIONS = [
    'SendMessage',
    'ReceiveMessage',
    'DeleteMessage',
    'ChangeMessageVisibility',
    'PurgeQueue',
    'DeleteQueue',
    'SetQueueAttributes',
  ];
  const may = (policy: Statement[]) =>
    QUEUE_ACTIONS.filter((action) => allows(policy, { action: `sqs:${action}`, resource: QUEUE }));

  test('the LNURL function may send, the manage function too, the connector receive, delete and leave for another, and others nothing', () => {
    expect(may(statements)).toEqual(['SendMessage']);
    expect(may(connector)).toEqual(['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility']);
    expect(may(roleOf('Manage'))).toEqual(['SendMessage']);
    for (const part of ['Public', 'Settled', 'Webhooks']) expect(may(roleOf(part))).toEqual([]);
  });
});

test('the stack tells the URL of the queue', () => {
  expect(template.outputs).toMatchObject({ AsksQueueUrl: { Value: { Ref: queueId } } });
});

test.each([
  [5, 5],
  ['account' as const, undefined],
])('the setting lnurlConcurrency %j bounds its copies by %j', (lnurlConcurrency, expected) => {
  const { resources } = synthesise({ lnurlConcurrency });
  expect(resources[functionId]!.Properties.ReservedConcurrentExecutions).toBe(expected);
});

describe('the policy of the LNURL function admits all that it asks', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.close());

  test('of the table to answer each route, and no action that it does not need', async () => {
    const client = stage.tables.client();
    const calls = recordCalls(client);
    const app = stage.lnurl({ ledger: { client, table: stage.ledger.table } });
    await stage.startConnector().live();
    await stage.get('/.well-known/lnurlp/alice', {}, app);
    const { verify, pr } = await stage.callback('amount=1000', {}, app);
    await stage.pay(pr);
    await until(async () => (await stage.get(new URL(verify).pathname, {}, app)).settled);
    const refused = calls.filter(
      ({ action, index, leadingKeys }) =>
        !allows(statements, { action, resource: index ? INDEX : TABLE, leadingKeys: [...leadingKeys] }),
    );
    expect(refused).toEqual([]);
    const asked = new Set(calls.map(({ action }) => action));
    const named = statements
      .flatMap(({ Action }) => Action)
      .filter((action) => action.startsWith('dynamodb:'));
    expect([...asked].sort()).toEqual(named.sort());
    const kinds = (action: string) =>
      KIND_NAMES.filter((kind) =>
        calls.some(
          (call) =>
            call.action === `dynamodb:${action}` &&
            call.leadingKeys.some((key) => key.startsWith(prefix(kind))),
        ),
      );
    for (const action of ['GetItem', 'BatchGetItem', 'Query', 'PutItem'])
      expect(kinds(action)).toEqual(kindsOf(action));
  });
});
