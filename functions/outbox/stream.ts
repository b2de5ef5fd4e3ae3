import type { Item } from '../../shared/ledger/codec.ts';
import { readableTip, type Tip } from '../../shared/ledger/index.ts';
import { prefix } from '../../shared/ledger/keys.ts';
import {
  type DeadLetter,
  MOST_IN_A_ROW,
  type OutboxDeps,
  publishTips,
  putDeadLetter,
  reasonForGood,
} from './publish.ts';

/**
 * A record of a DynamoDB stream as Lambda gives it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 */
export interface StreamRecord {
  readonly eventID?: string;
  readonly eventName?: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb?: {
    readonly Keys?: Item;
    readonly NewImage?: Item;
    readonly SequenceNumber?: string;
    /** Seconds since 1970. */
    readonly ApproximateCreationDateTime?: number;
  };
}

/** Tells Lambda where to go on: the lowest of the sequence numbers is the checkpoint. */
export interface BatchAnswer {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/**
 * A record that keeps failing holds up those behind it for this long. Then it is left to the sweep, for what is down may
 * be down for this one alone: a live channel that is away must not keep webhooks waiting.
 */
export const PATIENCE_MS = 60_000;

/** Whether a record tells of a new tip. A change of a row, as a text that was erased, is no event. */
export const isNewTip = ({ eventName, dynamodb }: StreamRecord): boolean => {
  const pk = dynamodb?.Keys?.pk?.S ?? dynamodb?.NewImage?.pk?.S;
  return eventName === 'INSERT' && (pk === undefined || pk.startsWith(prefix('tip')));
};

type Work = { record: StreamRecord } & ({ tip: Tip } | { deadLetter: DeadLetter });

function workOf(record: StreamRecord): Work {
  const item = record.dynamodb?.NewImage;
  const tip = item && readableTip(item);
  if (tip) return { record, tip };
  const reason = item ? 'not a tip that can be read' : 'a record without the new row';
  return { record, deadLetter: deadLetterOf(record, reason) };
}

const deadLetterOf = (record: StreamRecord, reason: string): DeadLetter => ({
  reason,
  record,
  item: record.dynamodb?.NewImage ?? record.dynamodb?.Keys,
  otherwise: record.eventID,
});

/**
 * Hand on the tips of a batch of stream records: one event a tip, at least once. What can't be handed on is parked and the
 * rest goes on; what fails because something is down is to be sent again from the first such record on.
 * @returns at most one failure, the first
 */
export async function publishRecords(
  records: readonly StreamRecord[],
  deps: OutboxDeps,
): Promise<BatchAnswer> {
  const works = records.filter(isNewTip).map(workOf);
  if (works.length === 0) return { batchItemFailures: [] };
  try {
    const tips = works.flatMap((work) => ('tip' in work ? [work.tip] : []));
    await publishTips(tips, deps);
    for (const work of works) if ('deadLetter' in work) await putDeadLetter(work.deadLetter, deps);
    return { batchItemFailures: [] };
  } catch {
    return oneByOne(works, deps);
  }
}

/** The same, record by record, to find the one that is at fault. */
async function oneByOne(works: readonly Work[], deps: OutboxDeps): Promise<BatchAnswer> {
  const now = deps.clock().getTime();
  const late: { handle: string; sequence: string; error: string }[] = [];
  let inARow = 0;
  let failed: string | undefined;
  for (const work of works) {
    const isOld = 'tip' in work && now - madeAt(work.record) >= PATIENCE_MS;
    try {
      if (!('tip' in work)) await putDeadLetter(work.deadLetter, deps);
      else if (isOld && inARow >= MOST_IN_A_ROW) throw new Error('something is down for all');
      else await publishOrDeadLetter(work, deps);
      inARow = 0;
    } catch (error) {
      if (!isOld) {
        failed = work.record.dynamodb?.SequenceNumber ?? '';
        break;
      }
      inARow++;
      const { handle, sequence } = work.tip;
      late.push({ handle, sequence: String(sequence), error: String(error) });
    }
  }
  if (late.length > 0) deps.report('late', { tips: late.length, first: late[0] });
  return { batchItemFailures: failed === undefined ? [] : [{ itemIdentifier: failed }] };
}

async function publishOrDeadLetter({ record, tip }: { record: StreamRecord; tip: Tip }, deps: OutboxDeps) {
  try {
    await publishTips([tip], deps);
  } catch (error) {
    const reason = reasonForGood(error);
    if (reason === undefined) throw error;
    await putDeadLetter(deadLetterOf(record, reason), deps);
  }
}

/** ms since 1970. */
const madeAt = ({ dynamodb }: StreamRecord) => (dynamodb?.ApproximateCreationDateTime ?? 0) * 1000;
