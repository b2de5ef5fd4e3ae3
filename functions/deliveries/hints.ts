import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DeliveryRef, QueuedDelivery } from '../../shared/ledger/index.ts';

/** Where a worker hears of deliveries sooner than it finds them in the table. What is missed costs time alone. */
export interface DeliveryHints {
  /** Some, as soon as there are; none when the signal aborts. */
  next(signal: AbortSignal): Promise<readonly QueuedDelivery[]>;
}

/** SQS's bounds on a batch, and on how long it keeps a message back. */
const BATCH = 10;
export const LONGEST_DELAY_SECONDS = 900;

/**
 * Hints through an SQS queue. Each endpoint is a group of messages, so that the queue gives those of a quiet one out first
 * while another has a crowd in flight.
 * @param delaySeconds how long SQS keeps them back, 900 s at most
 * @throws what SQS throws, and for those that it refused
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
 */
export async function sendHints(
  client: SQSClient,
  queueUrl: string,
  refs: readonly DeliveryRef[],
  delaySeconds = 0,
): Promise<void> {
  for (let at = 0; at < refs.length; at += BATCH) {
    const Entries = refs.slice(at, at + BATCH).map((ref, index) => ({
      Id: String(index),
      MessageBody: writeHint(ref),
      MessageGroupId: ref.endpointId,
      ...(delaySeconds > 0 && { DelaySeconds: delaySeconds }),
    }));
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    if (Failed.length > 0) throw new Error(`the queue refused ${Failed.length} hints: ${Failed[0]?.Code}`);
  }
}

const writeHint = ({ endpointId, id }: DeliveryRef) => JSON.stringify({ endpointId, id });

/** What a message hints at, or undefined when it is no hint. */
export function readHint(body: string): DeliveryRef | undefined {
  try {
    const { endpointId, id } = JSON.parse(body);
    return typeof endpointId === 'string' && typeof id === 'string' && endpointId !== '' && id !== ''
      ? { endpointId, id }
      : undefined;
  } catch {
    return undefined;
  }
}
