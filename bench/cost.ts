import { setTimeout } from 'node:timers/promises';
import pino from 'pino';
import { systemConnector } from '../connector/system.ts';
import { WakeQueue } from '../shared/concurrency/wakeQueue.ts';
import { bookTips, encodeCursor } from '../shared/ledger/index.ts';
import { synthesise } from '../test/infra/synthesise.ts';
import { until } from '../test/regtest/harness/until.ts';
import { type Bench, judged, type Row, type Setting } from './bench.ts';
import {
  type Answered,
  measureAlone,
  measureAnswer,
  measureFiles,
  measureFullBatch,
  measureSchedules,
  measureSpreadBatch,
  measureWebhook,
  type TipBatch,
  type Work,
} from './cost/measure.ts';
import { type Asked, metered } from './cost/meter.ts';
import {
  connectionUsage,
  fileUsage,
  openWidgetUsage,
  originShare,
  requestUsage,
  tipUsage,
  webhookUsage,
  worked,
} from './cost/model.ts';
import { type Charged, dollars, PRICES, PRICES_OF, sum, times, type Usage } from './cost/prices.ts';
import { MONTH_SECONDS, type Resources, standing, wakings } from './cost/template.ts';
import { aTip, type Books, openBooks } from './ledger.ts';
import { openDevNode } from './node.ts';

const MILLION = 1e6;
/** An edge uses a page for so long without asking (`s-maxage`). */
const PAGE_KEPT_SECONDS = 10;
const TIPS_ON_PAGE = 10;
/** A look at a page, until it is closed. */
const LOOK_MINUTES = 1;

/** What it is made of, the largest first. */
const parts = (usage: Usage): string =>
  (Object.entries(usage) as [Charged, number][])
    .map(([name, amount]) => [name, amount * PRICES[name].usd] as const)
    .filter(([, usd]) => usd >= 0.005)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, usd]) => `${name} ${usd.toFixed(2)}`)
    .join(', ');

async function run(setting: Setting): Promise<Row[]> {
  const { folder, defer, note } = setting;
  note(`list prices of us-east-1, ${PRICES_OF}`);
  const { resources } = synthesise();
  const books = await openBooks(folder('books'));
  defer(() => books.tables.close());
  const row = (what: string, usage: Usage): Row => {
    note(`${what}: ${parts(usage)}`);
    return { what, value: dollars(usage), unit: 'USD' };
  };
  return [
    ...(await tipRows(resources, books, row)),
    ...(await viewRows(resources, books, row)),
    row('a month without any traffic', await fixedUsage(resources, books, setting)),
  ];
}

type AsRow = (what: string, usage: Usage) => Row;

const CREATORS = [1, 100, 10_000];

const creatorsText = (count: number) =>
  count === 1 ? 'one creator' : `${count.toLocaleString('en')} creators`;

async function tipRows(resources: Resources, books: Books, row: AsRow): Promise<Row[]> {
  const million = (batch: TipBatch) => times(MILLION, tipUsage(resources, batch));
  const rows: Row[] = [];
  for (const creators of CREATORS) {
    const batch = await measureFullBatch(books, creators);
    const what = `a million tips of ${creatorsText(creators)}, in batches of ${batch.tips}`;
    rows.push(judged(row(what, million(batch)), { atMost: 4 }));
  }
  const spread = await measureSpreadBatch(books);
  rows.push(row(`a million tips, each of another creator, in batches of ${spread.tips}`, million(spread)));
  rows.push(row('a million tips, each alone', million(await measureAlone(books))));
  const webhook = webhookUsage(resources, await measureWebhook(books));
  rows.push(row('a million webhooks, each alone', times(MILLION, webhook)));
  return rows;
}

async function viewRows(resources: Resources, books: Books, row: AsRow): Promise<Row[]> {
  const tips = Array.from({ length: TIPS_ON_PAGE }, () => aTip(books.invoice));
  await bookTips(books.ledger, books.lease, { tips, quarantined: [] });
  const newest = encodeCursor('alice', BigInt(tips.length));
  const answer = (path: string) => measureAnswer(books, path);
  const page = await answer('/@alice');
  const catchUp = await answer(`/v1/creators/alice/tips?limit=100&after=${newest}`);
  const invoice = await answer('/v1/creators/alice/invoice');
  const picture = await answer(`/v1/invoices/${books.invoice.paymentAddr}/qr.svg`);
  await books.join('quiet', 'nothing');
  const pageWithoutTips = await answer('/@quiet');
  const view = (of: Answered, perSecond: number) =>
    times(MILLION, requestUsage(resources, of, originShare(perSecond, PAGE_KEPT_SECONDS)));
  const inAnHour = MILLION / 3600;
  const rows = [
    judged(row('a million page views within an hour', view(page, inAnHour)), { atMost: 1.5 }),
    judged(row('the same where tips are not shown', view(pageWithoutTips, inAnHour)), { atMost: 1.5 }),
  ];
  for (const creators of CREATORS) {
    const what = `a million page views over a month, ${creatorsText(creators)}`;
    rows.push(judged(row(what, view(page, MILLION / MONTH_SECONDS / creators)), { atMost: 1.5 }));
  }
  const listening = sum(connectionUsage(LOOK_MINUTES, 0), times(2, requestUsage(resources, catchUp, 1)));
  rows.push(row(`what live adds to a million views of ${LOOK_MINUTES} minute`, times(MILLION, listening)));
  const profile = await answer('/v1/creators/alice');
  const firstSight = sum(
    ...(await measureFiles()).map(fileUsage),
    ...[profile, invoice].map((asked) => requestUsage(resources, asked, 1)),
    requestUsage(resources, picture, 0),
  );
  rows.push(row('a million readers who see a widget for the first time', times(MILLION, firstSight)));
  const widget = times(1_000, openWidgetUsage(resources, { catchUp, invoice, picture }));
  rows.push(judged(row('1,000 live widgets open all month, ten tips a day', widget), { atMost: 5 }));
  return rows;
}

/** A long poll of the connector's at its queue takes so long. */
const POLL_SECONDS = 20;

async function fixedUsage(resources: Resources, books: Books, setting: Setting): Promise<Usage> {
  const { sweep, due, watch } = await measureSchedules(books);
  const woken = (part: string, work: Work) => times(wakings(resources, part), worked(resources, part, work));
  const { readUnits, writeUnits } = await measureIdle(setting);
  return sum(
    standing(resources),
    woken('Settled', sweep),
    woken('Webhooks', due),
    woken('Watch', watch),
    times(MONTH_SECONDS, { readUnit: readUnits, writeUnit: writeUnits }),
    { queueRequest: MONTH_SECONDS / POLL_SECONDS },
  );
}

/** What a connector that leads asks of the table in a second in which nothing happens. */
async function measureIdle(setting: Setting): Promise<Pick<Asked, 'readUnits' | 'writeUnits'>> {
  const { quick, folder, defer, note } = setting;
  const { access } = await openDevNode(setting);
  const { tables, ledger } = await openBooks(folder('idle'));
  defer(() => tables.close());
  const meter = metered(ledger);
  const connector = systemConnector(access, {
    ledger: meter.ledger,
    log: pino({ level: 'silent' }),
    wakeMessages: new WakeQueue(),
    holder: 'bench',
    expirySeconds: 31_536_000,
    routeHints: false,
    anotherNode: true,
  });
  const stop = new AbortController();
  const running = connector.run(stop.signal);
  defer(async () => {
    stop.abort();
    await running;
  });
  await until('the connector is live', 60, async () => connector.health.state === 'live');
  // What it does once, after it has begun, is no part of a month.
  await setTimeout(quick ? 2_000 : 10_000);
  meter.take();
  const seconds = quick ? 10 : 120;
  note(`a connector with nothing to do, ${seconds} s`);
  await setTimeout(seconds * 1000);
  const { readUnits, writeUnits } = meter.take();
  return { readUnits: readUnits / seconds, writeUnits: writeUnits / seconds };
}

export const cost: Bench = {
  name: 'cost',
  about: 'what a deployment costs on AWS, by list prices and what is asked of it',
  lnd: 'none',
  run,
};
