import type { DeliveryRef } from '../../shared/ledger/index.ts';
import { LONGEST_DELAY_SECONDS, readHint } from '../deliveries/hints.ts';
import { type DeliverDeps, deliver } from './deliver.ts';
import { deliverDue } from './runner.ts';

/** A batch of messages from SQS, as far as it is looked at. */
export interface HintBatch {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

export interface WorkDeps extends DeliverDeps {
  /** Sends hints that are to be given out after so many seconds. */
  readonly hint: (refs: readonly DeliveryRef[], delaySeconds: number) => Promise<void>;
}

/**
 * Work that a Lambda function is woken for: hints from the queue, one try of each; or the clock, and then whatever is due in
 * the table, for as long as there is time.
 * @param signal aborts shortly before Lambda's own timeout
 * @returns for a batch, those of its messages that are to come again, since the table did not answer
 */
export async function work(
  deps: WorkDeps,
  event: Partial<HintBatch>,
  signal: AbortSignal,
): Promise<{ batchItemFailures: { itemIdentifier: string }[] }> {
  const { report } = deps;
  const batchItemFailures: { itemIdentifier: string }[] = [];
  if (!event.Records) {
    const again = (ref: DeliveryRef, due: Date) => remind(deps, [ref], due);
    await deliverDue({ ...deps, signal, again });
    return { batchItemFailures };
  }
  const tryOne = async ({ messageId, body }: HintBatch['Records'][number]) => {
    const ref = readHint(body);
    if (!ref) return report(new Error('a message of the queue is no hint at a delivery'));
    try {
      const left = await deliver(deps, ref, signal);
      if (left.again) await remind(deps, [ref], left.again);
      if (left.more.length > 0) await remind(deps, left.more, deps.clock());
    } catch (error) {
      report(error);
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  };
  await Promise.all(event.Records.map(tryOne));
  return { batchItemFailures };
}

/** A retry that comes sooner than the queue forgets is hinted at; a later one is found in the table. */
async function remind({ hint, clock, report }: WorkDeps, refs: readonly DeliveryRef[], due: Date) {
  const seconds = Math.max(0, Math.ceil((due.getTime() - clock().getTime()) / 1000));
  if (seconds <= LONGEST_DELAY_SECONDS) await hint(refs, seconds).catch(report);
}
