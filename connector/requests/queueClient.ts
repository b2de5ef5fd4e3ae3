import { SQSClient } from '@aws-sdk/client-sqs';
import { UsageError } from '../../shared/command/failures.ts';
import { isLoopback, NO_CREDENTIALS } from '../../shared/place.ts';

/** A receive waits 20 seconds for a message; one that says nothing for longer has lost its connection. */
const TIMEOUTS = { connectionTimeout: 3_000, requestTimeout: 30_000, throwOnRequestTimeout: true };

/** A client for the queue at a URL of `--invoice-requests-queue`. @throws UsageError */
export function queueClient(url: string, region: string | undefined): SQSClient {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new UsageError(`--invoice-requests-queue: "${url}" is not the URL of a queue`);
  return new SQSClient({
    region: region ?? 'us-east-1',
    requestHandler: TIMEOUTS,
    ...(isLoopback(url) && { endpoint: new URL(url).origin, credentials: NO_CREDENTIALS }),
  });
}
