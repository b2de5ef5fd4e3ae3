import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { WANT_HINT } from '../shared/ledger/index.ts';
import type { Backoff } from './backoff.ts';
import type { Log } from './log.ts';

/** Where hints at new asks and wants come from. They are for speed alone: what nobody hints at is found in the table. */
export interface AskHints {
  /** The ids of asks, or {@link WANT_HINT}, as soon as there are some; none when the signal aborts. */
  next(signal: AbortSignal): Promise<readonly string[]>;
}

const ID = /^[\w-]{22}$/;
/** SQS's longest wait and largest batch. */
const WAIT_SECONDS = 20;
const MOST = 10;

/** Hints from an SQS queue, long-polled. What fails is tried again; the table holds what is missed meanwhile. */
export class SqsHints implements AskHints {
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #backoff: Backoff;
  readonly #log: Log;

  constructor(client: SQSClient, queueUrl: string, backoff: Backoff, log: Log) {
    this.#client = client;
    this.#queueUrl = queueUrl;
    this.#backoff = backoff;
    this.#log = log;
  }

  async next(signal: AbortSignal): Promise<readonly string[]> {
    const QueueUrl = this.#queueUrl;
    try {
      const received = await this.#client.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: WAIT_SECONDS, MaxNumberOfMessages: MOST }),
        { abortSignal: signal },
      );
      const messages = received.Messages ?? [];
      this.#backoff.reset();
      // Taken is taken, whatever becomes of it: a hint that comes back is of no use to anyone.
      if (messages.length > 0) void this.#forget(messages.map(({ ReceiptHandle }) => ReceiptHandle!));
      return messages.map(({ Body = '' }) => Body).filter((body) => body === WANT_HINT || ID.test(body));
    } catch (error) {
      if (signal.aborted) return [];
      const waitMs = this.#backoff.next();
      this.#log.warn({ error: String(error), waitMs }, 'the queue of asks did not answer, trying again');
      await this.#backoff.sleep(waitMs, signal);
      return [];
    }
  }

  async #forget(handles: string[]) {
    const Entries = handles.map((ReceiptHandle, at) => ({ Id: String(at), ReceiptHandle }));
    await this.#client
      .send(new DeleteMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }))
      .catch((error) => this.#log.warn({ error: String(error) }, 'hints were not deleted from the queue'));
  }
}
