import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GRACE_MS, reconcile } from '../../functions/outbox/reconcile.ts';
import { publishRecords, type StreamRecord } from '../../functions/outbox/stream.ts';
import { openStage, type Stage } from '../functions/outbox/stage.ts';
import { synthesise } from '../infra/synthesise.ts';
import { type Mapping, runMapping } from './mapping.ts';

const mapping = Object.values(synthesise().resources).find(
  ({ Type, Properties }) =>
    Type === 'AWS::Lambda::EventSourceMapping' && Properties.StartingPosition === 'TRIM_HORIZON',
)!.Properties as Mapping;

const TIPS = 7;
const HOUR_MS = 3_600_000;

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const sequence = ({ dynamodb }: StreamRecord) => Number(dynamodb?.NewImage?.sequence?.N);

/** Run the template's mapping over all of the stream, a second for each pause. */
async function run(worker: (records: StreamRecord[]) => Promise<unknown>, waitMs = 1_000) {
  const records = await stage.records();
  const clock = stage.deps.clock;
  return runMapping({ mapping, records, worker, clock, wait: () => stage.pass(waitMs) });
}

describe('Lambda’s reading of the stream, with the template’s mapping', () => {
  it('gives the function new tips alone, in order, and gives nothing up', async () => {
    await stage.book('alice', TIPS);
    const batches: number[][] = [];
    const givenUp = await run(async (records) => {
      batches.push(records.map(sequence));
      return publishRecords(records, stage.deps);
    });
    expect([batches, givenUp]).toEqual([[[1, 2, 3, 4, 5, 6, 7]], []]);
    expect(await stage.unhanded('alice', BigInt(TIPS))).toEqual([]);
  });

  it.each([
    { said: 'nothing', answer: {}, went: 'well' },
    { said: 'null', answer: null, went: 'well' },
    { said: 'no failures', answer: { batchItemFailures: [] }, went: 'well' },
    { said: 'what is none of it', answer: { batchItemFailures: [{ itemIdentifier: '1' }] }, went: 'wrong' },
    { said: 'an empty name', answer: { batchItemFailures: [{ itemIdentifier: '' }] }, went: 'wrong' },
  ])('takes $said for a batch that went $went', async ({ answer, went }) => {
    await stage.book('alice', TIPS);
    const givenUp = await run(async () => answer);
    expect(givenUp.flatMap(({ records }) => records)).toHaveLength(went === 'well' ? 0 : TIPS);
  });

  it('goes on from the record that the function names', async () => {
    await stage.book('alice', TIPS);
    const batches: number[][] = [];
    let failed = false;
    await run(async (records) => {
      batches.push(records.map(sequence));
      const fourth = records.find((record) => sequence(record) === 4)!;
      if (failed) return { batchItemFailures: [] };
      failed = true;
      return { batchItemFailures: [{ itemIdentifier: fourth.dynamodb!.SequenceNumber }] };
    });
    expect(batches).toEqual([
      [1, 2, 3, 4, 5, 6, 7],
      [4, 5, 6, 7],
    ]);
  });

  it('gives up a record that breaks the function, alone and whole; the sweep hands its tip on', async () => {
    await stage.book('alice', TIPS);
    let calls = 0;
    const givenUp = await run(async (records) => {
      calls++;
      if (records.some((record) => sequence(record) === 4)) throw new Error('out of memory');
      return publishRecords(records, stage.deps);
    });
    expect(givenUp.map(({ records, condition }) => [records.map(sequence), condition])).toEqual([
      [[4], 'RetryAttemptsExhausted'],
    ]);
    expect(givenUp[0]!.records[0]!.dynamodb!.NewImage).toMatchObject({ handle: { S: 'alice' } });
    expect(calls).toBeGreaterThan(mapping.MaximumRetryAttempts);
    expect(await stage.unhanded('alice', BigInt(TIPS))).toEqual([4]);
    stage.pass(GRACE_MS);
    expect(await reconcile(stage.deps)).toMatchObject({ handed: 1, failed: 0 });
    expect(await stage.unhanded('alice', BigInt(TIPS))).toEqual([]);
  });

  it('gives up what waited for six hours while the function was down; the sweep hands all of it on', async () => {
    await stage.book('alice', TIPS);
    const givenUp = await run(async () => {
      throw new Error('no copies left');
    }, HOUR_MS);
    expect(givenUp.flatMap(({ records }) => records.map(sequence)).sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(givenUp.map(({ condition }) => condition)).toContain('RecordAgeExceeded');
    expect(await reconcile(stage.deps)).toMatchObject({ handed: TIPS, failed: 0 });
    expect(new Set(stage.webhooks.numbers).size).toBe(TIPS);
  });

  it('gives nothing up while webhooks are down: tips wait, then go by the stream or by the sweep, each once', async () => {
    await stage.book('alice', TIPS);
    let calls = 0;
    stage.webhooks.fault = () => {
      if (++calls < 60) throw new Error('down');
    };
    expect(await run((records) => publishRecords(records, stage.deps), 10_000)).toEqual([]);
    stage.webhooks.fault = () => {};
    stage.pass(GRACE_MS);
    await reconcile(stage.deps);
    expect(await stage.unhanded('alice', BigInt(TIPS))).toEqual([]);
    expect(stage.webhooks.numbers.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7].map((each) => `alice ${each}`));
  });
});
