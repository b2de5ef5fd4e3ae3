import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { dynamoClient } from '../../../shared/aws/dynamo.ts';

it('a client of the table lacks the log that the SDK gives its own, and nothing else', () => {
  const steps = (client: DynamoDBClient) => client.middlewareStack.identify();
  const log = steps(new DynamoDBClient({})).filter((step) => step.includes('loggerMiddleware'));
  expect(log).toHaveLength(1);
  expect(steps(dynamoClient({}))).toEqual(steps(new DynamoDBClient({})).filter((step) => step !== log[0]));
});
