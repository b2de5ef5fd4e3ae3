import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../../functions/public/config.ts';

const GOOD = { TABLE_NAME: 'ampjar', AWS_REGION: 'eu-central-1' };

test('the environment becomes a typed configuration', () => {
  expect(readConfig(GOOD)).toEqual({ table: 'ampjar', region: 'eu-central-1' });
  expect(readConfig({ ...GOOD, BASE_URL: 'https://tips.example' }).baseUrl).toBe('https://tips.example');
});

test.each([
  ['TABLE_NAME', undefined],
  ['TABLE_NAME', 'a table'],
  ['AWS_REGION', undefined],
  ['AWS_REGION', 'Frankfurt am Main'],
  ['BASE_URL', 'tips.example'],
  ['BASE_URL', 'https://tips.example/'],
  ['BASE_URL', 'javascript:alert(1)//'],
])('%s as %j is refused by name', (variable, value) => {
  const read = () => readConfig({ ...GOOD, [variable]: value });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(variable);
});
