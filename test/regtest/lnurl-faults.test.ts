import { once } from 'node:events';
import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { WakeMessages } from '../../connector/requests/wakeMessages.ts';
import { type Ledger, openOptionId, readInvoiceRequest, readTip } from '../../shared/ledger/index.ts';
import { tipOf } from './harness/books.ts';
import type { Running } from './harness/connector.ts';
import { addBolt11Invoice } from './harness/invoices.ts';
import { connectLnd, type LndNode, startLnd } from './harness/lnd.ts';
import { type Asking, openLnurl, requestIdOf } from './harness/lnurl.ts';
import { connectNetwork } from './harness/network.ts';
import { payPlain } from './harness/pay.ts';
import { expectPlainBooks, invoiceByHash, requestedInvoices } from './harness/plain.ts';
import { until } from './harness/until.ts';

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;

const AWAY = { status: 'ERROR', reason: expect.stringMatching(/^no invoice came in time/) };

let asking: Asking;
let running: Running;

beforeAll(async () => {
  asking = await openLnurl(jar);
  for (const handle of ['anton', 'berta', 'carla', 'doris']) await asking.addCreator(handle);
  running = asking.start();
  await running.live();
});

/** Nodes of one test, which end with it however it goes. */
const spares: LndNode[] = [];
const hold = (node: LndNode) => {
  spares.push(node);
  return node;
};

afterEach(async () => {
  for (const node of spares.splice(0)) {
    node.close();
    await node.kill();
  }
  expect(asking.site.faults.splice(0)).toEqual([]);
});

afterAll(async () => {
  await running?.stop();
  await asking?.close();
  network.disconnect();
});

/** A way to the table on which answers to asks fail, as long as told. */
function lossyAnswers({ client, table }: Ledger, fails: () => boolean): Ledger {
  const send = async (command: { input: { Item?: Record<string, { S?: string }> } }) => {
    const { pk, status } = command.input.Item ?? {};
    if (pk?.S?.startsWith('ask#') && status?.S !== 'open' && fails()) throw new Error('the table is away');
    return client.send(command as never);
  };
  return { client: { send } as unknown as DynamoDBClient, table };
}

/** A queue that brings nothing. */
const SILENT: WakeMessages = {
  next: async (signal) => {
    await once(signal, 'abort');
    return [];
  },
};

describe('an ask and its payment', () => {
  it('is booked when it is paid while the connector is down', async () => {
    const asked = await asking.ask('anton', { amount: 11_000, comment: 'see you later' });
    await running.stop();
    const { setId } = await payPlain(payer, { paymentRequest: asked.pr });
    expect(await asking.site.json(asked.verify)).toMatchObject({ settled: false, preimage: null });
    running = asking.start();
    expect(await tipOf(asking.ledger, setId)).toMatchObject({ message: 'see you later' });
    await asking.settled(asked.verify);
    await expectPlainBooks(asking.ledger, jar, 'anton', [openOptionId('anton')]);
  });

  it('is booked when the table has lost the ask: the memo says whose it is', async () => {
    const { pr, verify } = await asking.ask('berta', { amount: 12_000, comment: 'hello' });
    const { ledger } = asking;
    const id = requestIdOf(verify);
    const Key = { pk: { S: `ask#${id}` }, sk: { S: 'ask' } };
    await ledger.client.send(new DeleteItemCommand({ TableName: ledger.table, Key }));
    expect(await readInvoiceRequest(ledger, id)).toBeUndefined();
    const { setId } = await payPlain(payer, { paymentRequest: pr });
    expect(await tipOf(ledger, setId)).toMatchObject({ handle: 'berta', amountMsat: 12_000n });
    expect(await asking.site.json(verify)).toMatchObject({ status: 'ERROR' });
    await expectPlainBooks(ledger, jar, 'berta', [openOptionId('berta')]);
  });

  it('makes one invoice, however often it is hinted at', async () => {
    const { verify } = await asking.ask('carla', { amount: 13_000 });
    const id = requestIdOf(verify);
    for (let again = 0; again < 20; again++) asking.wakeMessages.push(id);
    await asking.ask('carla', { amount: 13_001 });
    expect((await requestedInvoices(jar)).get(id)).toHaveLength(1);
  });

  it('is found in the table when no hint comes', async () => {
    await running.stop();
    running = asking.start({ wakeMessages: SILENT });
    await running.live();
    expect(await asking.ask('carla', { amount: 14_000 })).toHaveProperty('pr');
    await running.stop();
    running = asking.start();
    await running.live();
  });
});

describe('a connector whose answer does not get into the table', () => {
  it('hands out another invoice, and never the one that was lost', async () => {
    await running.stop();
    let failures = 1;
    running = asking.start(
      {},
      lossyAnswers(asking.ledger, () => failures-- > 0),
    );
    await running.live();
    const { pr, verify } = await asking.ask('doris', { amount: 15_000 });
    const made = (await requestedInvoices(jar)).get(requestIdOf(verify))!;
    expect(made.map(({ payment_request }) => payment_request)).toEqual([expect.not.stringContaining(pr), pr]);
    const { setId } = await payPlain(payer, { paymentRequest: pr });
    await tipOf(asking.ledger, setId);
    expect(await asking.site.json(verify)).toMatchObject({ settled: true, pr });
    await expectPlainBooks(asking.ledger, jar, 'doris', [openOptionId('doris')]);
  });

  it('leaves the asker with an error, and nothing to pay', async () => {
    await running.stop();
    let away = true;
    running = asking.start(
      {},
      lossyAnswers(asking.ledger, () => away),
    );
    await running.live();
    const before = new Set(await requestedInvoices(jar).then((asked) => asked.keys()));
    const answer = await asking.ask('doris', { amount: 16_000 });
    expect(answer).toEqual(AWAY);
    const [id] = [...(await requestedInvoices(jar)).keys()].filter((each) => !before.has(each));
    expect(await readInvoiceRequest(asking.ledger, id!)).toMatchObject({ status: 'open' });
    away = false;
    const late = await until('the ask is answered', 30, async () => {
      const now = await readInvoiceRequest(asking.ledger, id!);
      return now?.status === 'open' ? undefined : now;
    });
    expect(late).toMatchObject({ status: 'refused', reason: expect.any(String) });
    expect(late.paymentRequest).toBeUndefined();
    await running.stop();
    running = asking.start();
    await running.live();
  });
});

describe('lnd', () => {
  it('that is away leaves askers with an error, and answers again when it is back', async () => {
    await jar.kill('SIGTERM');
    const answer = await asking.ask('anton', { amount: 17_000 });
    // The node comes back however this goes: other tests pay it.
    await jar.start();
    expect(answer).toEqual(AWAY);
    await network.awaitChannels();
    const { pr } = await until('an invoice', 60, async () => {
      const answer = await asking.ask('anton', { amount: 18_000 });
      return 'pr' in answer && answer;
    });
    const { setId } = await payPlain(payer, { paymentRequest: pr });
    await tipOf(asking.ledger, setId);
    await expectPlainBooks(asking.ledger, jar, 'anton', [openOptionId('anton')]);
  });

  it('that is silent leaves askers with an error', async () => {
    jar.pause();
    const answer = await asking.ask('anton', { amount: 19_000 }).finally(() => jar.resume());
    expect(answer).toEqual(AWAY);
    await until('an invoice', 60, async () => 'pr' in (await asking.ask('anton', { amount: 19_001 })));
  });

  it('keeps what expired unpaid, unless it was started to collect it', async () => {
    const coords = await network.spareLnd('collector', { args: ['--gc-canceled-invoices-on-the-fly'] });
    await startLnd(coords);
    const collector = hold(connectLnd(coords));
    const expiring = { amountMsat: 1_000n, expirySeconds: 1 };
    await until('lnd takes all calls', 60, () =>
      addBolt11Invoice(collector, expiring).then(
        () => true,
        () => false,
      ),
    );
    const [collected, kept] = await Promise.all(
      [collector, jar].map((node) => addBolt11Invoice(node, expiring)),
    );
    await until('lnd forgets it', 30, async () => !(await invoiceByHash(collector, collected!.paymentHash)));
    await until(
      'lnd cancels it',
      30,
      async () => (await invoiceByHash(jar, kept!.paymentHash))?.state === 'CANCELED',
    );
  });
});

describe('a second payer of the same invoice', () => {
  it('is refused by the node', async () => {
    const coords = await network.spareLnd('second');
    await startLnd(coords);
    hold(connectLnd(coords));
    const second = await network.join(coords);
    const purse = await addBolt11Invoice(second, { amountMsat: 500_000_000n });
    expect((await payPlain(payer, purse)).status).toBe('SUCCEEDED');
    const { pr } = await asking.ask('berta', { amount: 20_000 });
    const { setId } = await payPlain(payer, { paymentRequest: pr });
    await tipOf(asking.ledger, setId);
    const before = await readTip(asking.ledger, setId);
    expect(await payPlain(second, { paymentRequest: pr })).toMatchObject({
      status: 'FAILED',
      failureReason: 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS',
    });
    // One that the second payer may pay: it is not the way that fails.
    const other = await asking.ask('berta', { amount: 20_001 });
    expect((await payPlain(second, { paymentRequest: other.pr })).status).toBe('SUCCEEDED');
    await expectPlainBooks(asking.ledger, jar, 'berta', [openOptionId('berta')]);
    expect(await readTip(asking.ledger, setId)).toEqual(before);
    second.close();
  });
});
