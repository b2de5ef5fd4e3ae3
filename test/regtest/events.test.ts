import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import pino from 'pino';
import type { Browser } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CALLS } from '../../connector/lnd/client.ts';
import { localEvents } from '../../local/events.ts';
import { openSite } from '../../local/site.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { WakeMessageQueue } from '../../local/wakeMessages.ts';
import {
  addCreator,
  type CurrentInvoice,
  createKey,
  type Ledger,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { openBrowser } from '../browser/browser.ts';
import { suitesHere } from '../toolchains.ts';
import { currentOf } from './harness/books.ts';
import { type Running, runConnector } from './harness/connector.ts';
import { connectNetwork } from './harness/network.ts';
import { payAmp } from './harness/pay.ts';
import { TEXT_MESSAGE } from './harness/records.ts';

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;
const dir = mkdtempSync(join(tmpdir(), 'ampjar-events-'));
const tables = await openEmbeddedTable({ dir, clock: Date.now });
const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
const stop = new AbortController();
const posted = new EventEmitter();
const MESSAGE = '<b>Grüße</b> from afar';

let running: Running;
let invoice: CurrentInvoice;
let site: Awaited<ReturnType<typeof openSite>>;
let receiver: Server;
let work: Promise<unknown>;
let token: string;

const manage = async (path: string, body: object) => {
  const answer = await fetch(`${site.baseUrl}/v1/manage/creators/nora/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(201);
  return (await answer.json()) as { id: string; secret: string };
};

beforeAll(async () => {
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  // A handle of no other suite: its invoices at the node would be adopted, and what was paid to them booked.
  await addCreator(ledger, { handle: 'nora', name: 'Nora', shows: 'messages' }, new Date());
  ({ token } = await createKey(
    ledger,
    { handle: 'nora', scope: 'write', name: 'test' },
    new Date(),
    randomBytes,
  ));
  const wakeMessages = new WakeMessageQueue();
  const log = pino({ level: 'silent' });
  const events = localEvents(tables, ledger, log, { allowLoopback: true });
  site = await openSite(
    { address: '127.0.0.1', port: 0 },
    { ledger, log, events, wakeMessages, signal: stop.signal },
  );
  work = events.run(stop.signal);
  const { socket, certPath } = jar;
  const macaroonPath = await jar.bakeMacaroon([...CALLS]);
  running = runConnector(ledger, { socket, certPath, macaroonPath }, { wakeMessages });
  invoice = await currentOf(ledger, 'nora');
  await running.live();
  receiver = createServer(async (request, response) => {
    posted.emit('post', request.headers, await text(request));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});

afterAll(async () => {
  stop.abort();
  await running?.stop();
  await work;
  site?.close();
  receiver?.close();
  await tables.close();
  network.disconnect();
  rmSync(dir, { recursive: true });
});

const pay = (amountMsat: bigint) =>
  payAmp(payer, {
    paymentRequest: invoice.paymentRequest,
    amountMsat,
    records: new Map([[TEXT_MESSAGE, Buffer.from(MESSAGE)]]),
  });

describe('a payment at a real lnd', () => {
  it('ends as a webhook that verifies, and in the feed of events', async () => {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/tips`;
    const { secret } = await manage('webhooks', { url });
    const heard = once(posted, 'post');
    const { setId } = await pay(2_100_001n);
    const [headers, body] = await heard;
    const event = new Webhook(secret).verify(body, headers);
    expect(event).toMatchObject({
      id: `tip_settled_${setId}`,
      type: 'tip.settled',
      data: { setId, amountMsat: '2100001', message: MESSAGE, sequence: '1', payee: jar.pubkey },
    });
    const feed = await fetch(`${site.baseUrl}/v1/events`, { headers: { authorization: `Bearer ${token}` } });
    expect(await feed.json()).toMatchObject({ events: [event] });
  });

  it('pays an option that was added a moment before', async () => {
    const { id } = await manage('options', { label: 'Cake', amountMsat: '5000000' });
    const { paymentRequest } = await currentOf(ledger, 'nora', { optionId: id });
    const heard = once(posted, 'post');
    const { setId } = await payAmp(payer, { paymentRequest });
    const [, body] = await heard;
    expect(JSON.parse(body)).toMatchObject({ data: { setId, optionId: id, amountMsat: '5000000' } });
  });
});

describe.runIf(suitesHere().has('browser'))('an open page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  it('shows a payment at a real lnd without being loaded again, its words as text', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.baseUrl}/@nora`);
    const before = await page.evaluate(() => performance.timeOrigin);
    const { status } = await pay(7_654_000n);
    expect(status).toBe('SUCCEEDED');
    await page.getByText('7,654').first().waitFor();
    expect(await page.evaluate(() => performance.timeOrigin)).toBe(before);
    expect(await page.getByText(MESSAGE).count()).toBeGreaterThan(0);
    expect(await page.locator('b', { hasText: 'Grüße' }).count()).toBe(0);
  });
});
