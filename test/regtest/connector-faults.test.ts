import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { CALLS } from '../../connector/lnd/client.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import {
  addCreator,
  type CurrentInvoice,
  type Ledger,
  readNode,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { currentOf, expectBooks, tipOf } from './harness/books.ts';
import { type Running, runConnector } from './harness/connector.ts';
import { startDaemon } from './harness/daemon.ts';
import { closeLnd, openLnd, unary } from './harness/grpc.ts';
import { awaitState } from './harness/lnd.ts';
import { connectNetwork } from './harness/network.ts';
import { payAmp, untilPaid } from './harness/pay.ts';
import { type CutLine, startProxy } from './harness/proxy.ts';
import { until } from './harness/until.ts';
import { createWallet, unlockWallet } from './harness/wallet.ts';

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;
const dir = mkdtempSync(join(tmpdir(), 'ampjar-faults-'));
const certPath = join(dir, 'tls.cert');
const tables = await openEmbeddedTable({ dir: join(dir, 'table'), clock: Date.now });
const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
const LOST = 'connection to lnd or the lease lost, connecting again';

let proxy: CutLine;
let running: Running;
let invoice: CurrentInvoice;
let nextMsat = 1_000n;

const pay = () => {
  nextMsat += 1_000n;
  return payAmp(payer, { paymentRequest: invoice.paymentRequest, amountMsat: nextMsat });
};

/** Pay once lnd's channels are up again. */
const payAfter = async () => {
  await network.awaitChannels();
  const paid = await pay();
  expect(paid).toMatchObject({ status: 'SUCCEEDED' });
  return paid;
};

/** What a new connection to lnd is told, if it can't be made. */
async function detailsOf(cert: string): Promise<string> {
  const lnd = openLnd(jar.socket, cert, jar.adminMacaroonPath);
  const details = await unary(lnd.default, 'getInfo').then(
    () => '',
    (error) => error.details,
  );
  closeLnd(lnd);
  return details;
}

/**
 * Pay until the table has a place to resume from: it is written with a payment, once nothing came for some seconds after
 * the connector began.
 */
const checkpoint = () =>
  until('a checkpoint', 60, async () => {
    const { setId } = await payAfter();
    await tipOf(ledger, setId);
    const settleIndex = (await readNode(ledger, jar.pubkey))?.settleIndex;
    if (settleIndex === undefined) await setTimeout(8_000);
    return settleIndex;
  });

beforeAll(async () => {
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  await addCreator(ledger, { handle: 'agnes', name: 'Alice', shows: 'messages' }, new Date());
  proxy = await startProxy(jar.socket);
  copyFileSync(jar.certPath, certPath);
  const macaroonPath = await jar.bakeMacaroon([...CALLS]);
  running = runConnector(ledger, { socket: proxy.socket, certPath, macaroonPath });
  invoice = await currentOf(ledger, 'agnes');
  await running.live();
});

afterAll(async () => {
  await running?.stop();
  await proxy?.close();
  await tables.close();
  network.disconnect();
  rmSync(dir, { recursive: true });
});

describe('the connector beside a real lnd with a wallet of its own', () => {
  it('waits while it is locked, longer and longer, and goes on after it was unlocked', async () => {
    const coords = await network.spareLnd('vault', { locked: true, args: ['--accept-amp'] });
    startDaemon(coords.daemon);
    await createWallet(coords);
    const vault = await network.join(coords);
    const macaroonPath = await vault.bakeMacaroon([...CALLS]);
    await vault.kill('SIGTERM');
    startDaemon(vault.daemon);
    await awaitState(vault, 'LOCKED');

    const own: Ledger = { ...ledger, table: 'vault' };
    await own.client.send(new CreateTableCommand(tableDefinition(own.table)));
    await addCreator(own, { handle: 'bob', name: 'Bob' }, new Date());
    const waiting = runConnector(own, { socket: vault.socket, certPath: vault.certPath, macaroonPath });
    const first = await waiting.warned(/wallet locked, unlock it/);
    const second = await waiting.warned(/wallet locked, unlock it/, 1);
    expect([first.msg, second.msg]).toEqual([LOST, LOST]);
    // 500 ms, then 1000, each less by half of it at most.
    expect(first.waitMs).toBeLessThanOrEqual(500);
    expect(second.waitMs).toBeGreaterThanOrEqual(500);
    expect(waiting.connector.health).toMatchObject({
      state: 'connecting',
      lastError: expect.stringContaining('wallet locked'),
    });
    await unlockWallet(vault);
    await waiting.live();
    vault.reopen();
    const bobs = await currentOf(own, 'bob');
    const { setId } = await untilPaid(payer, vault, () => payAmp(payer, { ...bobs, amountMsat: 5_000n }));
    await tipOf(own, setId);
    await expectBooks(own, vault, 'bob', [bobs]);
    await waiting.stop();
    await vault.kill('SIGTERM');
    vault.close();
  });
});

/** What a fault was told as: one line, that names what lnd or the line said, and how long is waited. */
const told = async (words: RegExp, from: number) => {
  const line = await running.warned(words, from);
  expect(line).toMatchObject({ msg: LOST, waitMs: expect.any(Number) });
  return line;
};

describe('the connector beside a real lnd goes on', () => {
  beforeAll(checkpoint);

  afterEach(async () => {
    proxy.mend();
    copyFileSync(jar.certPath, certPath);
    await expectBooks(ledger, jar, 'agnes', [invoice]);
    // Whatever was paid meanwhile came by the subscription, from where it was left.
    expect(running.connector.health).toMatchObject({ state: 'live', alarms: {} });
  });

  it('after the line to lnd was cut, with what was paid meanwhile', async () => {
    const from = running.warnings.length;
    proxy.cut();
    await told(/./, from);
    expect(running.connector.health.state).toBe('connecting');
    const paid = await pay();
    await told(/ECONNRE/, from + 1);
    proxy.mend();
    await tipOf(ledger, paid.setId);
    await running.live();
    await tipOf(ledger, (await pay()).setId);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('after lnd was ended by %s and started again', async (signal) => {
    const from = running.warnings.length;
    await jar.kill(signal);
    await told(/./, from);
    expect(running.connector.health.state).toBe('connecting');
    await jar.start();
    const paid = await payAfter();
    await tipOf(ledger, paid.setId);
    await running.live();
  });

  it('after its certificate file was that of another node, and is right again', async () => {
    const from = running.warnings.length;
    copyFileSync(payer.certPath, certPath);
    proxy.cut();
    await told(/./, from);
    proxy.mend();
    await told(/self-signed certificate/, from);
    const paid = await pay();
    copyFileSync(jar.certPath, certPath);
    await tipOf(ledger, paid.setId);
    await running.live();
  });

  it("after lnd's certificate expired, and lnd made another", async () => {
    await jar.kill('SIGTERM');
    rmSync(jar.certPath);
    rmSync(jar.certPath.replace(/cert$/, 'key'));
    jar.startAs((args) => [...args, '--tlscertduration=5s']);
    await until('the certificate has expired', 60, async () => {
      if (!existsSync(jar.certPath)) return false;
      copyFileSync(jar.certPath, certPath);
      return (await detailsOf(jar.certPath)).includes('certificate has expired');
    });
    const from = running.warnings.length;
    // It may have connected in time, and an open connection goes on.
    proxy.cut();
    proxy.mend();
    await told(/certificate has expired/, from);
    expect(running.connector.health.state).toBe('connecting');
    const meanwhile = await untilPaid(payer, jar, pay);
    await jar.restart();
    copyFileSync(jar.certPath, certPath);
    await tipOf(ledger, meanwhile.setId);
    await running.live();
    await tipOf(ledger, (await payAfter()).setId);
  });

  it('after lnd went silent', async () => {
    const from = running.warnings.length;
    jar.pause();
    await told(/Deadline exceeded/, from);
    expect(running.connector.health.state).toBe('connecting');
    jar.resume();
    const paid = await untilPaid(payer, jar, pay);
    await tipOf(ledger, paid.setId);
    await running.live();
  });
});
