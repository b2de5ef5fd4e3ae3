import { describe, expect, test } from 'vitest';
import { fittingConcurrency, reservedBy } from '../../infra/concurrency.ts';
import { readSettings } from '../../infra/settings.ts';
import { tableDefinition } from '../../shared/ledger/table.ts';
import { SHIPPED, synthesise } from './synthesise.ts';

const template = synthesise();
/** Kept when it is taken out of a stack that stands; gone with the creation of one that fails. */
const KEPT = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
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
    expect(table).toMatchObject(KEPT);
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
      ReservedConcurrentExecutions: 100,
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

describe('a first deployment that fails', () => {
  const first = synthesise({}, ['Ampjar-production']);

  test('leaves nothing behind: nothing is kept or protected of what a creation takes back', () => {
    expect(first.stack.terminationProtection).toBe(false);
    const kept = Object.entries(first.resources).filter(
      ([, { Type, Properties, DeletionPolicy = 'Delete' }]) =>
        !['Delete', KEPT.DeletionPolicy].includes(DeletionPolicy) ||
        Object.entries(Properties ?? {}).some(
          ([name, value]) => name.startsWith('DeletionProtection') && value === true,
        ) ||
        (Type === 'AWS::KMS::Key' && DeletionPolicy !== 'Delete'),
    );
    expect(kept.map(([id]) => id)).toEqual([]);
  });

  test('is the one that stands, but for what protects it', () => {
    const { resources, stack } = template;
    expect(stack.terminationProtection).toBe(true);
    const differing = Object.keys(resources).filter(
      (id) => JSON.stringify(resources[id]) !== JSON.stringify(first.resources[id]),
    );
    expect(differing).toEqual([tableId]);
    expect({ ...first.resources[tableId]!.Properties, DeletionProtectionEnabled: true }).toEqual(
      table.Properties,
    );
  });
});

test('what a stage keeps when it is removed is its book, and what may have to be looked at', () => {
  const kept = Object.entries(template.resources).filter(([, { DeletionPolicy }]) =>
    DeletionPolicy?.startsWith('Retain'),
  );
  expect(
    kept.map(([, { Type, DeletionPolicy, UpdateReplacePolicy }]) => [
      Type,
      { DeletionPolicy, UpdateReplacePolicy },
    ]),
  ).toEqual([
    ['AWS::DynamoDB::Table', KEPT],
    ['AWS::S3::Bucket', KEPT],
    ['AWS::S3::Bucket', KEPT],
  ]);
});

test('every function has copies reserved, so that no crowd of readers takes them from it', () => {
  const functions = Object.entries(template.resources).filter(
    ([, { Type }]) => Type === 'AWS::Lambda::Function',
  );
  const reserved = functions.map(([, { Properties }]) => Properties.ReservedConcurrentExecutions as number);
  expect(reserved.every((copies) => copies > 0)).toBe(true);
  expect(reserved.reduce((sum, copies) => sum + copies, 0)).toBe(reservedBy(SHIPPED));
  // An account's usual quota is 1,000, of which Lambda keeps 100 free.
  expect(reservedBy(SHIPPED)).toBeLessThanOrEqual(900);
});

test.each([19, 20, 60, 150, 296, 297, 5_000])('settings fit an account with %d copies to give', (free) => {
  const fitting = fittingConcurrency(free);
  expect(reservedBy(fitting)).toBeLessThanOrEqual(free);
  const settings = readSettings({ stages: { test: fitting } }, 'test');
  expect(settings).toMatchObject(fitting);
  if (free >= 297) expect(fitting).toMatchObject({ publicConcurrency: 100, watchConcurrency: 2 });
  else if (free >= 19) expect(fitting.watchConcurrency).not.toBe('account');
});

test('of next to nothing no settings reserve any', () => {
  expect(new Set(Object.values(fittingConcurrency(18)))).toEqual(new Set(['account']));
});

test.each([
  [undefined, 50],
  [10, 9],
  ['account' as const, 50],
])(
  'webhooks of %j copies are posted by as many batches as leave one for the schedule: %d',
  (deliverConcurrency, most) => {
    const { Properties } = synthesise(deliverConcurrency === undefined ? {} : { deliverConcurrency }).only(
      'AWS::Lambda::EventSourceMapping',
      'Webhooks',
    )[1];
    expect(Properties.ScalingConfig).toEqual({ MaximumConcurrency: most });
  },
);

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
