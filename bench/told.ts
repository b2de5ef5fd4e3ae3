import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventId } from '../shared/contract/tip.ts';
import { openBrowser } from '../test/browser/browser.ts';
import { streaming } from '../test/regtest/harness/grpc.ts';
import type { WireInvoice } from '../test/regtest/harness/invoices.ts';
import { until } from '../test/regtest/harness/until.ts';
import { type Bench, judged, type Row, type Setting } from './bench.ts';
import { startChild } from './child.ts';
import { connectorAccess } from './lnd.ts';
import { openLndPair } from './pair.ts';
import type { ToldJar } from './processes/toldJar.ts';
import { median, quantile } from './rounds.ts';

const AT_ONCE = 20;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

const two = (what: string, found: readonly number[]): Row[] => [
  { what: `${what}, median of ${found.length}`, value: median(found), unit: 'ms' },
  { what: `${what}, p99`, value: quantile(found, 0.99), unit: 'ms' },
];

async function run(setting: Setting): Promise<Row[]> {
  const { quick, folder, defer, note } = setting;
  const lnd = await openLndPair(setting);
  const access = await connectorAccess(lnd.jar);
  const jar = await startChild<ToldJar>('toldJar', { dir: folder('jar'), access });
  defer(() => jar.stop());
  const paymentRequest = await jar.ask('join', 'alice');
  await until('the connector is live', 60, async () => (await jar.ask('state')) === 'live');

  /** When a subscription of this process was told that a set settled, by set id; and the last of them. */
  const settled = new Map<string, number>();
  let lastSettled = 0;
  const stream = streaming<WireInvoice>(lnd.jar.lnd.default, 'subscribeInvoices');
  stream.on('error', () => {});
  stream.on('data', ({ state, amp_invoice_state }: WireInvoice) => {
    if (state !== 'SETTLED') return;
    lastSettled = performance.now();
    for (const setId of Object.keys(amp_invoice_state)) settled.set(eventId(setId), lastSettled);
  });
  defer(async () => stream.cancel());

  const posted = new Map<string, number>();
  const receiver = createServer(async (request, response) => {
    await text(request);
    posted.set(String(request.headers['webhook-id']), performance.now());
    response.end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  defer(async () => void receiver.close());
  const { port } = receiver.address() as AddressInfo;
  await jar.ask('webhook', { handle: 'alice', url: `http://127.0.0.1:${port}/` });

  const measure = async (how: string, payments: number, atOnce: number) => {
    note(`${payments} payments ${how}`);
    settled.clear();
    posted.clear();
    await lnd.pay(paymentRequest, { payments, atOnce });
    await until('all webhooks', 60, () => posted.size >= payments && settled.size >= payments);
    return two(
      `settled event to webhook received, ${how}`,
      [...posted].map(([id, atMs]) => atMs - settled.get(id)!),
    );
  };
  await lnd.pay(paymentRequest, { payments: 2 * AT_ONCE, atOnce: AT_ONCE });
  await until('the first webhooks', 60, () => posted.size >= 2 * AT_ONCE);
  const rows = [
    ...(await measure('one after another', quick ? 40 : 200, 1)),
    ...(await measure(`${AT_ONCE} at a time`, quick ? 100 : 1_000, AT_ONCE)),
  ];

  if (!existsSync(CHROMIUM)) note(`the open page left out: ${CHROMIUM} is missing`);
  else {
    const browser = await openBrowser();
    defer(() => browser.close());
    const page = await browser.newPage();
    let shown = 0;
    await page.exposeFunction('tipShown', () => {
      shown = performance.now();
    });
    await page.goto(`${await jar.ask('baseUrl')}/@alice`);
    await page.evaluate(
      "new MutationObserver(() => tipShown()).observe(document.querySelector('.tips'), { childList: true })",
    );
    const waits: number[] = [];
    const payments = quick ? 20 : 100;
    note(`${payments} payments one after another, seen by an open page`);
    for (let paid = 0; paid < payments; paid++) {
      shown = 0;
      await lnd.pay(paymentRequest, { payments: 1, atOnce: 1 });
      await until('the page shows it', 60, () => shown > 0);
      waits.push(shown - lastSettled);
    }
    const [middle, p99] = two('settled event to list of an open page changed', waits);
    rows.push(middle!, judged(p99!, { atMost: 1_000 }));
  }

  const options: number[] = [];
  for (let made = 0; made < (quick ? 5 : 30); made++)
    options.push(await jar.ask('option', { handle: 'alice', label: `Option ${made}` }));
  return [
    ...rows,
    ...two('tip option added to its invoice readable', options),
    judged({ what: 'the slowest of these', value: Math.max(...options), unit: 'ms' }, { atMost: 2_000 }),
  ];
}

export const told: Bench = {
  name: 'told',
  about: "from lnd's settled event to a webhook received and an open page changed",
  lnd: 'all',
  run,
};
