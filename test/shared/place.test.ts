import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, test } from 'vitest';
import { UsageError } from '../../shared/command/failures.ts';
import { clientConfig, readPlace } from '../../shared/place.ts';

describe('the place of the table', () => {
  test.each([
    [{ table: 'x' }, 'table'],
    [{ region: 'us east' }, 'region'],
    [{ endpoint: 'ftp://127.0.0.1' }, 'endpoint'],
  ])('%j is refused by the name of its field', (flags, field) => {
    expect(() => readPlace(flags, {})).toThrow(UsageError);
    expect(() => readPlace(flags, {})).toThrow(new RegExp(`^${field}: `));
  });

  it('comes from flags before the environment', () => {
    const env = { AMPJAR_TABLE: 'theirs', AWS_REGION: 'eu-west-1' };
    expect(readPlace({ table: 'mine' }, env)).toEqual({ table: 'mine', region: 'eu-west-1' });
  });
});

describe('a client of the table', () => {
  it('gives up a request to a table that went silent', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const config = clientConfig({
      table: 'ampjar',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
    });
    // Its own settings, with a time to wait that suits a test.
    const requestHandler = { ...config.requestHandler, requestTimeout: 100 };
    const client = new DynamoDBClient({ ...config, requestHandler, maxAttempts: 1 });
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'TimeoutError' });
    client.destroy();
    silent.close();
  });
});
