import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Backoff } from '../../shared/concurrency/backoff.ts';
import { type Hint, readHint } from '../../shared/ledger/index.ts';
import type { Log } from '../log.ts';

/** Where hints at new invoice requests and mint requests come from. They are for speed alone: what nobody hints at is found in the table. */
export interface WakeMessages {
  /**
   * What there are hints at, ids of invoice requests or {@link WANT_HINT}, as soon as there are some; none when the signal aborts.
   * @param isOurs tells by the node of a hint's creator whether it is for this connector, or left to the others
   */
  next(signal: AbortSignal, isOurs: (node: Hint['node']) => boolean): Promise<readonly string[]>;
  /** Hears of invoice requests that were answered, where who asked is in this process. */
  answered?(ids: readonly string[]): void;
}

/** SQS's longest wait and largest batch. */
const WAIT_SECONDS = 20;
const MOST = 10;
/**
 * A hint goes from hand to hand so often at most, until the connector that it is for has it. What is given up is found in the
 * table.
 */
const MOST_HANDS = 10;
/** Who puts a hint back leaves it to those who wait before it asks again. */
const LEAVE_MS = 50;

/** Hints from an SQS queue, long-polled. What fails is tried again; the table holds what is missed meanwhile. */
export class SqsWakeMessages implements WakeMessages {
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
      const { ours, others, over } = sorted(received.Messages ?? [], isOurs);
      // Taken is taken, whatever becomes of it: a hint that comes back is of no use to anyone.
      if (over.length > 0) void this.#forget(over);
      if (others.length > 0) await this.#putBack(others);
      if (others.length > 0 && ours.length === 0) await this.#backoff.sleep(LEAVE_MS, signal);
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

/** What messages tell this connector, those that are for others still, and those that nobody needs any more. */
function sorted(messages: readonly Message[], isOurs: (node: Hint['node']) => boolean) {
  const ours: string[] = [];
  const others: Message[] = [];
  const over: Message[] = [];
  for (const message of messages) {
    const hint = readHint(message.Body ?? '');
    const isForOthers = hint !== undefined && !isOurs(hint.node);
    if (hint && !isForOthers) ours.push(hint.about);
    (isForOthers && handsOf(message) < MOST_HANDS ? others : over).push(message);
  }
  return { ours, others, over };
}

const handsOf = ({ Attributes }: Message) => Number(Attributes?.ApproximateReceiveCount);

const entriesOf = (messages: readonly Message[]) =>
  messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle: ReceiptHandle! }));
