import { EventEmitter, once } from 'node:events';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BOUNDS, SLOW_MS } from '../../../functions/webhooks/dispatcher.ts';
import { deliverDue, GRACE_MS, runDeliveries } from '../../../functions/webhooks/runner.ts';
import { work } from '../../../functions/webhooks/work.ts';
import { sleep } from '../../../shared/concurrency/sleep.ts';
import { aborted } from '../../../shared/concurrency/untilAborted.ts';
import { WakeQueue } from '../../../shared/concurrency/wakeQueue.ts';
import { DELIVERY_LISTS, deliveryId } from '../../../shared/ledger/index.ts';
import { keyItem, keys } from '../../../shared/ledger/keys.ts';
import { type Act, CHUNK, CHUNKED, INFORMATION, SWITCH, startActor } from './anySocket.ts';
import {
  type Authority,
  answers,
  makeAuthority,
  neverAnswers,
  type Receiver,
  startReceiver,
} from './receiver.ts';
import { openStage, type Stage, tipOf } from './stage.ts';

let authority: Authority;
let receiver: Receiver;
let stage: Stage;
beforeAll(async () => {
  authority = await makeAuthority();
});
beforeEach(async () => {
  receiver = await startReceiver(authority);
  stage = await openStage(authority);
});
afterEach(async () => {
  await stage.close();
  await receiver.stop();
});

const tips = (count: number) => Array.from({ length: count }, (_, at) => tipOf(at + 1));

describe('a worker', () => {
  test('delivers what a hint tells of at once, and what no hint told of when it looks', async () => {
    const unheard = await stage.endpoint(receiver.url('/unheard'));
    await stage.tip(tipOf(1));
    const worker = stage.run();
    await receiver.has(1);
    const refs = await stage.tip(tipOf(2));
    worker.hints.pushAll(refs);
    await receiver.has(2);
    await worker.stop();
    expect((await stage.log(unheard)).map(({ state }) => state)).toEqual(['done', 'done']);
  });

  test('finds again what it was told of twice, and delivers it once', async () => {
    await stage.endpoint(receiver.url());
    const worker = stage.run();
    const refs = await stage.tip(...tips(20));
    worker.hints.pushAll([...refs, ...refs]);
    await receiver.has(20);
    worker.hints.pushAll(refs);
    await worker.stop();
    expect(receiver.requests).toHaveLength(20);
  });

  test('wakes by itself for a retry', async () => {
    await stage.endpoint(receiver.url());
    receiver.behave(answers(500));
    // Four seconds is what the shortest wait comes to; time passes for it alone.
    const sleep = async (ms: number, signal?: AbortSignal) => {
      if (ms === 4_000) return stage.pass(ms);
      if (signal) await aborted(signal);
    };
    const worker = stage.run({ sleep, random: (length) => new Uint8Array(length) });
    worker.hints.pushAll(await stage.tip(tipOf(1)));
    await receiver.has(2);
    await worker.stop();
  });

  test("beside others delivers each event once, for a claim is one worker's", async () => {
    await stage.endpoint(receiver.url());
    const refs = await stage.tip(...tips(50));
    const workers = [stage.run(), stage.run(), stage.run()];
    for (const { hints } of workers) hints.pushAll(refs);
    await receiver.has(50);
    for (const { stop } of workers) await stop();
    expect(receiver.requests).toHaveLength(50);
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(50);
  });

  test('is not held up by an endpoint of the same creator that never answers', async () => {
    const dead = await startReceiver(authority);
    dead.behave(neverAnswers);
    const webhook = await stage.endpoint(dead.url());
    for (let i = 0; i < 5; i++) await stage.endpoint(receiver.url(`/live${i}`));
    const impatient: typeof sleep = (ms, signal) => sleep(ms === GRACE_MS ? 0 : ms, signal);
    const worker = stage.run({ sleep: impatient });
    worker.hints.pushAll(await stage.tip(...tips(20)));
    await receiver.has(100);
    // All live ones were told while the first tries of the dead one were still under way, as many as it may have at once.
    expect(
      (await stage.log(webhook)).filter(({ tries, state }) => tries === 0 && state === 'pending'),
    ).toHaveLength(20);
    expect(dead.connections).toBeLessThanOrEqual(8);
    await worker.stop();
    await dead.stop();
  });

  test('is not held up by a delivery that can not be read', async () => {
    await stage.endpoint(receiver.url());
    const [broken] = await stage.tip(tipOf(1));
    const { pk, sk } = keyItem(keys.delivery(broken!.endpointId, broken!.id));
    await stage.ledger.client.send(
      new UpdateItemCommand({
        TableName: stage.ledger.table,
        Key: { pk, sk },
        UpdateExpression: 'SET tries = :text',
        ExpressionAttributeValues: { ':text': { S: 'many' } },
      }),
    );
    await stage.tip(tipOf(2), tipOf(3));
    await deliverDue({ ...stage.deps, signal: stage.going });
    expect(receiver.requests).toHaveLength(2);
    expect(stage.reports).toMatchObject([{ name: 'ItemError', attribute: 'tries' }]);
  });

  test('puts nothing on the wire once it was told to stop', async () => {
    await stage.endpoint(receiver.url());
    const worker = stage.run();
    await worker.stop();
    worker.hints.pushAll(await stage.tip(tipOf(1)));
    expect(receiver.requests).toEqual([]);
  });

  test('reports what the table does not do, and goes on', async () => {
    await stage.endpoint(receiver.url());
    let failures = 3;
    const { client } = stage.ledger;
    const send = client.send.bind(client);
    const ledger = {
      ...stage.ledger,
      client: Object.assign(Object.create(client), {
        send: (command: object) => {
          if (command.constructor.name === 'UpdateItemCommand' && failures-- > 0) {
            return Promise.reject(new Error('the table is away'));
          }
          return send(command as never);
        },
      }),
    };
    const worker = stage.run({ ledger });
    const refs = await stage.tip(...tips(5));
    worker.hints.pushAll(refs);
    await receiver.has(2);
    worker.hints.pushAll(refs);
    await receiver.has(5);
    await worker.stop();
    expect(stage.reports.map(String)).toEqual(Array(3).fill('Error: the table is away'));
  });
});

describe('beside receivers whose sockets do as they like', () => {
  const acts: Act[] = [
    { at: 'request', says: [SWITCH], ends: 'is silent' },
    { at: 'connection', says: [], ends: 'is silent' },
    { at: 'request', says: [CHUNKED, CHUNK], ends: 'repeats' },
    { at: 'request', says: [INFORMATION[0]!], ends: 'is silent' },
  ];
  let actors: Awaited<ReturnType<typeof startActor>>[];
  beforeEach(async () => {
    actors = await Promise.all(acts.map((act) => startActor(authority, act)));
    for (const handle of ['mallory', 'trudy'])
      for (let number = 0; number < 20; number++)
        await stage.endpoint(actors[number % actors.length]!.url, { handle });
    await stage.endpoint(receiver.url());
    for (const handle of ['mallory', 'trudy'])
      await stage.tip(...Array.from({ length: 8 }, (_, at) => tipOf(at + 1_000, { handle })));
  });
  afterEach(() => Promise.all(actors.map(({ stop }) => stop())));

  test('a worker delivers what is for others, and ends when it is told to', async () => {
    const worker = stage.run();
    await expect.poll(() => actors.some(({ met }) => met > 0), { timeout: 60_000 }).toBe(true);
    worker.hints.pushAll(await stage.tip(...tips(5)));
    await receiver.has(5);
    await worker.stop();
  });

  test('a batch of a Lambda function ends with its time, and what it broke off is due again', async () => {
    const refs = await stage.tip(tipOf(2_000, { handle: 'mallory' }));
    const batch = refs.slice(0, 10).map((ref, at) => ({ messageId: `m${at}`, body: JSON.stringify(ref) }));
    const time = new AbortController();
    const ended = work({ ...stage.deps, hint: async () => {} }, { Records: batch }, time.signal);
    await expect.poll(() => actors[1]!.met, { timeout: 60_000 }).toBeGreaterThan(0);
    time.abort();
    expect(await ended).toEqual({ batchItemFailures: [] });
    const logs = await Promise.all(refs.map(({ endpointId }) => stage.log({ id: endpointId })));
    expect(logs.flat().filter(({ state }) => state === 'pending').length).toBeGreaterThan(0);
  });
});

describe('a backlog', () => {
  const ENDPOINTS = 10;
  const EVENTS = 30;
  const bounds = { ...BOUNDS, perEndpoint: 2, perCreator: 6, all: 6, waiting: 20, waitingInAll: 25 };

  /** The stage's table, whose answers to queries of an index are seen. */
  function watched(seen: (page: readonly object[]) => void) {
    const { client } = stage.ledger;
    const send = async (command: { input: { IndexName?: string } }) => {
      const answer = await client.send(command as never);
      if (command.input.IndexName) seen((answer as unknown as { Items: object[] }).Items);
      return answer;
    };
    return { ...stage.ledger, client: Object.assign(Object.create(client), { send }) };
  }

  test.each(['by hints', 'by looks alone'])(
    'that is heard of %s is held by the slots that there are',
    async (how) => {
      for (let number = 0; number < ENDPOINTS; number++) await stage.endpoint(receiver.url(`/${number}`));
      const refs = await stage.tip(...tips(EVENTS));
      const pages: (readonly object[])[] = [];
      let bodies = 0;
      let mostBodies = 0;
      const { post } = stage.deps;
      const worker = stage.run({
        bounds,
        ledger: watched((page) => void pages.push(page)),
        post: async (message, signal) => {
          mostBodies = Math.max(mostBodies, ++bodies);
          return post(message, signal).finally(() => bodies--);
        },
      });
      if (how === 'by hints') worker.hints.pushAll(refs);
      await receiver.has(ENDPOINTS * EVENTS);
      await worker.stop();
      expect(receiver.requests).toHaveLength(ENDPOINTS * EVENTS);
      expect(mostBodies).toBeLessThanOrEqual(bounds.all + bounds.allSlow);
      expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(100);
      expect(new Set(pages.flat().flatMap(Object.keys))).toEqual(
        new Set(['id', 'endpointId', 'handle', 'due']),
      );
    },
  );

  test('that takes long to look through is looked at the less often', async () => {
    await stage.endpoint(receiver.url());
    await stage.tip(...tips(3));
    const rests: number[] = [];
    const worker = stage.run({
      ledger: watched(() => stage.pass(100)),
      post: async () => ({ status: 200, durationMs: 1 }),
      sleep: async (ms, signal) => {
        rests.push(ms);
        if (signal) await aborted(signal);
      },
    });
    await expect.poll(() => Math.max(...rests), { timeout: 60_000 }).toBeGreaterThan(SLOW_MS);
    await worker.stop();
    expect(Math.max(...rests)).toBe(9 * 100 * DELIVERY_LISTS);
  });

  test('is worked off by one call, though few of it fit at a time', async () => {
    for (let number = 0; number < ENDPOINTS; number++) await stage.endpoint(receiver.url(`/${number}`));
    await stage.tip(...tips(EVENTS));
    await deliverDue({ ...stage.deps, signal: stage.going, bounds });
    expect(receiver.requests).toHaveLength(ENDPOINTS * EVENTS);
  });
});

describe('of a crowd that has no room', () => {
  const CROWD = 20;
  const MINUTE_MS = 60_000;
  const bounds = { ...BOUNDS, perEndpoint: 1, perSlowEndpoint: 1, waiting: 1 };

  test.each([
    ['nothing is put off when it has its turn soon', 1_000, 0],
    ['what has its turn in ten minutes and more is put off until then', MINUTE_MS, 8],
  ])('%s', async (_, tryMs, putOff) => {
    const webhook = await stage.endpoint(receiver.url());
    await stage.tip(...tips(CROWD));
    const events = new EventEmitter();
    const [secondBegan, looked] = [once(events, 'second'), once(events, 'looked')];
    const stop = new AbortController();
    let posts = 0;
    let looks = 0;
    const running = runDeliveries({
      ...stage.deps,
      bounds,
      hints: new WakeQueue(),
      signal: stop.signal,
      // The first try takes so long, and the second is under way until the end.
      post: async (_, signal) => {
        if (++posts === 1) {
          stage.pass(tryMs);
          return { status: 200, durationMs: tryMs };
        }
        events.emit('second');
        await aborted(signal);
        return { error: 'broken off', durationMs: 0 };
      },
      // The second look comes then, and no third.
      sleep: async (ms, signal) => {
        if (stop.signal.aborted) return;
        if (ms !== SLOW_MS && ++looks === 1) return void (await secondBegan);
        if (looks === 2) events.emit('looked');
        if (signal) await aborted(signal);
      },
    });
    await looked;
    const later = new Date(stage.clock().getTime() + 10 * MINUTE_MS);
    const waiting = (await stage.log(webhook)).filter(({ due }) => due && due >= later);
    expect(waiting).toHaveLength(putOff);
    stop.abort();
    await running;
  });
});

describe('a crowd for one endpoint', () => {
  const bounds = { ...BOUNDS, perEndpoint: 4, waiting: 10 };

  test('is delivered whole, though few of it wait in memory', async () => {
    await stage.endpoint(receiver.url());
    await stage.tip(...tips(100));
    const worker = stage.run({ bounds });
    await receiver.has(100);
    await worker.stop();
    expect(receiver.requests).toHaveLength(100);
  });

  test('takes no more than its share at a time', async () => {
    let now = 0;
    let most = 0;
    await stage.endpoint(receiver.url());
    receiver.behave((response) => {
      most = Math.max(most, ++now);
      setImmediate(() => {
        now--;
        response.end();
      });
    });
    await stage.tip(...tips(40));
    await deliverDue({ ...stage.deps, signal: stage.going, bounds: { ...bounds, waiting: 100 } });
    expect(receiver.requests).toHaveLength(40);
    expect(most).toBeLessThanOrEqual(4);
  });
});

test('the id of a delivery follows the time of its event, and does not tell a set id', () => {
  const [early, late] = [
    deliveryId(new Date(1), 'tip_settled_ff'),
    deliveryId(new Date(1e12), 'tip_settled_ff'),
  ];
  expect(early < late).toBe(true);
  expect(deliveryId(new Date(1), 'tip_settled_ff')).toBe(early);
  expect(early).not.toContain('ff');
  expect(deliveryId(new Date(1), 'tip_settled_fe')).not.toBe(early);
});
