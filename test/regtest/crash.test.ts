import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CALLS } from '../../connector/lnd/client.ts';
import {
  addCreator,
  type Ledger,
  readAllTips,
  readCreatorWithInvoice,
  readInvoice,
  readTotals,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { ampStates } from './harness/invoices.ts';
import { connectNetwork } from './harness/network.ts';
import { payAmp } from './harness/pay.ts';
import { freePorts } from './harness/ports.ts';
import { until } from './harness/until.ts';

const PAYMENTS = 3_000;
const AT_A_TIME = 20;
const KILL_EVERY_MS = 2_000;

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;
const dir = mkdtempSync(join(tmpdir(), 'ampjar-crash-'));
const handles = ['crash-one', 'crash-two', 'crash-three'];

/** A program of this project as a process of its own that can be killed and started again. */
class Program {
  readonly #args: string[];
  #child: ChildProcess | undefined;
  starts = 0;

  constructor(...args: string[]) {
    this.#args = args;
  }

  start() {
    this.starts++;
    this.#child = spawn(process.execPath, this.#args, { stdio: 'ignore' });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL') {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

let table: Program;
let connector: Program;
let ledger: Ledger;

beforeAll(async () => {
  const [port] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  table = new Program(inject('program').ampjar, 'dev', 'table', '--data', dir, '--port', String(port));
  table.start();
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  ledger = { client, table: 'ampjar' };
  await until('the table answers', 30, () =>
    client.send(new CreateTableCommand(tableDefinition('ampjar'))).catch(() => undefined),
  );
  for (const handle of handles) await addCreator(ledger, { handle, name: handle }, new Date());
  const macaroon = await jar.bakeMacaroon([...CALLS]);
  connector = new Program(
    ...[inject('program').connector, '--name', 'crash', '--table', 'ampjar', '--endpoint', endpoint],
    ...['--lnd-host', jar.socket, '--lnd-cert', jar.certPath, '--lnd-macaroon', macaroon],
  );
  connector.start();
});

afterAll(async () => {
  await connector.kill();
  await table.kill();
  network.disconnect();
  rmSync(dir, { recursive: true });
});

/** Pay until so many payments succeeded; what a node that is away refuses is tried again. */
async function pay(requests: string[], succeeded: (count: number) => void) {
  let begun = 0;
  let done = 0;
  const payer1 = async () => {
    while (begun < PAYMENTS) {
      const at = begun++;
      const paymentRequest = requests[at % requests.length]!;
      for (;;) {
        const paid = await payAmp(payer, { paymentRequest, amountMsat: BigInt(1_000 + (at % 977)) });
        if (paid.status === 'SUCCEEDED') break;
        await setTimeout(200);
      }
      succeeded(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, payer1));
}

describe('3,000 payments while connector, table and lnd are killed', () => {
  it('are booked once each, by lnd’s own books', { timeout: 600_000 }, async () => {
    const invoices = await Promise.all(
      handles.map((handle) =>
        until('an invoice is minted', 60, async () => (await readCreatorWithInvoice(ledger, handle)).invoice),
      ),
    );
    let paying = true;
    let done = 0;
    const paid = pay(
      invoices.map(({ paymentRequest }) => paymentRequest),
      (count) => {
        done = count;
      },
    ).finally(() => {
      paying = false;
    });
    const killConnector = async () => {
      while (paying) {
        await setTimeout(KILL_EVERY_MS);
        await connector.kill();
        connector.start();
      }
    };
    const passed = (share: number) => until('payments go on', 300, () => !paying || done >= PAYMENTS * share);
    const killTable = async () => {
      for (const share of [0.3, 0.7]) {
        await passed(share);
        await table.kill();
        table.start();
      }
    };
    const restartLnd = async () => {
      for (const [at, share] of [0.2, 0.5, 0.8].entries()) {
        await passed(share);
        await jar.kill(at === 1 ? 'SIGTERM' : 'SIGKILL');
        await jar.start();
        await network.awaitChannels();
      }
    };
    await Promise.all([paid, killConnector(), killTable(), restartLnd()]);
    expect(connector.starts).toBeGreaterThan(5);
    expect(table.starts).toBe(3);

    for (const [at, handle] of handles.entries()) {
      const { paymentAddr } = invoices[at]!;
      const atLnd = new Map(
        [...(await ampStates(jar, paymentAddr))].map(([setId, state]) => [
          setId,
          BigInt(state.amt_paid_msat),
        ]),
      );
      await until(
        'all is booked',
        120,
        async () =>
          (await readInvoice(ledger, paymentAddr).catch(() => undefined))?.count === BigInt(atLnd.size),
      );
      const rows = [];
      for await (const row of readAllTips(ledger, handle)) rows.push(row);
      const sum = [...atLnd.values()].reduce((total, amount) => total + amount, 0n);
      expect(new Map(rows.map(({ setId, amountMsat }) => [setId, amountMsat]))).toEqual(atLnd);
      expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => BigInt(index + 1)));
      expect(await readInvoice(ledger, paymentAddr)).toMatchObject({ receivedMsat: sum });
      expect(await readTotals(ledger, handle)).toMatchObject({ count: BigInt(rows.length), amountMsat: sum });
    }
  });
});
