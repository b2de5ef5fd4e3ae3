import type { StreamRecord } from '../../functions/outbox/stream.ts';

const AT = '2026-11-26T05:00:00Z';
const ACCOUNT = '000000000000';

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

/** Format 2.0, which function URLs and HTTP APIs share. */
const requestEvent = (
  domainName: string,
  routeKey: string,
  path: string,
  { method = 'GET', headers, body }: Asked,
) => {
  const { pathname, search } = new URL(path, `https://${domainName}`);
  return {
    version: '2.0',
    routeKey,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers: {
      host: domainName,
      accept: 'application/json',
      'user-agent': 'Amazon CloudFront',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      'x-amzn-trace-id': 'Root=1-6b07ba21-14f83efdb7610132a4c5cd8c',
      ...headers,
    },
    ...(search && { queryStringParameters: Object.fromEntries(new URLSearchParams(search)) }),
    requestContext: {
      accountId: ACCOUNT,
      apiId: domainName.split('.')[0],
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method,
        path: pathname,
        protocol: 'HTTP/1.1',
        sourceIp: '203.0.113.7',
        userAgent: 'Amazon CloudFront',
      },
      requestId: '5840c44c-1b46-4161-8520-5a1cd49c4c7a',
      routeKey,
      stage: '$default',
      time: '26/Nov/2026:05:00:00 +0000',
      timeEpoch: Date.parse(AT),
    },
    ...(body && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  };
};

/** As a function URL behind CloudFront gives it. @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
export const urlEvent = (path: string, asked: Asked = {}) =>
  requestEvent('2q3fqb4gcwdgqdlzpyswchcnry0nqupd.lambda-url.us-east-1.on.aws', '$default', path, {
    ...asked,
    headers: {
      'x-forwarded-host': 'd111111abcdef8.cloudfront.net',
      'cloudfront-viewer-address': '203.0.113.7:46532',
      via: '1.1 59de5d39d4908c3ae065583dc062b71b.cloudfront.net (CloudFront)',
      ...asked.headers,
    },
  });

/** As an HTTP API gives it. @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export const apiEvent = (path: string, asked: Asked = {}) =>
  requestEvent('a1b2c3d4e5.execute-api.us-east-1.amazonaws.com', 'ANY /v1/manage/{proxy+}', path, asked);

/** As an event source mapping of a table's stream gives it. @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
export const streamEvent = (records: readonly StreamRecord[]) => ({
  Records: records.map((record) => ({
    ...record,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    eventSourceARN: `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/ledger/stream/${AT}`,
  })),
});

/** As an event source mapping of a queue gives it. @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export const queueEvent = (bodies: readonly string[]) => ({
  Records: bodies.map((body, at) => ({
    messageId: `059f36b4-87a3-44ab-83d2-6619752${String(at).padStart(5, '0')}`,
    receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(Date.parse(AT)),
      SenderId: `${ACCOUNT}:settled`,
      ApproximateFirstReceiveTimestamp: String(Date.parse(AT) + 1),
    },
    messageAttributes: {},
    md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:${ACCOUNT}:hints`,
    awsRegion: 'us-east-1',
  })),
});

/** As a rule of EventBridge gives it. @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
export const scheduleEvent = {
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: ACCOUNT,
  time: AT,
  region: 'us-east-1',
  resources: [`arn:aws:events:us-east-1:${ACCOUNT}:rule/sweep`],
  detail: {},
};
