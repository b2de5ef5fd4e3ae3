import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bookedIn, countOnce, payMeanwhile, paymentRequestOf, startLocal } from './process.ts';

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
