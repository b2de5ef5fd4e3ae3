import { ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb';
import { sleep } from '../concurrency/sleep.ts';

/** What waits between the parts of an answer. */
export interface Pauses {
  sleep(ms: number): Promise<unknown>;
  /** Evenly from 0 to 1. */
  random(): number;
}

const SYSTEM: Pauses = { sleep, random: Math.random };

const FIRST_MS = 25;
/** Times in a row that nothing was answered, before it is given up: 1.6 s of pauses at most. */
const MOST_TRIES = 6;

/**
 * Ask for a batch until nothing of it is left. DynamoDB answers in part when it is busy, or when an answer would be too large; asked
 * again at once it would be no less busy, so each further request waits, twice as long while nothing is answered: half of it for
 * certain, half by chance.
 * @param ask answers what was left unprocessed
 * @throws ProvisionedThroughputExceededException, as for a single item, when nothing is answered several times in a row
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export async function untilWhole<T>(
  batch: readonly T[],
  ask: (wanted: T[]) => Promise<readonly T[]>,
  { sleep, random }: Pauses = SYSTEM,
): Promise<void> {
  let wanted = [...batch];
  for (let inVain = 0; wanted.length > 0; ) {
    const left = await ask(wanted);
    if (left.length === 0) return;
    inVain = left.length < wanted.length ? 0 : inVain + 1;
    if (inVain === MOST_TRIES)
      throw new ProvisionedThroughputExceededException({
        message: `${left.length} items of a batch were left unprocessed ${MOST_TRIES} times in a row`,
        $metadata: { attempts: MOST_TRIES },
      });
    wanted = [...left];
    await sleep(FIRST_MS * 2 ** inVain * (0.5 + random() / 2));
  }
}
