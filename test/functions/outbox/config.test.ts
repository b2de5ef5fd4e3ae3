import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../functions/lambda/environment.ts';
import { readConfig } from '../../../functions/outbox/config.ts';

const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/111122223333/deliveries';
const ENV = { TABLE_NAME: 'ledger', AWS_REGION: 'eu-central-1', DELIVERIES_QUEUE_URL: QUEUE };

describe('the settled function', () => {
  it('is told of table, Region and queue', () => {
    expect(readConfig(ENV)).toEqual({ table: 'ledger', region: 'eu-central-1', queueUrl: QUEUE });
  });

  it('may be told of a live side', () => {
    const publishUrl = 'https://abc.appsync-api.eu-central-1.amazonaws.com/event';
    expect(readConfig({ ...ENV, LIVE_PUBLISH_URL: publishUrl })).toMatchObject({ publishUrl });
    expect(readConfig({ ...ENV, LIVE_PUBLISH_URL: '' })).not.toHaveProperty('publishUrl');
  });

  it.each([
    ['TABLE_NAME', undefined],
    ['TABLE_NAME', 'x'],
    ['AWS_REGION', undefined],
    ['DELIVERIES_QUEUE_URL', undefined],
    ['DELIVERIES_QUEUE_URL', 'deliveries'],
    ['LIVE_PUBLISH_URL', 'abc.appsync-api.eu-central-1.amazonaws.com'],
    ['LIVE_PUBLISH_URL', 'https://'],
  ])('does not start with %s %j, and names it', (variable, value) => {
    const wrong = () => readConfig({ ...ENV, [variable]: value });
    expect(wrong).toThrow(ConfigError);
    expect(wrong).toThrow(variable);
  });
});
