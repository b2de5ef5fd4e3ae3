import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Act, HEAD, HEADER, INFORMATION, SWITCH, startActor } from '../functions/webhooks/anySocket.ts';
import {
  bookedIn,
  countOnce,
  deliveryStatesIn,
  payMeanwhile,
  paymentRequestOf,
  startLocal,
} from './process.ts';

let data: string;
let running: Awaited<ReturnType<typeof startLocal>> | undefined;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'ampjar-stopping-'));
});
afterEach(async () => {
  await running?.end('SIGKILL');
  rmSync(data, { recursive: true });
});

/** Settled while nobody was there. */
const WAITING = 5_000;
/** What the connector had heard when it was told to stop, and what it booked between a look and the signal. */
const MOST_BOOKED_AT_STOP = 3_000;

describe('npm start that is stopped while webhooks are with receivers whose sockets do as they like', () => {
  const ACTS: Act[] = [
    { at: 'request', says: [SWITCH], ends: 'is silent' },
    { at: 'connection', says: [], ends: 'is silent' },
    { at: 'request', says: [HEAD, HEADER], ends: 'repeats' },
    { at: 'request', says: [INFORMATION[0]!], ends: 'half closes' },
  ];
  let actors: Awaited<ReturnType<typeof startActor>>[];
  beforeEach(async () => {
    actors = await Promise.all(ACTS.map((act) => startActor(undefined, act)));
  });
  afterEach(() => Promise.all(actors.map(({ stop }) => stop())));

  it('breaks them off and ends, and they are due again', async () => {
    running = await startLocal(data);
    const { url } = running;
    const key = readFileSync(join(data, 'operator.key'), 'utf8').trim();
    const post = async (path: string, body: object) => {
      const answer = await fetch(url + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'idempotency-key': randomUUID(),
        },
        body: JSON.stringify(body),
      });
      expect(answer.ok).toBe(true);
      return answer.json() as Promise<{ webhook: { id: string } }>;
    };
    const webhooks: string[] = [];
    for (const actor of actors) {
      const { webhook } = await post('/v1/manage/creators/alice/webhooks', { url: actor.url });
      webhooks.push(webhook.id);
    }
    await post('/dev/payments', { paymentRequest: await paymentRequestOf(url), amountMsat: '2100' });
    await expect.poll(() => actors.every(({ met }) => met > 0), { timeout: 60_000 }).toBe(true);
    const { code, out, err } = await running.end('SIGTERM');
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('could not be handed on');

    const states = await deliveryStatesIn(data, webhooks);
    expect(states).toEqual(ACTS.map(() => ['pending']));
  });
});

describe('npm start that is stopped with thousands of tips before it', () => {
  it('takes in nothing more, raises no alarm, and books the rest when it is started again', async () => {
    running = await startLocal(data);
    const paymentRequest = await paymentRequestOf(running.url);
    await running.end('SIGTERM');
    await payMeanwhile(data, paymentRequest, WAITING);

    running = await startLocal(data);
    const before = await countOnce(running.url, (count) => count > 0);
    const stopped = await running.end('SIGTERM');
    expect(stopped.code).toBe(0);
    expect(await bookedIn(data)).toBeLessThan(before + MOST_BOOKED_AT_STOP);

    running = await startLocal(data);
    await countOnce(running.url, (count) => count === WAITING);
    const { out, code } = await running.end('SIGTERM');
    expect(code).toBe(0);
    expect(`${stopped.out}${out}`).not.toContain('"alarm"');
    expect(await bookedIn(data)).toBe(WAITING);
  });
});
