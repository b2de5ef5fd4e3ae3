import type { BatchAnswer, StreamRecord } from '../../functions/outbox/stream.ts';

/** What a template says of an event source mapping, as far as it decides what becomes of records. */
export interface Mapping {
  readonly BatchSize: number;
  readonly MaximumRetryAttempts: number;
  readonly MaximumRecordAgeInSeconds: number;
  readonly BisectBatchOnFunctionError: boolean;
  readonly FunctionResponseTypes: readonly string[];
  readonly FilterCriteria: { readonly Filters: readonly { readonly Pattern: string }[] };
}

/** Records that Lambda gave up. An S3 destination gets them whole. */
export interface GivenUp {
  readonly records: readonly StreamRecord[];
  readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded';
}

interface Run {
  readonly mapping: Mapping;
  /** One shard's, in their order. */
  readonly records: readonly StreamRecord[];
  /** The function; it throws as a function does that fails, or takes too long. */
  worker(records: StreamRecord[]): Promise<unknown>;
  readonly clock: () => Date;
  /** The pause before an attempt is repeated. */
  wait(attempts: number): void;
}

type Batch = { readonly records: readonly StreamRecord[]; readonly attempts: number };

/**
 * Reads a shard of a table's stream as Lambda documents that it does, to its end.
 * @returns what went to the on-failure destination
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export async function runMapping({ mapping, records, worker, clock, wait }: Run): Promise<GivenUp[]> {
  const givenUp: GivenUp[] = [];
  const wanted = records.filter((record) => passes(mapping, record));
  const ageOf = ({ dynamodb }: StreamRecord) =>
    clock().getTime() / 1000 - (dynamodb?.ApproximateCreationDateTime ?? 0);
  const give = (batch: readonly StreamRecord[], condition: GivenUp['condition']) => {
    if (batch.length > 0) givenUp.push({ records: batch, condition });
  };
  let waiting: Batch[] = [];
  for (let at = 0; at < wanted.length; at += mapping.BatchSize)
    waiting.push({ records: wanted.slice(at, at + mapping.BatchSize), attempts: 0 });

  for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
    const isOld = (record: StreamRecord) => ageOf(record) > mapping.MaximumRecordAgeInSeconds;
    give(batch.records.filter(isOld), 'RecordAgeExceeded');
    const young = batch.records.filter((record) => !isOld(record));
    if (young.length === 0) continue;
    const answer = await worker([...young]).catch(() => undefined);
    const from = answer === undefined ? undefined : checkpoint(mapping, young, answer as BatchAnswer | null);
    if (from === young.length) continue;
    const again = afterFailure(mapping, young, from, batch.attempts);
    if (again.length === 0) give(young.slice(from ?? 0), 'RetryAttemptsExhausted');
    else wait(again[0]!.attempts);
    waiting = [...again, ...waiting];
  }
  return givenUp;
}

/** What is tried again: from the record that was named on, or else all, in halves where that is wanted; nothing at the end of all tries. */
function afterFailure(
  { MaximumRetryAttempts, BisectBatchOnFunctionError }: Mapping,
  batch: readonly StreamRecord[],
  from: number | undefined,
  attempts: number,
): Batch[] {
  const half = Math.ceil(batch.length / 2);
  // To halve a batch uses up none of its attempts.
  if (from === undefined && BisectBatchOnFunctionError && batch.length > 1)
    return [batch.slice(0, half), batch.slice(half)].map((records) => ({ records, attempts }));
  if (attempts >= MaximumRetryAttempts) return [];
  return [{ records: batch.slice(from ?? 0), attempts: attempts + 1 }];
}

/** Where a batch is to go on: its length when all went well; undefined when the whole batch failed. */
function checkpoint(
  { FunctionResponseTypes }: Mapping,
  batch: readonly StreamRecord[],
  answer: BatchAnswer | null,
): number | undefined {
  if (!FunctionResponseTypes.includes('ReportBatchItemFailures')) return batch.length;
  const failures = answer?.batchItemFailures ?? [];
  const places = failures.map(({ itemIdentifier }) =>
    batch.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === itemIdentifier),
  );
  return places.includes(-1) ? undefined : Math.min(batch.length, ...places);
}

const passes = ({ FilterCriteria: { Filters } }: Mapping, record: StreamRecord) =>
  Filters.some(({ Pattern }) => fits(JSON.parse(Pattern), record));

/** Whether a value fits a pattern of EventBridge's, as far as the template has such. */
function fits(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern))
    return pattern.some((each) =>
      typeof each === 'string' ? each === value : typeof value === 'string' && value.startsWith(each.prefix),
    );
  return Object.entries(pattern as object).every(([name, each]) =>
    fits(each, (value as Record<string, unknown> | undefined)?.[name]),
  );
}
