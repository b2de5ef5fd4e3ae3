import { randomBytes } from 'node:crypto';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SqsWakeMessages } from '../../../connector/requests/wakeMessages.ts';
import { Backoff } from '../../../shared/concurrency/backoff.ts';
import { WANT_HINT, writeHint } from '../../../shared/ledger/index.ts';
import { type Ministack, startMinistack } from '../../conformance/ministack.ts';
import { suitesHere } from '../../toolchains.ts';
import { openLog, until } from '../stage.ts';

/** For a connector whose node takes all creators' tips. */
const all = () => true;
const newId = () => randomBytes(16).toString('base64url');

describe.skipIf(!suitesHere().has('ministack'))('hints from an SQS queue, ministack’s', () => {
  let ministack: Ministack;
  let client: SQSClient;
  let queueUrl: string;
  let logged: ReturnType<typeof openLog>;
  let waits: number[];
  let stop: AbortController;
  let queues = 0;

  beforeAll(async () => {
    ministack = await startMinistack();
    client = sqs(ministack.endpoint);
  });

  afterAll(async () => {
    client?.destroy();
    await ministack?.stop();
  });

  beforeEach(async () => {
    const made = await client.send(
      new CreateQueueCommand({
        QueueName: `asks-${++queues}`,
        // What is not deleted comes back after a second.
        Attributes: { VisibilityTimeout: '1', ReceiveMessageWaitTimeSeconds: '0' },
      }),
    );
    queueUrl = made.QueueUrl!;
    logged = openLog();
    waits = [];
    stop = new AbortController();
  });

  const sqs = (endpoint: string) =>
    new SQSClient({
      endpoint,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });

  const hintsOf = (from: SQSClient, url = queueUrl) => {
    const sleep = async (ms: number) => void waits.push(ms);
    return new SqsWakeMessages(
      from,
      url,
      new Backoff({ firstMs: 100, mostMs: 400, chance: () => 1, sleep }),
      logged.log,
    );
  };

  const send = (body: string) =>
    client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));

  const leftOver = async () => {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }),
    );
    return names.reduce((sum, name) => sum + Number(Attributes?.[name]), 0);
  };

  it('come while they are waited for, and are deleted', async () => {
    const id = newId();
    const waiting = hintsOf(client).next(stop.signal, all);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const sent = performance.now();
    await send(id);
    expect(await waiting).toEqual([id]);
    expect(performance.now() - sent).toBeLessThan(5_000);
    await until(async () => (await leftOver()) === 0);
  });

  it('come ten at a time, each once', async () => {
    const ids = Array.from({ length: 25 }, newId);
    for (const id of ids) await send(id);
    const hints = hintsOf(client);
    const got: string[] = [];
    while (got.length < ids.length) {
      const some = await hints.next(stop.signal, all);
      expect(some.length).toBeLessThanOrEqual(10);
      got.push(...some);
    }
    expect(got.sort()).toEqual(ids.sort());
    await until(async () => (await leftOver()) === 0);
  });

  it('say, too, that an invoice is wanted', async () => {
    await send(WANT_HINT);
    expect(await hintsOf(client).next(stop.signal, all)).toEqual([WANT_HINT]);
  });

  describe('of several nodes', () => {
    const [ours, others] = [`02${'ab'.repeat(32)}`, `03${'cd'.repeat(32)}`];
    const isOurs = (node?: string) => node === ours;
    const isOthers = (node?: string) => node === others;

    it('are left for the connector that they are for', async () => {
      const ids = [newId(), newId()];
      await send(writeHint(ids[0]!, others));
      await send(writeHint(WANT_HINT, others));
      await send(writeHint(ids[1]!, ours));
      const hints = hintsOf(client);
      const got: string[] = [];
      while (got.length === 0) got.push(...(await hints.next(stop.signal, isOurs)));
      expect(got).toEqual([ids[1]]);
      const there = hintsOf(client);
      const gotThere: string[] = [];
      while (gotThere.length < 2) gotThere.push(...(await there.next(stop.signal, isOthers)));
      expect(gotThere.sort()).toEqual([ids[0], WANT_HINT].sort());
      await until(async () => (await leftOver()) === 0);
    });

    it('reach who waits for them while the one who put them back rests', async () => {
      const there = hintsOf(client);
      const got: { [node: string]: string[] } = { [ours]: [], [others]: [] };
      const sleep = async () => {
        got[others]!.push(...(await there.next(stop.signal, isOthers)));
      };
      const resting = new Backoff({ firstMs: 100, mostMs: 400, chance: () => 1, sleep });
      const here = new SqsWakeMessages(client, queueUrl, resting, logged.log);
      const ids = Array.from({ length: 20 }, newId);
      for (const [at, id] of ids.entries()) await send(writeHint(id, at % 2 ? others : ours));
      while (got[ours]!.length < 10 || got[others]!.length < 10)
        got[ours]!.push(...(await here.next(stop.signal, isOurs)));
      expect(got[ours]!.sort()).toEqual(ids.filter((_, at) => at % 2 === 0).sort());
      expect(got[others]!.sort()).toEqual(ids.filter((_, at) => at % 2 === 1).sort());
    });

    it('are dropped when nobody whom they are for takes them, so that they don’t go round for ever', async () => {
      await send(writeHint(newId(), others));
      const hints = hintsOf(client);
      let rounds = 0;
      while ((await leftOver()) > 0) {
        expect(await hints.next(stop.signal, isOurs)).toEqual([]);
        rounds++;
      }
      expect(rounds).toBeLessThanOrEqual(12);
    });
  });

  it('are ids: what is none is dropped for good', async () => {
    const id = newId();
    const garbage = [
      '{"id": 1}',
      `${id}x`,
      id.slice(1),
      ' ',
      '☕'.repeat(22),
      `${id}\n`,
      `${id}@`,
      `${id}@02`,
      `@${'02'.repeat(33)}`,
    ];
    for (const body of garbage) await send(body);
    await send(id);
    const hints = hintsOf(client);
    const got: string[] = [];
    while (got.length === 0) got.push(...(await hints.next(stop.signal, all)));
    expect(got).toEqual([id]);
    await until(async () => (await leftOver()) === 0);
  });

  it('end at once when the signal aborts, without a word', async () => {
    const waiting = hintsOf(client).next(stop.signal, all);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const told = performance.now();
    stop.abort();
    expect(await waiting).toEqual([]);
    expect(performance.now() - told).toBeLessThan(2_000);
    expect(logged.lines).toEqual([]);
    expect(waits).toEqual([]);
  });

  it('are waited for longer and longer while the queue is away, and come again when it is back', async () => {
    const away = sqs('http://127.0.0.1:1');
    let there = away;
    const line = { send: (command: never, options: never) => there.send(command, options) };
    const hints = hintsOf(line as unknown as SQSClient);
    for (let time = 0; time < 4; time++) expect(await hints.next(stop.signal, all)).toEqual([]);
    expect(waits).toEqual([100, 200, 400, 400]);
    expect(logged.lines.map(({ level }) => level)).toEqual(Array(4).fill('warn'));
    there = client;
    const id = newId();
    await send(id);
    expect(await hints.next(stop.signal, all)).toEqual([id]);
    // The next trouble begins with a short wait again.
    there = away;
    await hints.next(stop.signal, all);
    expect(waits.at(-1)).toBe(100);
    away.destroy();
  });

  it('of a queue that is not there say so, and trouble nobody else', async () => {
    expect(await hintsOf(client, `${queueUrl}-gone`).next(stop.signal, all)).toEqual([]);
    expect(logged.lines).toMatchObject([
      { level: 'warn', fields: { error: expect.stringMatching(/exist/i), waitMs: 100 } },
    ]);
  });
});
