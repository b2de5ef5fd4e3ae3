import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CALLS } from '../../connector/lnd/client.ts';
import { rootKeyId } from '../../connector/lnd/macaroon.ts';
import { Findings } from '../../connector/setup/findings.ts';
import { readChoices, type SetupValues } from '../../connector/setup/options.ts';
import { setUp } from '../../connector/setup/setup.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import {
  addCreator,
  type Ledger,
  readAllTips,
  readNode,
  readTotals,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { killAll, start } from '../connector/process.ts';
import { currentOf } from './harness/books.ts';
import { unary } from './harness/grpc.ts';
import { connectLnd, type LndNode, startLnd } from './harness/lnd.ts';
import { connectNetwork } from './harness/network.ts';
import { payAmp } from './harness/pay.ts';
import { until } from './harness/until.ts';

const HANDLE = 'newcomer';
const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;
const dir = mkdtempSync(join(tmpdir(), 'ampjar-setup-'));
const tables = await openEmbeddedTable({ dir: join(dir, 'table'), clock: Date.now });
const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
let endpoint: string;

beforeAll(async () => {
  endpoint = `http://127.0.0.1:${(await tables.listen(0)).port}`;
  await ledger.client.send(new CreateTableCommand(tableDefinition('ampjar')));
  await addCreator(ledger, { handle: HANDLE, name: HANDLE }, new Date());
});
afterAll(async () => {
  killAll();
  network.disconnect();
  await tables.close();
  rmSync(dir, { recursive: true });
});

async function setup(node: LndNode, etc: string, more: SetupValues = {}) {
  const lines: string[] = [];
  const findings = new Findings((line) => void lines.push(line.replaceAll(/ +/g, ' ')));
  const values = {
    'lnd-host': node.socket,
    'lnd-cert': node.certPath,
    'admin-macaroon': node.adminMacaroonPath,
    endpoint,
    dir: join(dir, etc),
    'unit-dir': join(dir, etc),
    ...more,
  };
  const choices = await readChoices(values, {});
  const machine = { node: process.execPath, root: '/opt/ampjar', hostname: etc, clock: () => new Date() };
  const next = await setUp(choices, machine, findings);
  return { lines, next, failed: findings.failed, choices };
}

/** Start a connector by the environment file and the macaroon of a setup, as the unit does. */
const startBy = ({ choices: { files, lndCert } }: Awaited<ReturnType<typeof setup>>) =>
  start(['--lnd-cert', lndCert, '--lnd-macaroon', files.macaroon, '--health-port', '0'], {
    ...(parseEnv(readFileSync(files.environment, 'utf8')) as Record<string, string>),
  });
type Running = Awaited<ReturnType<typeof startBy>>;
const isIn = ({ health }: Running, state: string) =>
  until(`a connector is ${state}`, 60, async () => (await health()).state === state);

describe('a connector set up beside lnd', () => {
  it('is told what lnd is, and its macaroon opens lnd', async () => {
    const { lines, failed } = await setup(jar, 'first');
    expect(lines).toContainEqual(expect.stringMatching(/^ok lnd version 0\.20\.1-beta/));
    expect(lines).toContain('ok lnd knows AMP');
    expect(lines).toContainEqual(expect.stringMatching(/^ok lnd accept-amp is on: /));
    expect(lines).toContain('ok macaroon lnd answers to it');
    expect(failed).toBe(0);
  });

  it('is told that accept-amp is off, where it is, and without it AMP invoices are paid all the same', async () => {
    const spare = await network.spareLnd('bare');
    await startLnd(spare);
    const node = connectLnd(spare);
    const { lines } = await setup(node, 'bare');
    expect(lines).toContain('ok lnd knows AMP');
    expect(lines).toContainEqual(expect.stringMatching(/^ok lnd accept-amp is off: /));
    expect(lines).toContain('ok macaroon lnd answers to it');
    node.close();

    const joined = await network.join(spare);
    const invoice = { is_amp: true, value_msat: '0' };
    const { payment_request } = await unary<{ payment_request: string }>(
      joined.lnd.default,
      'addInvoice',
      invoice,
    );
    const paid = await payAmp(payer, { paymentRequest: payment_request, amountMsat: 1_000n });
    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    joined.close();
    await joined.kill('SIGTERM');
  });

  it('of a release before, which made a call less, can’t start; set up anew it bakes what this one calls, and starts', async () => {
    const { choices } = await setup(jar, 'upgraded');
    const { files, lndCert } = choices;
    const { macaroon } = await unary<{ macaroon: string }>(jar.lnd.default, 'bakeMacaroon', {
      permissions: CALLS.slice(0, -1).map((action) => ({ entity: 'uri', action })),
      root_key_id: '4711',
    });
    writeFileSync(files.macaroon, Buffer.from(macaroon, 'hex'));
    const args = ['--lnd-host', jar.socket, '--lnd-cert', lndCert, '--lnd-macaroon', files.macaroon];
    await expect(start([...args, '--endpoint', endpoint, '--health-port', '0'])).rejects.toThrow(
      /macaroon: it does not allow/,
    );
    const upgraded = await setup(jar, 'upgraded', { 'keep-macaroon': true, force: true });
    expect(upgraded.failed).toBe(0);
    expect(upgraded.next.at(-1)).toBe('lncli deletemacaroonid 4711');
    const running = await startBy(upgraded);
    await isIn(running, 'live');
    const baked = readFileSync(files.macaroon);
    const again = await setup(jar, 'upgraded', { 'keep-macaroon': true, force: true });
    expect(again.next.at(-1)).toMatch(/^curl /);
    expect(readFileSync(files.macaroon)).toEqual(baked);
    running.child.kill('SIGTERM');
    await running.ended;
  });

  it('books each payment once while it hands over to another, and its macaroon is revoked by what the setup tells', async () => {
    const old = await setup(jar, 'old');
    const first = await startBy(old);
    await isIn(first, 'live');
    const { paymentRequest } = await currentOf(ledger, HANDLE);
    const pay = () => payAmp(payer, { paymentRequest, amountMsat: 1_000n });
    const paid: string[] = [(await pay()).setId];
    // In its first minute a connector trusts no checkpoint; what settles meanwhile is found by the audit.
    await until('there is a checkpoint', 90, async () => (await readNode(ledger, jar.pubkey))?.settleIndex);
    let going = true;
    const paying = (async () => {
      while (going) {
        const { status, setId } = await pay();
        if (status === 'SUCCEEDED') paid.push(setId);
      }
    })();
    const some = async () => {
      const before = paid.length;
      await until('payments go on', 60, () => paid.length >= before + 10);
    };
    await some();

    // Another version: a setup anew, with a macaroon of its own.
    const { macaroon } = old.choices.files;
    const before = rootKeyId(readFileSync(macaroon));
    await until('another second', 5, () => Math.floor(Date.now() / 1000) > Number(before));
    const fresh = await setup(jar, 'old', { force: true });
    expect(fresh.next.at(-1)).toBe(`lncli deletemacaroonid ${before}`);
    const second = await start([
      '--lnd-cert',
      jar.certPath,
      '--lnd-macaroon',
      macaroon,
      '--health-port',
      '0',
      '--name',
      'second',
      '--endpoint',
      endpoint,
      '--lnd-host',
      jar.socket,
    ]);
    await isIn(second, 'standing by');
    await some();
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    await isIn(second, 'live');
    await unary(jar.lnd.default, 'deleteMacaroonId', { root_key_id: before });
    await some();
    going = false;
    await paying;

    await until(
      'all are booked',
      60,
      async () => (await readTotals(ledger, HANDLE)).count >= BigInt(paid.length),
    );
    const booked: string[] = [];
    for await (const { setId } of readAllTips(ledger, HANDLE)) booked.push(setId);
    expect(booked.sort()).toEqual(paid.sort());
    expect(await second.health()).toMatchObject({ state: 'live', drift: 0, setAside: 0 });
    second.child.kill('SIGTERM');
    await second.ended;
  });
});
