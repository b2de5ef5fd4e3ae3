import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type Hint, readHint } from '../shared/ledger/index.ts';
import type { Backoff } from './backoff.ts';
import type { Log } from './log.ts';

/** Where hints at new asks and wants come from. They are for speed alone: what nobody hints at is found in the table. */
export interface AskHints {
  /**
   * What there are hints at, ids of asks or {@link WANT_HINT}, as soon as there are some; none when the signal aborts.
   * @param isOurs tells by the node of a hint's creator whether it is for this connector, or left to the others
   */
  next(signal: AbortSignal, isOurs: (node: Hint['node']) => boolean): Promise<readonly string[]>;
  /** Hears of asks that were answered, where who asked is in this process. */
  answered?(ids: readonly string[]): void;
}

/** SQS's longest wait and largest batch. */
const WAIT_SECONDS = 20;
const MOST = 10;
/**
 * A hint goes from hand to hand so often at most, until the connector that it is for has it: of two that take hints in turn it
 * misses one in a thousand then. What is given up is found in the table.
 */
const MOST_HANDS = 10;

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

  async next(signal: AbortSignal, isOurs: (node: Hint['node']) => boolean): Promise<readonly string[]> {
    const QueueUrl = this.#queueUrl;
    try {
      const received = await this.#client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          WaitTimeSeconds: WAIT_SECONDS,
          MaxNumberOfMessages: MOST,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        }),
        { abortSignal: signal },
      );
      this.#backoff.reset();
      const others: Message[] = [];
      const taken: Message[] = [];
      const ours: string[] = [];
      for (const message of received.Messages ?? []) {
        const hint = readHint(message.Body ?? '');
        const isForOthers = hint && !isOurs(hint.node);
        if (hint && !isForOthers) ours.push(hint.about);
        (isForOthers && handsOf(message) < MOST_HANDS ? others : taken).push(message);
      }
      // Taken is taken, whatever becomes of it: a hint that comes back is of no use to anyone.
      if (taken.length > 0) void this.#forget(taken);
      if (others.length > 0) await this.#putBack(others);
      return ours;
    } catch (error) {
      if (signal.aborted) return [];
      const waitMs = this.#backoff.next();
      this.#log.warn({ error: String(error), waitMs }, 'the queue of asks did not answer, trying again');
      await this.#backoff.sleep(waitMs, signal);
      return [];
    }
  }

  async #forget(messages: readonly Message[]) {
    await this.#client
      .send(new DeleteMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries: entriesOf(messages) }))
      .catch((error) => this.#log.warn({ error: String(error) }, 'hints were not deleted from the queue'));
  }

  /** Let another connector have them at once. */
  async #putBack(messages: readonly Message[]) {
    const Entries = entriesOf(messages).map((entry) => ({ ...entry, VisibilityTimeout: 0 }));
    await this.#client
      .send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#queueUrl, Entries }))
      .catch((error) => this.#log.warn({ error: String(error) }, "others' hints were not put back"));
  }
}

const handsOf = ({ Attributes }: Message) => Number(Attributes?.ApproximateReceiveCount);

const entriesOf = (messages: readonly Message[]) =>
  messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle: ReceiptHandle! }));
