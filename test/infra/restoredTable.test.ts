import { expect, test } from 'vitest';
import { synthesise } from './synthesise.ts';

const ARN = 'arn:aws:dynamodb:eu-central-1:123456789012:table/ampjar-restored';
const streamArn = `${ARN}/stream/2026-11-26T05:00:00.000`;

test('a restored table stands in for the stack’s own, which leaves the stack and is kept', () => {
  const template = synthesise({ table: { streamArn } });
  expect(Object.values(template.resources).map(({ Type }) => Type)).not.toContain('AWS::DynamoDB::Table');
  expect(template.outputs.TableName?.Value).toBe('ampjar-restored');
  // Removed from the template is kept: the own table's policy says so, while it is in it.
  expect(synthesise().only('AWS::DynamoDB::Table')[1].DeletionPolicy).toBe('RetainExceptOnCreate');
});

test('functions, stream and connector are led to the restored table and its index alone', () => {
  const { resources } = synthesise({ table: { streamArn } });
  const mapping = Object.values(resources).find(
    ({ Type, Properties }) =>
      Type === 'AWS::Lambda::EventSourceMapping' && Properties.EventSourceArn === streamArn,
  );
  expect(mapping).toBeDefined();
  const named = JSON.stringify(resources).match(/arn:aws:dynamodb:[^"]*/g) ?? [];
  expect([...new Set(named)].sort()).toEqual([ARN, `${ARN}/index/listed`, streamArn].sort());
  for (const { Type, Properties } of Object.values(resources))
    if (Type === 'AWS::Lambda::Function' && Properties.Environment?.Variables.TABLE_NAME !== undefined)
      expect(Properties.Environment.Variables.TABLE_NAME).toBe('ampjar-restored');
});

test.each([ARN, 'ampjar-restored', `${ARN}/stream/`, `arn:aws:s3:::${streamArn}`])(
  'the setting table.streamArn can’t be %j',
  (given) => {
    expect(() => synthesise({ table: { streamArn: given } })).toThrow(
      /table\.streamArn: .*the ARN of a table’s stream/,
    );
  },
);
