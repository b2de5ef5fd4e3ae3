import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startMinistack } from './ministack.ts';
import { describeTable } from './table.conformance.ts';

// Its reaper looks once a minute.
const REAPED_WITHIN_MS = 65_000;

describeTable('ministack', async () => {
  const { endpoint, stop } = await startMinistack();
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    client,
    expire: () => pause(REAPED_WITHIN_MS),
    gaps: [
      'TTL deletes are missing from the stream',
      'sums lose digits beyond 28',
      'an update takes text for a number',
      'an update without meaning is accepted',
      'a filter may name key attributes',
    ],
    async close() {
      client.destroy();
      await stop();
    },
  };
});
