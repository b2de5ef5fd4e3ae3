import type { LambdaEvent } from 'hono/aws-lambda';
import { expect, test } from 'vitest';
import { isFromEdge } from '../../../functions/lambda/edge.ts';
import { readConfig } from '../../../functions/public/config.ts';
import { ORIGIN_SECRET_HEADER } from '../../../shared/contract/edgeHeaders.ts';

const SECRET = 'a1'.repeat(22);
const asking = (headers?: Record<string, string>) => ({ headers }) as unknown as LambdaEvent;

test.each([
  ['without a secret all are: IAM has looked', asking(), undefined, true],
  ['with the secret', asking({ [ORIGIN_SECRET_HEADER]: SECRET }), SECRET, true],
  ['with none', asking({}), SECRET, false],
  ['without headers', asking(), SECRET, false],
  ['with another', asking({ [ORIGIN_SECRET_HEADER]: `${SECRET}x` }), SECRET, false],
  ['with nothing in it', asking({ [ORIGIN_SECRET_HEADER]: '' }), SECRET, false],
])('who asks is the edge or not, %s', (_, event, secret, expected) => {
  expect(isFromEdge(event, secret)).toBe(expected);
});

const ENV = { TABLE_NAME: 'ampjar', AWS_REGION: 'eu-central-1' };

test('the secret is of the environment, where there is one', () => {
  expect(readConfig({ ...ENV, ORIGIN_SECRET: SECRET }).originSecret).toBe(SECRET);
  expect(readConfig(ENV)).not.toHaveProperty('originSecret');
});

test.each(['', 'short', '{{resolve:secretsmanager:x}}'])('%j is no secret, and is not shown', (value) => {
  const read = () => readConfig({ ...ENV, ORIGIN_SECRET: value });
  expect(read).toThrow(/^ORIGIN_SECRET: "…", expected/);
});
