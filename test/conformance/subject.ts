import type { AttributeValue, CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';

/** What the conformance file runs on. */
export type Subject = {
  client: DynamoDBClient;
  /** Has what expired deleted, or at least waits no less than that takes. */
  expire(): Promise<void>;
  /** What this one is known not to do. Each is asserted too, so that it can't outlive its repair. */
  gaps: Gap[];
  close(): Promise<void>;
};

export type Gap =
  | 'TTL deletes are missing from the stream'
  | 'sums lose digits beyond 28'
  | 'an update takes text for a number'
  | 'an update without meaning is accepted'
  | 'a filter may name key attributes';

/** A ValidationException, except where the subject is known to let this through. */
export async function expectRefusal(subject: Subject, outcome: Promise<unknown>, gap?: Gap): Promise<void> {
  if (gap && subject.gaps.includes(gap)) await expect(outcome, `known gap: ${gap}`).resolves.toBeDefined();
  else await expect(outcome).rejects.toMatchObject({ name: 'ValidationException' });
}

export type Item = Record<string, AttributeValue>;

export const key = (pk: string, sk: string): Item => ({ pk: { S: pk }, sk: { S: sk } });

export const row = (pk: string, sk: string, more: Item = {}): Item => ({ ...key(pk, sk), ...more });

/** String keys, an index of strings and one with a number to sort by, expiry, a stream of both images. */
export const definition = (TableName: string): CreateTableCommandInput => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    ...['pk', 'sk', 'groupPk', 'groupSk'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S' as const,
    })),
    { AttributeName: 'rank', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'grouped',
      KeySchema: [
        { AttributeName: 'groupPk', KeyType: 'HASH' },
        { AttributeName: 'groupSk', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
    {
      IndexName: 'ranked',
      KeySchema: [
        { AttributeName: 'groupPk', KeyType: 'HASH' },
        { AttributeName: 'rank', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
});

type StreamOperation = 'ListStreams' | 'DescribeStream' | 'GetShardIterator' | 'GetRecords';

/**
 * Calls DynamoDB Streams over the client's own transport, in JSON 1.0.
 *
 * @throws an Error named as the service's error
 */
export async function callStreams<T>(
  client: DynamoDBClient,
  operation: StreamOperation,
  input: object,
): Promise<T> {
  const url = await client.config.endpoint!();
  const scope = 'AKIDTEST/20260101/us-east-1/dynamodb/aws4_request';
  const request = {
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    port: url.port,
    path: '/',
    query: {},
    headers: {
      host: `${url.hostname}:${url.port}`,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
      'x-amz-date': '20260101T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00`,
    },
    body: Buffer.from(JSON.stringify(input)),
  };
  const { response } = await client.config.requestHandler.handle(request as never);
  const { body } = response;
  const text = Buffer.from(
    body instanceof Uint8Array ? body : await client.config.streamCollector(body),
  ).toString();
  const output = JSON.parse(text);
  if (response.statusCode === 200) return output as T;
  const error = new Error(output.message ?? output.Message);
  error.name = String(output.__type).split('#').at(-1)!;
  throw error;
}

export type StreamRecord = {
  eventID: string;
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  userIdentity?: { Type: string; PrincipalId: string };
  dynamodb: { Keys: Item; OldImage?: Item; NewImage?: Item; SequenceNumber: string };
};

export type Position = { ShardIteratorType: string; SequenceNumber?: string };

/** The records of a table from a position to the end. */
export async function readStream(
  client: DynamoDBClient,
  StreamArn: string,
  position: Position = { ShardIteratorType: 'TRIM_HORIZON' },
): Promise<StreamRecord[]> {
  type Described = { StreamDescription: { Shards: { ShardId: string }[] } };
  const { StreamDescription } = await callStreams<Described>(client, 'DescribeStream', { StreamArn });
  const records: StreamRecord[] = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const input = { StreamArn, ShardId, ...position };
    let iterator = (await callStreams<{ ShardIterator?: string }>(client, 'GetShardIterator', input))
      .ShardIterator;
    while (iterator) {
      type Page = { Records: StreamRecord[]; NextShardIterator?: string };
      const page: Page = await callStreams<Page>(client, 'GetRecords', { ShardIterator: iterator });
      records.push(...page.Records);
      iterator = page.Records.length > 0 ? page.NextShardIterator : undefined;
    }
  }
  return records;
}
