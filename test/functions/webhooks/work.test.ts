import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readHint } from '../../../functions/deliveries/hints.ts';
import { ConfigError } from '../../../functions/lambda/environment.ts';
import { replay } from '../../../functions/manage/replay.ts';
import { readConfig } from '../../../functions/webhooks/config.ts';
import type { Post } from '../../../functions/webhooks/post.ts';
import { work } from '../../../functions/webhooks/work.ts';
import type { DeliveryRef } from '../../../shared/ledger/index.ts';
import { type Authority, answers, makeAuthority, type Receiver, startReceiver } from './receiver.ts';
import { openStage, type Stage, tipOf } from './stage.ts';

let authority: Authority;
let receiver: Receiver;
let stage: Stage;
let hinted: [id: string, seconds: number][];
beforeAll(async () => {
  authority = await makeAuthority();
});
beforeEach(async () => {
  receiver = await startReceiver(authority);
  stage = await openStage(authority);
  hinted = [];
});
afterEach(async () => {
  await stage.close();
  await receiver.stop();
});

const hint = async (refs: readonly DeliveryRef[], seconds: number) => {
  hinted.push(...refs.map(({ id }): [string, number] => [id, seconds]));
};
const message = (ref: object, messageId = 'm1') => ({ messageId, body: JSON.stringify(ref) });
const tips = (count: number) => Array.from({ length: count }, (_, at) => tipOf(at + 1));
const run = (event: Parameters<typeof work>[1], more = {}) =>
  work({ ...stage.deps, hint, ...more }, event, stage.going);

describe('of a batch of hints', () => {
  test('each is tried, and none comes again', async () => {
    await stage.endpoint(receiver.url());
    const refs = await stage.tip(...tips(10));
    const Records = refs.map((ref, at) => message(ref, `m${at}`));
    expect(await run({ Records })).toEqual({ batchItemFailures: [] });
    expect(receiver.requests).toHaveLength(10);
  });

  test('what is to be tried again within a quarter of an hour is hinted at for then', async () => {
    await stage.endpoint(receiver.url());
    receiver.behave(answers(500));
    const [ref] = await stage.tip(tipOf(1));
    const waits: number[] = [];
    for (let tries = 0; tries < 6; tries++) {
      await run({ Records: [message(ref!)] });
      waits.push(hinted.at(-1)![1]);
      stage.pass(2_400_000);
    }
    // 5 s, 30 s, 2 min, 10 min; the half hour and the hour are left to the schedule.
    expect(hinted).toHaveLength(4);
    for (const [at, seconds] of [5, 30, 120, 600].entries()) {
      expect(hinted[at]![1] / seconds).toBeGreaterThan(0.79);
      expect(hinted[at]![1] / seconds).toBeLessThan(1.21);
    }
  });

  test('those come again that the table did not answer for', async () => {
    await stage.endpoint(receiver.url());
    const [ref] = await stage.tip(tipOf(1));
    const client = { send: () => Promise.reject(new Error('away')) };
    const ledger = { client, table: 'ampjar' };
    expect(await run({ Records: [message(ref!, 'm7')] }, { ledger })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm7' }],
    });
    expect(stage.reports.map(String)).toEqual(['Error: away']);
  });

  test.each([
    '',
    'text',
    '{}',
    '{"endpointId":1,"id":"a"}',
    '{"endpointId":"a"}',
    '[]',
    'null',
    '{"endpointId":"","id":""}',
  ])('one that is none is reported and forgotten: %s', async (body) => {
    expect(readHint(body)).toBeUndefined();
    expect(await run({ Records: [{ messageId: 'm1', body }] })).toEqual({ batchItemFailures: [] });
    expect(stage.reports).toHaveLength(1);
  });

  test('one that tells of a delivery that is none any more does nothing', async () => {
    await run({ Records: [message({ endpointId: 'we_gone', id: 'gone' })] });
    expect(stage.reports).toEqual([]);
  });
});

describe('woken by the clock', () => {
  test('it delivers whatever is due', async () => {
    await stage.endpoint(receiver.url('/a'));
    await stage.endpoint(receiver.url('/b'));
    await stage.tip(...tips(20));
    await run({});
    expect(receiver.requests).toHaveLength(40);
  });

  test('it hints at retries, and leaves later ones to the next time', async () => {
    await stage.endpoint(receiver.url());
    receiver.behave(answers(500));
    const [ref] = await stage.tip(tipOf(1));
    await run({});
    expect(hinted.map(([id]) => id)).toEqual([ref!.id]);
    expect(receiver.requests).toHaveLength(1);
  });

  test('it ends in time, and what it did not come to stays due', async () => {
    await stage.endpoint(receiver.url());
    await stage.tip(...tips(5));
    const over = AbortSignal.abort();
    await work({ ...stage.deps, hint }, {}, over);
    expect(receiver.requests).toEqual([]);
    await run({});
    expect(receiver.requests).toHaveLength(5);
  });
});

describe('its environment', () => {
  const env = {
    TABLE_NAME: 'ampjar',
    AWS_REGION: 'eu-central-1',
    DELIVERIES_QUEUE_URL: 'https://sqs.example/1/q',
  };

  test('names table, region and queue', () => {
    expect(readConfig(env)).toEqual({
      table: 'ampjar',
      region: 'eu-central-1',
      queueUrl: env.DELIVERIES_QUEUE_URL,
    });
  });

  test.each(Object.keys(env))('is refused without %s', (name) => {
    expect(() => readConfig({ ...env, [name]: '' })).toThrow(ConfigError);
  });
});

describe.each([
  ['five minutes ahead of', 300_000],
  ['five minutes behind', -300_000],
])('of one whose clock is %s the worker', (_, aheadMs) => {
  /** Who queues has another clock. */
  const queue = async () => {
    stage.pass(aheadMs);
    const refs = await stage.tip(tipOf(1));
    stage.pass(-aheadMs);
    return refs;
  };

  test('a webhook is sent at once, by its hint and without one', async () => {
    const webhook = await stage.endpoint(receiver.url());
    const [ref] = await queue();
    await run({ Records: [message(ref!)] });
    expect(receiver.requests).toHaveLength(1);
    stage.pass(aheadMs);
    await replay(stage.ledger, webhook, { after: 0n }, stage.clock());
    stage.pass(-aheadMs);
    await run({});
    expect(receiver.requests).toHaveLength(2);
  });

  test('a retry comes after its pause, by the clock of the worker that put it off', async () => {
    const webhook = await stage.endpoint(receiver.url());
    receiver.behave(answers(500));
    const [ref] = await queue();
    await run({ Records: [message(ref!)] });
    const [retry] = await stage.log(webhook);
    const pauseMs = retry!.due!.getTime() - stage.clock().getTime();
    expect(pauseMs).toBeGreaterThanOrEqual(4_000);
    stage.pass(pauseMs - 1_001);
    await run({ Records: [message(ref!)] });
    await run({});
    expect(receiver.requests).toHaveLength(1);
    stage.pass(1_001);
    await run({});
    expect(receiver.requests).toHaveLength(2);
  });

  test('a webhook that it broke off unsent is sent by the next worker at once', async () => {
    await stage.endpoint(receiver.url());
    const [ref] = await stage.tip(tipOf(1));
    stage.pass(aheadMs);
    const post: Post = async () => ({ error: 'the sender stopped (AbortError)', durationMs: 1 });
    await work({ ...stage.deps, hint, post }, { Records: [message(ref!)] }, AbortSignal.abort());
    stage.pass(-aheadMs);
    await run({});
    expect(receiver.requests).toHaveLength(1);
  });
});
