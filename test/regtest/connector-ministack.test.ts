import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startMinistack } from '../conformance/ministack.ts';
import { suitesHere } from '../toolchains.ts';
import { describeConnector } from './connector.suite.ts';

const start = async () => {
  const { endpoint, stop } = await startMinistack();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  return {
    client,
    async close() {
      client.destroy();
      await stop();
    },
  };
};

describeConnector('ministack', suitesHere().has('ministack') ? start : undefined);
