import { expect, test } from 'vitest';
import { ConfigError } from '../../../functions/lambda/environment.ts';
import { readConfig } from '../../../functions/public/config.ts';

const GOOD = { TABLE_NAME: 'ampjar', AWS_REGION: 'eu-central-1' };

const LIVE = {
  LIVE_REALTIME_HOST: 'abc.appsync-realtime-api.eu-central-1.amazonaws.com',
  LIVE_HTTP_HOST: 'abc.appsync-api.eu-central-1.amazonaws.com',
};

test('the environment becomes a typed configuration', () => {
  expect(readConfig(GOOD)).toEqual({ table: 'ampjar', region: 'eu-central-1' });
  expect(readConfig({ ...GOOD, BASE_URL: 'https://tips.example' }).baseUrl).toBe('https://tips.example');
  expect(readConfig({ ...GOOD, ...LIVE }).live).toEqual({
    realtime: 'wss://abc.appsync-realtime-api.eu-central-1.amazonaws.com/event/realtime',
    host: 'abc.appsync-api.eu-central-1.amazonaws.com',
  });
});

test.each([
  ['TABLE_NAME', undefined],
  ['TABLE_NAME', 'a table'],
  ['AWS_REGION', undefined],
  ['AWS_REGION', 'Frankfurt am Main'],
  ['BASE_URL', 'tips.example'],
  ['BASE_URL', 'https://tips.example/'],
  ['BASE_URL', 'javascript:alert(1)//'],
  ['LIVE_REALTIME_HOST', undefined],
  ['LIVE_REALTIME_HOST', 'tips.example; script-src *'],
  ['LIVE_HTTP_HOST', undefined],
  ['LIVE_HTTP_HOST', 'https://tips.example'],
])('%s as %j is refused by name', (variable, value) => {
  const read = () => readConfig({ ...GOOD, ...(variable.startsWith('LIVE') && LIVE), [variable]: value });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(variable);
});
