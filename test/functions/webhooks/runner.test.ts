import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BOUNDS, Dispatcher } from '../../../functions/webhooks/dispatcher.ts';
import { deliverDue, GRACE_MS } from '../../../functions/webhooks/runner.ts';
import { work } from '../../../functions/webhooks/work.ts';
import { deliveryId } from '../../../shared/ledger/index.ts';
import { keyItem, keys } from '../../../shared/ledger/keys.ts';
import { sleep } from '../../../shared/sleep.ts';
import { aborted } from '../../../shared/untilAborted.ts';
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
    worker.hints.push(...refs);
    await receiver.has(2);
    await worker.stop();
    expect((await stage.log(unheard)).map(({ state }) => state)).toEqual(['done', 'done']);
  });

  test('finds again what it was told of twice, and delivers it once', async () => {
    await stage.endpoint(receiver.url());
    const worker = stage.run();
    const refs = await stage.tip(...tips(20));
    worker.hints.push(...refs, ...refs);
    await receiver.has(20);
    worker.hints.push(...refs);
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
    worker.hints.push(...(await stage.tip(tipOf(1))));
    await receiver.has(2);
    await worker.stop();
  });

  test("beside others delivers each event once, for a claim is one worker's", async () => {
    await stage.endpoint(receiver.url());
    const refs = await stage.tip(...tips(50));
    const workers = [stage.run(), stage.run(), stage.run()];
    for (const { hints } of workers) hints.push(...refs);
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
    worker.hints.push(...(await stage.tip(...tips(20))));
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
    worker.hints.push(...(await stage.tip(tipOf(1))));
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
    worker.hints.push(...refs);
    await receiver.has(2);
    worker.hints.push(...refs);
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
    await expect.poll(() => actors.some(({ met }) => met > 0)).toBe(true);
    worker.hints.push(...(await stage.tip(...tips(5))));
    await receiver.has(5);
    await worker.stop();
  });

  test('a batch of a Lambda function ends with its time, and what it broke off is due again', async () => {
    const refs = await stage.tip(tipOf(2_000, { handle: 'mallory' }));
    const batch = refs.slice(0, 10).map((ref, at) => ({ messageId: `m${at}`, body: JSON.stringify(ref) }));
    const time = new AbortController();
    const ended = work({ ...stage.deps, hint: async () => {} }, { Records: batch }, time.signal);
    await expect.poll(() => actors[1]!.met).toBeGreaterThan(0);
    time.abort();
    expect(await ended).toEqual({ batchItemFailures: [] });
    const logs = await Promise.all(refs.map(({ endpointId }) => stage.log({ id: endpointId })));
    expect(logs.flat().filter(({ state }) => state === 'pending').length).toBeGreaterThan(0);
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

describe('turns', () => {
  /** A dispatcher whose work ends when it is told to, by a clock that is set by hand. Creators are told by `a1@creator`. */
  function turns(more: Partial<typeof BOUNDS> = {}) {
    let nowMs = 0;
    const running = new Map<string, () => void>();
    const slowed: (() => void)[] = [];
    const dispatcher = new Dispatcher({
      bounds: { ...BOUNDS, perEndpoint: 2, all: 4, perSlowEndpoint: 1, allSlow: 2, waiting: 100, ...more },
      clock: () => new Date(nowMs),
      sleep: (_, signal) =>
        new Promise((resolve) => {
          slowed.push(resolve);
          signal.addEventListener('abort', () => resolve());
        }),
      work: ({ endpointId, id }) =>
        new Promise((resolve) => void running.set(`${endpointId}${id}`, () => resolve(undefined))),
      again: () => {},
      room: () => {},
    });
    return {
      dispatcher,
      running: () => [...running.keys()],
      offer: (...names: string[]) => {
        for (const name of names) {
          const [delivery, handle = 'alice'] = name.split('@') as [string, string?];
          dispatcher.offer({ handle, endpointId: delivery[0]!, id: delivery.slice(1) });
        }
      },
      /** So long goes by that what runs counts as slow. */
      async lasts() {
        nowMs += 1_001;
        for (const each of slowed.splice(0)) each();
        await new Promise(setImmediate);
      },
      async end(name: string, afterMs = 0) {
        nowMs += afterMs;
        running.get(name)!();
        running.delete(name);
        await new Promise(setImmediate);
      },
    };
  }

  test('go round the endpoints, each with so many at once', async () => {
    const { offer, running, end } = turns();
    offer('a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'c2');
    expect(running()).toEqual(['a1', 'a2', 'b1', 'c1']);
    await end('b1');
    expect(running()).toEqual(['a1', 'a2', 'c1', 'c2']);
    await end('a1');
    expect(running()).toEqual(['a2', 'c1', 'c2', 'a3']);
  });

  test('give slow endpoints slots of their own, fewer each', async () => {
    const { offer, running, end } = turns();
    offer('a1', 'a2', 'a3', 'b1', 'b2', 'b3');
    await end('a1', 5_000);
    await end('a2');
    await end('b1');
    await end('b2');
    // Both took five seconds: one at a time each, and all four fast slots are free for others.
    expect(running()).toEqual(['a3', 'b3']);
    offer('c1', 'c2', 'd1', 'd2', 'e1');
    expect(running()).toEqual(['a3', 'b3', 'c1', 'c2', 'd1', 'd2']);
  });

  test('move what turns out slow to slots of its own, while it runs', async () => {
    const { offer, running, lasts } = turns();
    offer('a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'd1');
    expect(running()).toEqual(['a1', 'a2', 'b1', 'b2']);
    await lasts();
    // Two have the slow slots, two keep theirs for want of another; nothing more of a and b begins meanwhile.
    expect(running()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'd1']);
  });

  test('are bounded for each creator, whichever endpoints they have', async () => {
    const { offer, running, end } = turns({ all: 8, perCreator: 3 });
    offer('a1', 'b1', 'c1', 'd1', 'e1', 'f1@bob', 'g1@bob');
    expect(running()).toEqual(['a1', 'b1', 'c1', 'f1', 'g1']);
    await end('f1');
    expect(running()).toEqual(['a1', 'b1', 'c1', 'g1']);
    await end('b1');
    expect(running()).toEqual(['a1', 'c1', 'g1', 'd1']);
  });

  test('are bounded for each creator among the slow, too', async () => {
    const { offer, running, lasts } = turns({ all: 8, allSlow: 8, perCreator: 3, perSlowCreator: 2 });
    offer('a1', 'b1', 'c1', 'd1', 'e1', 'f1');
    await lasts();
    expect(running()).toEqual(['a1', 'b1', 'c1', 'd1', 'e1']);
    await lasts();
    expect(running()).toEqual(['a1', 'b1', 'c1', 'd1', 'e1']);
    offer('g1@bob', 'h1@bob');
    expect(running()).toEqual(['a1', 'b1', 'c1', 'd1', 'e1', 'g1', 'h1']);
  });

  test('come to an end', async () => {
    const { dispatcher, offer, end } = turns();
    await dispatcher.idle();
    offer('a1');
    let idle = false;
    const waiting = dispatcher.idle().then(() => {
      idle = true;
    });
    await new Promise(setImmediate);
    expect(idle).toBe(false);
    await end('a1');
    await waiting;
  });

  test('are refused when too many of an endpoint wait', () => {
    const { dispatcher } = turns({ perEndpoint: 1, waiting: 2 });
    const offered = ['1', '2', '3', '4', '3'].map((id) =>
      dispatcher.offer({ handle: 'alice', endpointId: 'a', id }),
    );
    expect(offered).toEqual([true, true, true, false, true]);
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
