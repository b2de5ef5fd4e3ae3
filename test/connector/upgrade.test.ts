import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readAllTips, readNode, readTotals } from '../../shared/ledger/index.ts';
import { gather } from '../shared/ledger/book.ts';
import { type Jar, openJar, until } from './jar.ts';
import { killAll, start } from './process.ts';

const AT_ONCE = 4;
/** What a payer waits for after each payment, for the sake of the machine. */
const PAUSE_MS = 50;
/** Payments that are there at least before and after a step. */
const SOME = 30;

let jar: Jar;
let endpoint: string;
let paymentRequest: string;

beforeAll(async () => {
  jar = await openJar();
  endpoint = `http://127.0.0.1:${(await jar.tables.listen(0)).port}`;
});
afterEach(killAll);
afterAll(() => jar.close());

const connector = (name: string) =>
  start([
    ...['--lnd-host', jar.access.socket, '--lnd-cert', jar.access.certPath],
    ...['--lnd-macaroon', jar.access.macaroonPath, '--endpoint', endpoint],
    ...['--name', name, '--health-port', '0'],
  ]);
type Running = Awaited<ReturnType<typeof connector>>;
const isIn = ({ health }: Running, state: string) =>
  until(async () => (await health()).state === state && health());

/** Set ids of all payments that succeeded. */
const paid: string[] = [];

/** Pay, some at once, until told to stop. */
function payOn() {
  let going = true;
  const payer = async () => {
    while (going) {
      paid.push(await jar.pay(paymentRequest, { amountMsat: 1_000n }));
      await setTimeout(PAUSE_MS);
    }
  };
  const payers = Promise.all(Array.from({ length: AT_ONCE }, payer));
  return {
    async some() {
      const before = paid.length;
      await until(async () => paid.length >= before + SOME);
    },
    async stop() {
      going = false;
      await payers;
    },
  };
}

/** All that was paid, once each, numbered without a gap. */
async function expectAllBooked() {
  await until(async () => (await readTotals(jar.ledger, 'alice')).count >= BigInt(paid.length));
  const tips = await gather(readAllTips(jar.ledger, 'alice'));
  expect(tips.map(({ setId }) => setId).sort()).toEqual([...paid].sort());
  expect(tips.map(({ sequence }) => Number(sequence)).sort((a, b) => a - b)).toEqual(
    paid.map((_, at) => at + 1),
  );
}

describe('an upgrade while payments go on loses none and books none twice', () => {
  it('when the new connector stands by, and takes over as the old one is told to stop', async () => {
    const old = await connector('old');
    await isIn(old, 'live');
    ({ paymentRequest } = await jar.invoice('alice'));
    // In its first minute a connector trusts no checkpoint; what settles meanwhile is found by the audit.
    paid.push(await jar.pay(paymentRequest, { amountMsat: 1_000n }));
    await until(async () => (await readNode(jar.ledger, jar.node.pubkey))?.settleIndex !== undefined);
    const payments = payOn();
    await payments.some();
    const fresh = await connector('new');
    await isIn(fresh, 'standing by');
    await payments.some();

    const { booked } = await old.health();
    expect(booked).toBeGreaterThan(0);
    old.child.kill('SIGTERM');
    expect((await old.ended).code).toBe(0);
    await isIn(fresh, 'live');
    await payments.some();
    await payments.stop();

    await expectAllBooked();
    expect(await fresh.health()).toMatchObject({ drift: 0, setAside: 0 });
    fresh.child.kill('SIGTERM');
    expect((await fresh.ended).code).toBe(0);
  });

  it('when there is one alone, which is stopped before the next one starts', async () => {
    const old = await connector('shed');
    await isIn(old, 'live');
    const payments = payOn();
    await payments.some();
    old.child.kill('SIGTERM');
    expect((await old.ended).code).toBe(0);
    await payments.some();

    const fresh = await connector('shed');
    await isIn(fresh, 'live');
    await payments.some();
    await payments.stop();
    await expectAllBooked();
    expect(await fresh.health()).toMatchObject({ drift: 0, setAside: 0 });
  });

  it('when the old one dies, and the one that stands by was never told', async () => {
    const old = await connector('old');
    await isIn(old, 'live');
    const fresh = await connector('new');
    await isIn(fresh, 'standing by');
    const payments = payOn();
    await payments.some();
    old.child.kill('SIGKILL');
    await old.ended;
    await isIn(fresh, 'live');
    await payments.some();
    await payments.stop();
    await expectAllBooked();
  });
});
