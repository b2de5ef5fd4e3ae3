import type { LambdaEvent } from 'hono/aws-lambda';
import { describe, expect, test } from 'vitest';
import { askedOrigin, askersAddress } from '../../functions/edge.ts';

/** What a function URL makes of a request with these headers. */
const event = (headers: Record<string, string> = {}) =>
  ({
    headers,
    requestContext: {
      domainName: 'abc.lambda-url.eu-central-1.on.aws',
      http: { sourceIp: '192.0.2.1' },
    },
  }) as unknown as LambdaEvent;

describe('a function behind CloudFront', () => {
  test('knows the origin that its reader asked for', () => {
    const headers = { host: 'abc.lambda-url.eu-central-1.on.aws', 'x-forwarded-host': 'd1.cloudfront.net' };
    expect(askedOrigin(event(headers))).toBe('https://d1.cloudfront.net');
  });

  test.each(['D1.CloudFront.net', 'd1.cloudfront.net'])('writes the host %s in lower case', (host) => {
    expect(askedOrigin(event({ 'x-forwarded-host': host }))).toBe('https://d1.cloudfront.net');
  });

  test.each(['', 'localhost', 'd1.cloudfront.net:8443', 'a.example/@alice', '"><script>'])(
    'takes no host out of %j',
    (host) => {
      const headers = { 'x-forwarded-host': host };
      expect(askedOrigin(event(headers))).toBe('https://abc.lambda-url.eu-central-1.on.aws');
    },
  );

  test.each([
    ['198.51.100.10:46532', '198.51.100.10'],
    ['2001:db8:0:1:1:1:1:1:443', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:50000', '2001:db8::1'],
    ['[2001:db8::1]:50000', '2001:db8::1'],
  ])('knows who asks, where CloudFront tells it as %s', (viewer, address) => {
    expect(askersAddress(event({ 'cloudfront-viewer-address': viewer }))).toBe(address);
  });
});

describe('a function that is called at its own URL', () => {
  test('goes by what the URL saw', () => {
    expect(askedOrigin(event())).toBe('https://abc.lambda-url.eu-central-1.on.aws');
    expect(askersAddress(event())).toBe('192.0.2.1');
  });
});
