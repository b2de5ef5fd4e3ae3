import { createHash, randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pendingInvoiceRequests, readInvoiceRequest, readTotals } from '../../../shared/ledger/index.ts';
import { INVOICE_REQUEST_LISTS } from '../../../shared/ledger/invoiceRequests.ts';
import { openStage, type Stage, until } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const AWAY = {
  status: 'ERROR',
  reason: expect.stringMatching(/^no invoice came in time: the node, or what connects it/),
};

/** Time that passes when someone sleeps, and not otherwise. */
function sleptTime() {
  let ms = 0;
  const sleep = async (slept: number) => {
    ms += slept;
    await setTimeout(0);
  };
  return { steadyMs: () => ms, sleep };
}

async function openIds() {
  const ids: string[] = [];
  for (let list = 0; list < INVOICE_REQUEST_LISTS; list++)
    for await (const { id } of pendingInvoiceRequests(stage.ledger, list)) ids.push(id);
  return ids;
}

describe('with the node away', () => {
  test('a wallet is told within five seconds, and no more than is known', async () => {
    const time = sleptTime();
    expect(await stage.callback('amount=1000', {}, stage.lnurl(time))).toEqual(AWAY);
    expect(time.steadyMs()).toBeGreaterThan(3_000);
    expect(time.steadyMs()).toBeLessThan(5_000);
  });

  test('the pay request is answered all the same, for it is made of the table alone', async () => {
    expect(await stage.get('/.well-known/lnurlp/alice')).toMatchObject({ tag: 'payRequest' });
  });

  test('a hint that fails costs nothing but time', async () => {
    const connector = stage.startConnector();
    await connector.live();
    const app = stage.lnurl({
      hint: async () => {
        throw new Error('the queue is away');
      },
    });
    expect(await stage.callback('amount=1000', {}, app)).toMatchObject({
      pr: expect.stringMatching(/^lnbcrt/),
    });
    await connector.stop();
  });
});

describe('when the connector comes back', () => {
  test('asks that nobody waits for any more are refused without an invoice, fresh ones are answered', async () => {
    const late: string[] = [];
    const quiet = stage.lnurl({ ...sleptTime(), hint: async (id) => void late.push(id) });
    expect(await stage.callback('amount=1000', {}, quiet)).toEqual(AWAY);
    expect(await stage.callback('amount=2000', {}, quiet)).toEqual(AWAY);
    stage.setAhead(60_001);
    const before = stage.mints();
    const asking = stage.callback('amount=3000');
    const connector = stage.startConnector();
    expect(await asking).toMatchObject({ pr: expect.stringMatching(/^lnbcrt/) });
    await until(async () => (await openIds()).length === 0);
    for (const id of late)
      expect(await readInvoiceRequest(stage.ledger, id)).toMatchObject({
        status: 'refused',
        reason: 'the invoice could not be made in time; ask again',
      });
    expect(stage.mints()).toBe(before + 1);
    await connector.stop();
  });

  test('what was paid meanwhile is booked, and verified', async () => {
    const first = stage.startConnector();
    await first.live();
    const { verify, pr } = await stage.callback('amount=5000');
    const path = new URL(verify).pathname;
    await first.stop();
    expect((await stage.pay(pr)).status).toBe('SUCCEEDED');
    expect(await stage.get(path)).toMatchObject({ settled: false, preimage: null });
    const second = stage.startConnector();
    await until(async () => (await stage.get(path)).settled);
    await second.stop();
  });
});

describe('a payment that is not to be', () => {
  let connector: ReturnType<Stage['startConnector']>;
  beforeAll(async () => {
    connector = stage.startConnector();
    await connector.live();
  });
  afterAll(() => connector.stop());

  const count = async () => (await readTotals(stage.ledger, 'alice')).count;
  const refused = { status: 'FAILED', failureReason: 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS' };
  const settled = (path: string) => until(async () => (await stage.get(path)).settled);

  test('a second payment of an invoice fails at the node, and changes nothing', async () => {
    const { verify, pr } = await stage.callback('amount=6000');
    const path = new URL(verify).pathname;
    await stage.pay(pr);
    await settled(path);
    const before = { count: await count(), answer: await stage.get(path) };
    await expect(stage.pay(pr)).rejects.toThrow(/already paid/);
    const other = await stage.startPayer('other');
    expect(await stage.pay(pr, other)).toMatchObject(refused);
    // A tip that comes after it has all been heard of.
    const next = await stage.callback('amount=6001');
    await stage.pay(next.pr);
    await settled(new URL(next.verify).pathname);
    expect(await count()).toBe(before.count + 1n);
    expect(await stage.get(path)).toEqual(before.answer);
  });

  test('an invoice that expired is refused by payer and node alike', async () => {
    const { verify, pr } = await stage.callback('amount=7000');
    const path = new URL(verify).pathname;
    // A payer whose clock is behind tries nevertheless.
    const behind = await stage.startPayer('behind', Date.now);
    stage.setAhead(601_000);
    await expect(stage.pay(pr)).rejects.toThrow(/expired/);
    expect(await stage.pay(pr, behind)).toMatchObject(refused);
    expect(await stage.get(path)).toEqual({ status: 'OK', settled: false, preimage: null, pr });
  });

  test('keysend is nobody’s tip: the node may take it, the ledger lets it be', async () => {
    const before = await count();
    const preimage = randomBytes(32);
    const payer = await stage.startPayer('keysender');
    const sent = await payer.pay({
      dest: stage.node.pubkey,
      amountMsat: 8_000n,
      paymentHash: createHash('sha256').update(preimage).digest(),
      customRecords: new Map([[5_482_373_484n, preimage]]),
    });
    expect(sent.status).toBe('SUCCEEDED');
    const next = await stage.callback('amount=8001');
    await stage.pay(next.pr);
    await settled(new URL(next.verify).pathname);
    expect(await count()).toBe(before + 1n);
    expect(connector.connector.health.alarms).toEqual({});
  });
});
