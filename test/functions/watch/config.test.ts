import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../functions/lambda/environment.ts';
import { readConfig } from '../../../functions/watch/config.ts';

const ENV = {
  TABLE_NAME: 'ledger',
  AWS_REGION: 'eu-central-1',
  METRICS_NAMESPACE: 'Ampjar-production',
  EDGE_URL: 'https://tips.example',
};

describe('the environment of the watch function', () => {
  test('names table, Region, namespace and edge', () => {
    expect(readConfig(ENV)).toEqual({
      table: 'ledger',
      region: 'eu-central-1',
      namespace: 'Ampjar-production',
      edge: 'https://tips.example',
    });
  });

  test.each([undefined, '', 'tips.example', 'https://tips.example/'])('%j is no edge', (edge) => {
    expect(() => readConfig({ ...ENV, EDGE_URL: edge })).toThrow(/^EDGE_URL: /);
  });

  test.each([undefined, '', 'AWS/Lambda', 'a b', 'x'.repeat(256)])('%j is no namespace', (namespace) => {
    expect(() => readConfig({ ...ENV, METRICS_NAMESPACE: namespace })).toThrow(ConfigError);
    expect(() => readConfig({ ...ENV, METRICS_NAMESPACE: namespace })).toThrow(/^METRICS_NAMESPACE: /);
  });
});
