import { randomBytes } from 'node:crypto';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLAIM_MS } from '../../../functions/webhooks/deliver.ts';
import { OFF_AFTER_MS } from '../../../functions/webhooks/policy.ts';
import { GRACE_MS } from '../../../functions/webhooks/runner.ts';
import { aborted } from '../../../shared/concurrency/untilAborted.ts';
import {
  claim,
  DELIVERY_LISTS,
  deleteWebhook,
  dueDeliveries,
  type Ledger,
  type QueuedDelivery,
  rotateSecret,
} from '../../../shared/ledger/index.ts';
import {
  type Authority,
  answers,
  makeAuthority,
  neverAnswers,
  type Received,
  type Receiver,
  resets,
  startReceiver,
} from './receiver.ts';
import { eventOf, openStage, START, type Stage, tipOf } from './stage.ts';

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
afterAll(() => {});

/** Whether a message was signed with a secret, by the library of the specification, at the time that it was sent. */
function verifies(secret: string, { headers, body }: Received) {
  // The library looks at the machine's own clock, so the time is checked here and the signature there.
  const at = new Date(Number(headers['webhook-timestamp']) * 1000);
  const expected = new Verifier(secret).sign(String(headers['webhook-id']), at, body);
  return String(headers['webhook-signature']).split(' ').includes(expected);
}

const dueOf = async (ledger: Ledger, now: Date) => {
  const found: QueuedDelivery[] = [];
  for (let list = 0; list < DELIVERY_LISTS; list++) {
    for await (const { handle, endpointId, id } of dueDeliveries(ledger, list, now))
      found.push({ handle, endpointId, id });
  }
  return found;
};

describe('a tip is delivered', () => {
  test('as its event, signed, and is done once the receiver answered 2xx', async () => {
    const webhook = await stage.endpoint(receiver.url());
    const tip = tipOf(1);
    const [ref] = await stage.tip(tip);
    expect(await stage.try(ref!)).toEqual({ more: [] });
    const [received] = receiver.requests;
    expect(JSON.parse(received!.body)).toEqual(eventOf(tip));
    expect(received!.headers['webhook-id']).toBe(eventOf(tip).id);
    expect(received!.headers['webhook-timestamp']).toBe(String(START.getTime() / 1000));
    expect(verifies(webhook.secrets[0]!.secret, received!)).toBe(true);
    expect(verifies(`whsec_${randomBytes(32).toString('base64')}`, received!)).toBe(false);
    expect(await stage.log(webhook)).toMatchObject([
      { state: 'done', eventId: eventOf(tip).id, attempts: [{ at: START, status: 204 }], tries: 1 },
    ]);
    expect(await dueOf(stage.ledger, new Date(START.getTime() + 1e12))).toEqual([]);
  });

  test('so that the library of the specification verifies it', async () => {
    const webhook = await stage.endpoint(receiver.url());
    stage.pass(Date.now() - stage.clock().getTime());
    const [ref] = await stage.tip(tipOf(1));
    await stage.try(ref!);
    const { body, headers } = receiver.requests[0]!;
    const verified = new Verifier(webhook.secrets[0]!.secret).verify(body, headers as Record<string, string>);
    expect(verified).toEqual(eventOf(tipOf(1)));
    expect(() =>
      new Verifier(webhook.secrets[0]!.secret).verify(`${body} `, headers as Record<string, string>),
    ).toThrow();
  });

  test('once, however often it is put in the queue, and to each endpoint that takes it', async () => {
    const one = await stage.endpoint(receiver.url('/one'));
    const two = await stage.endpoint(receiver.url('/two'));
    await stage.endpoint(receiver.url('/three'), { events: ['endpoint.disabled'] });
    const disabled = await stage.endpoint(receiver.url('/four'));
    await stage.edit(disabled, { status: 'disabled' });
    await stage.endpoint(receiver.url('/bob'), { handle: 'bob' });
    const refs = await stage.tip(tipOf(1));
    expect(refs.map(({ endpointId }) => endpointId).sort()).toEqual([one.id, two.id].sort());
    for (const ref of refs) await stage.try(ref);
    expect(await stage.tip(tipOf(1))).toEqual([]);
    for (const ref of refs) await stage.try(ref);
    expect(receiver.requests.map(({ path }) => path).sort()).toEqual(['/one', '/two']);
  });

  test("unless it is below its creator's minimum", async () => {
    await stage.endpoint(receiver.url());
    expect(await stage.tip(tipOf(1, { dust: true }))).toEqual([]);
  });

  test('without a text that was erased before it was sent', async () => {
    await stage.endpoint(receiver.url());
    const [ref] = await stage.tip(tipOf(1));
    const { message: _, ...erased } = tipOf(1);
    await stage.tip(erased);
    await stage.try(ref!);
    expect(JSON.parse(receiver.requests[0]!.body).data).not.toHaveProperty('message');
  });
});

describe('a delivery that fails', () => {
  test.each([
    ['answers 500', answers(500), { status: 500 }],
    ['redirects', answers(302, { location: 'https://elsewhere.example/' }), { status: 302 }],
    ['resets the connection', resets, { error: expect.stringContaining('ECONNRESET') }],
    ['never answers', neverAnswers, { error: 'no answer within 500 ms' }],
  ])('since its receiver %s is tried again later, under the same id', async (_, behaviour, attempt) => {
    const webhook = await stage.endpoint(receiver.url());
    const [ref] = await stage.tip(tipOf(1));
    receiver.behave(behaviour);
    if (behaviour === neverAnswers) stage.deadlineMs = 500;
    const { again } = await stage.try(ref!);
    stage.deadlineMs = 50_000;
    expect(again!.getTime() - stage.clock().getTime()).toBeGreaterThanOrEqual(4_000);
    expect(await stage.log(webhook)).toMatchObject([{ state: 'pending', attempts: [attempt], tries: 1 }]);
    expect(await stage.again(webhook)).toMatchObject({ failingSince: stage.clock() });
    // Not before its time.
    stage.pass(2_000);
    await stage.try(ref!);
    expect(receiver.requests).toHaveLength(1);

    receiver.behave(answers(200));
    stage.pass(5_000);
    expect(await dueOf(stage.ledger, stage.clock())).toEqual([ref]);
    await stage.try(ref!);
    expect(await stage.log(webhook)).toMatchObject([{ state: 'done', attempts: [attempt, { status: 200 }] }]);
    expect(await stage.again(webhook)).not.toHaveProperty('failingSince');
    const [first, second] = receiver.requests;
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(Number(second!.headers['webhook-timestamp'])).toBe(
      Number(first!.headers['webhook-timestamp']) + 7,
    );
  });

  test('for three days is given up, and can be seen in the log', async () => {
    const webhook = await stage.endpoint(receiver.url());
    receiver.behave(answers(503));
    const [ref] = await stage.tip(tipOf(1));
    let left = await stage.try(ref!);
    while (left.again) {
      stage.pass(left.again.getTime() - stage.clock().getTime());
      left = await stage.try(ref!);
    }
    expect(receiver.requests).toHaveLength(15);
    const days = (stage.clock().getTime() - START.getTime()) / 86_400_000;
    expect(days).toBeGreaterThan(2.4);
    expect(days).toBeLessThan(3.6);
    expect(await stage.log(webhook)).toMatchObject([{ state: 'failed', tries: 15 }]);
  });

  test('with 429 is left alone for as long as the receiver asked, and so is all else that waits for it', async () => {
    const webhook = await stage.endpoint(receiver.url());
    const [first, second] = await stage.tip(tipOf(1), tipOf(2));
    receiver.behave(answers(429, { 'retry-after': '600' }));
    const { again } = await stage.try(first!);
    expect(again!.getTime()).toBeGreaterThanOrEqual(stage.clock().getTime() + 600_000);
    const put = await stage.try(second!);
    expect(put.again!.getTime()).toBeGreaterThanOrEqual(stage.clock().getTime() + 600_000);
    expect(receiver.requests).toHaveLength(1);
    receiver.behave(answers(200));
    stage.pass(610_000);
    await stage.try(second!);
    await stage.try(first!);
    expect(receiver.requests).toHaveLength(3);
    // To be told to wait is no try.
    expect(await stage.log(webhook)).toMatchObject([{ tries: 1 }, { tries: 2 }]);
    expect(await stage.again(webhook)).not.toHaveProperty('restUntil');
  });
});

describe('an endpoint', () => {
  test('that answers 410 is switched off, and its creator is told', async () => {
    const webhook = await stage.endpoint(receiver.url('/gone'));
    const other = await stage.endpoint(receiver.url('/other'), {
      events: ['tip.settled', 'endpoint.disabled'],
    });
    receiver.behave((response, _, { path }) => void response.writeHead(path === '/gone' ? 410 : 200).end());
    const refs = await stage.tip(tipOf(1), tipOf(2));
    const to = ({ id }: { id: string }) => refs.filter(({ endpointId }) => endpointId === id);
    const [first, second] = to(webhook);
    const { more } = await stage.try(first!);
    expect(await stage.again(webhook)).toMatchObject({
      status: 'off',
      offReason: 'it answered 410 Gone',
      version: 2n,
    });
    await stage.try(second!);
    const log = await stage.log(webhook);
    expect(log.map(({ state, type }) => `${type} ${state}`).sort()).toEqual([
      'endpoint.disabled noted',
      'tip.settled dropped',
      'tip.settled failed',
    ]);
    expect(receiver.requests).toHaveLength(1);

    expect(more.map(({ endpointId }) => endpointId)).toEqual([other.id]);
    await stage.try(more[0]!);
    expect(JSON.parse(receiver.requests[1]!.body)).toMatchObject({
      type: 'endpoint.disabled',
      data: { handle: 'alice', endpointId: webhook.id, reason: 'it answered 410 Gone' },
    });
    expect(verifies(other.secrets[0]!.secret, receiver.requests[1]!)).toBe(true);
    // Nothing more is queued for it.
    expect((await stage.tip(tipOf(3))).map(({ endpointId }) => endpointId)).toEqual([other.id]);
  });

  test('that did nothing but fail for five days is switched off; enabling it makes that forgotten', async () => {
    const webhook = await stage.endpoint(receiver.url());
    receiver.behave(answers(500));
    for (let sequence = 1; stage.clock().getTime() - START.getTime() < OFF_AFTER_MS; sequence++) {
      const [ref] = await stage.tip(tipOf(sequence));
      for (let tries = 0; tries < 3; tries++) {
        await stage.try(ref!);
        stage.pass(150_000);
      }
      expect(await stage.again(webhook)).toMatchObject({ status: 'enabled' });
      stage.pass(86_400_000);
    }
    const [ref] = await stage.tip(tipOf(100));
    await stage.try(ref!);
    stage.pass(150_000);
    await stage.try(ref!);
    expect(await stage.again(webhook)).toMatchObject({ status: 'enabled' });
    stage.pass(150_000);
    await stage.try(ref!);
    expect(await stage.again(webhook)).toMatchObject({
      status: 'off',
      offReason: `nothing but failures since ${START.toISOString()}`,
    });
    const after = await stage.edit(webhook, { status: 'enabled' });
    for (const name of ['failingSince', 'offReason', 'offAt']) expect(after).not.toHaveProperty(name);
  });

  test('that was edited between two tries gets the next one under its new URL, and nothing under its old one', async () => {
    const webhook = await stage.endpoint(receiver.url('/old'));
    receiver.behave(answers(500));
    const [ref] = await stage.tip(tipOf(1));
    await stage.try(ref!);
    await stage.edit(webhook, { url: receiver.url('/new') });
    stage.pass(10_000);
    await stage.try(ref!);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/old', '/new']);
  });

  test('is read as it is now, right before the POST', async () => {
    const commands: [string, unknown][] = [];
    stage.ledger.client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          const { RequestItems } = args.input as {
            RequestItems?: Record<string, { ConsistentRead: boolean }>;
          };
          commands.push([String(commandName), RequestItems?.ampjar?.ConsistentRead]);
          return next(args);
        },
      { step: 'initialize', name: 'record' },
    );
    await stage.endpoint(receiver.url());
    const [ref] = await stage.tip(tipOf(1));
    stage.beforePost = async () => void commands.push(['POST', undefined]);
    await stage.try(ref!);
    const at = commands.findIndex(([what]) => what === 'POST');
    expect(commands[at - 1]).toEqual(['BatchGetItemCommand', true]);
  });

  test.each(['deleted', 'disabled'] as const)(
    'that was %s between two tries gets nothing more',
    async (how) => {
      const webhook = await stage.endpoint(receiver.url());
      receiver.behave(answers(500));
      const [ref] = await stage.tip(tipOf(1));
      await stage.try(ref!);
      if (how === 'deleted') await deleteWebhook(stage.ledger, 'alice', webhook.id);
      else await stage.edit(webhook, { status: 'disabled' });
      stage.pass(10_000);
      expect(await stage.try(ref!)).toEqual({ more: [] });
      expect(receiver.requests).toHaveLength(1);
      expect(await stage.log(webhook)).toMatchObject([
        { state: 'dropped', reason: `the endpoint is ${how}` },
      ]);
    },
  );

  test('whose secret is being replaced gets two signatures for a day, and each secret verifies', async () => {
    const webhook = await stage.endpoint(receiver.url());
    const old = webhook.secrets[0]!.secret;
    const { secrets } = await rotateSecret(stage.ledger, 'alice', webhook.id, stage.clock(), randomBytes);
    const now = secrets[0]!.secret;
    expect(now).not.toBe(old);
    const send = async (sequence: number) => {
      const [ref] = await stage.tip(tipOf(sequence));
      await stage.try(ref!);
      const received = receiver.requests.at(-1)!;
      return [old, now].map((secret) => verifies(secret, received));
    };
    expect(await send(1)).toEqual([true, true]);
    expect(String(receiver.requests[0]!.headers['webhook-signature'])).toMatch(/^v1,\S{44} v1,\S{44}$/);
    stage.pass(86_400_000 - 1);
    expect(await send(2)).toEqual([true, true]);
    stage.pass(1);
    expect(await send(3)).toEqual([false, true]);
  });
});

describe('of workers', () => {
  test('one that has claimed a delivery keeps others off it, and when it dies they take over', async () => {
    await stage.endpoint(receiver.url());
    const [ref] = await stage.tip(tipOf(1));
    const until = new Date(START.getTime() + CLAIM_MS);
    expect(await claim(stage.ledger, ref!, START, { as: 'one that dies', until })).toMatchObject({ ...ref });
    await stage.try(ref!);
    expect(receiver.requests).toEqual([]);
    stage.pass(CLAIM_MS);
    expect(await dueOf(stage.ledger, stage.clock())).toEqual([ref]);
    await stage.try(ref!);
    expect(receiver.requests).toHaveLength(1);
  });

  test('one that is told to stop leaves what it was sending to others, as if it had not been tried', async () => {
    const webhook = await stage.endpoint(receiver.url());
    receiver.behave(neverAnswers);
    const refs = await stage.tip(tipOf(1));
    const worker = stage.run({
      // Time stands still but for the grace at the end, which is over at once.
      sleep: async (ms, signal) => {
        if (ms !== GRACE_MS && signal) await aborted(signal);
      },
    });
    worker.hints.pushAll(refs);
    await receiver.has(1);
    await worker.stop();
    expect(await stage.log(webhook)).toMatchObject([{ state: 'pending', attempts: [], due: stage.clock() }]);
    expect(await dueOf(stage.ledger, stage.clock())).toEqual(refs);
  });
});
