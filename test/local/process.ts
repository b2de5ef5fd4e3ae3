import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startDevNode } from '../../local/node/index.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { bounded } from '../../shared/concurrency/bounded.ts';
import { type Ledger, readDeliveries, readTotals } from '../../shared/ledger/index.ts';

/** `npm start` as a process of its own, on a folder and a free port. @returns once it answers */
export async function startLocal(data: string, ...args: string[]) {
  const command = [inject('program').ampjar, 'dev', 'start', '--port', '0', '--data', data, ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { out: '', err: '' };
  child.stderr.setEncoding('utf8').on('data', (text) => {
    printed.err += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...printed }));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed.out += text;
      const found = /API +(http:\/\/127\.0\.0\.1:\d+)/.exec(printed.out)?.[1];
      if (found) resolve(found);
    });
    void ended.then(({ out, err }) => reject(new Error(`npm start ended: ${out}${err}`)));
  });
  return {
    url,
    printed,
    ended,
    /** @returns how it ended, and what it printed */
    end: (signal: NodeJS.Signals) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Pay an invoice of the development node in the folder of `npm start`, which doesn't run meanwhile: 200 payments at a time. */
export async function payMeanwhile(data: string, paymentRequest: string, payments: number): Promise<void> {
  const shared = { network: 'regtest', clock: Date.now, random: randomBytes } as const;
  const jar = await startDevNode({ ...shared, dir: join(data, 'jar'), alias: 'jar' });
  const payer = await startDevNode({ ...shared, dir: join(data, 'payer'), alias: 'payer', peers: [jar] });
  try {
    await bounded(200, Array(payments).fill(paymentRequest), async (paymentRequest) => {
      const { status } = await payer.pay({ paymentRequest, amountMsat: 2_100n, amp: true });
      if (status !== 'SUCCEEDED') throw new Error(`the payment ${status}`);
    });
  } finally {
    await payer.stop();
    await jar.stop();
  }
}

/** Ask until the answer fits; the time limit of the test ends it. */
async function until<T>(url: string, found: (answer: Record<string, string>) => T | undefined): Promise<T> {
  for (;;) {
    const fits = found((await (await fetch(url)).json()) as Record<string, string>);
    if (fits !== undefined) return fits;
  }
}

/** What alice's tip page hands out, once the connector has made it. */
export const paymentRequestOf = (url: string) =>
  until(`${url}/v1/creators/alice/invoice`, ({ paymentRequest }) => paymentRequest);

/** The number of alice's tips, once it is as it should be. */
export const countOnce = (url: string, isSo: (count: number) => boolean) =>
  until(`${url}/v1/creators/alice/totals`, ({ count }) => (isSo(Number(count)) ? Number(count) : undefined));

/** What the table of `npm start` says, which doesn't run meanwhile. */
async function inTable<T>(data: string, read: (ledger: Ledger) => Promise<T>): Promise<T> {
  const tables = await openEmbeddedTable({ dir: data, clock: Date.now });
  try {
    return await read({ client: tables.client(), table: 'ampjar' });
  } finally {
    await tables.close();
  }
}

/** The number of alice's tips in it. */
export const bookedIn = (data: string) =>
  inTable(data, async (ledger) => Number((await readTotals(ledger, 'alice')).count));

/** The states of what is in the log of each endpoint. */
export const deliveryStatesIn = (data: string, endpointIds: readonly string[]) =>
  inTable(data, (ledger) =>
    Promise.all(
      endpointIds.map(async (id) => {
        const { deliveries } = await readDeliveries(ledger, id, { limit: 100 });
        return deliveries.map(({ state }) => state);
      }),
    ),
  );
