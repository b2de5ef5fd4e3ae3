import { describe, expect, test } from 'vitest';
import { tableDefinition } from '../../shared/ledger/table.ts';
import { synthesise } from './synthesise.ts';

const template = synthesise();
const [tableId, table] = template.only('AWS::DynamoDB::Table');
const [logsId, logs] = template.only('AWS::Logs::LogGroup', 'Public');
const [, handler] = template.only('AWS::Lambda::Function', 'Public');

describe('the table', () => {
  test('is the one that the ledger defines', () => {
    const { TableName: _, StreamSpecification, ...definition } = tableDefinition('any');
    expect(table.Properties).toMatchObject(definition);
    expect(table.Properties.GlobalSecondaryIndexes).toHaveLength(definition.GlobalSecondaryIndexes.length);
    expect(table.Properties.StreamSpecification).toEqual({
      StreamViewType: StreamSpecification.StreamViewType,
    });
  });

  test('lets go of items by the attribute ttl alone', () => {
    expect(table.Properties.TimeToLiveSpecification).toEqual({ AttributeName: 'ttl', Enabled: true });
  });

  test('can be restored to any second, and is deleted neither by hand nor with the stack', () => {
    expect(table.Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
    expect(table.Properties.DeletionProtectionEnabled).toBe(true);
    expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('has no name of its own, so that two stacks share an account', () => {
    expect(table.Properties).not.toHaveProperty('TableName');
  });
});

describe('the public function', () => {
  test('knows the table and where tips are live, and is given nothing else to know', () => {
    expect(handler.Properties.Environment.Variables).toEqual({
      TABLE_NAME: { Ref: tableId },
      LIVE_REALTIME_HOST: expect.anything(),
      LIVE_HTTP_HOST: expect.anything(),
    });
  });

  test('answers within seconds or not at all, in a bounded number of copies', () => {
    expect(handler.Properties).toMatchObject({
      MemorySize: 512,
      Timeout: 5,
      ReservedConcurrentExecutions: 20,
    });
  });

  test('keeps its log for a month', () => {
    expect(handler.Properties.LoggingConfig.LogGroup).toEqual({ Ref: logsId });
    expect(logs.Properties.RetentionInDays).toBe(30);
  });
});

test('every function runs on nodejs24.x and arm64', () => {
  const functions = Object.values(template.resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  expect(functions.length).toBeGreaterThan(0);
  for (const { Properties } of functions) {
    expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
  }
});

test('the stack tells the table, the URL and the policy', () => {
  const [distributionId] = template.only('AWS::CloudFront::Distribution');
  const [policyId] = template.only('AWS::IAM::ManagedPolicy');
  expect(template.outputs).toMatchObject({
    TableName: { Value: { Ref: tableId } },
    PublicUrl: {
      Value: { 'Fn::Join': ['', ['https://', { 'Fn::GetAtt': [distributionId, 'DomainName'] }]] },
    },
    ConnectorPolicyArn: {
      Value: { Ref: policyId },
      Export: { Name: 'Ampjar-production-ConnectorPolicyArn' },
    },
  });
});

test.each([
  [900, 900],
  ['account' as const, undefined],
])(
  'the setting publicConcurrency %j bounds the copies of the public function by %j',
  (publicConcurrency, expected) => {
    const { Properties } = synthesise({ publicConcurrency }).only('AWS::Lambda::Function', 'Public')[1];
    expect(Properties.ReservedConcurrentExecutions).toBe(expected);
  },
);
