import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Findings } from '../../../connector/setup/findings.ts';
import { readChoices } from '../../../connector/setup/options.ts';
import { setUp } from '../../../connector/setup/setup.ts';
import { type DevNode, startDevNode } from '../../../local/node/index.ts';
import { openEmbeddedTable } from '../../../local/table/index.ts';
import {
  addCreator,
  type Ledger,
  readCreatorWithInvoice,
  readTip,
  tableDefinition,
} from '../../../shared/ledger/index.ts';
import { freePorts } from '../../regtest/harness/ports.ts';
import { suitesHere } from '../../toolchains.ts';
import { until } from '../jar.ts';
import { boot, CHECKOUT, canBoot, NODE } from './booted.ts';

const mayBoot = suitesHere().has('systemd') && (await canBoot());
if (!mayBoot)
  console.error('suite left out: the unit under systemd, for this user may make no namespaces. Be root');

describe.skipIf(!mayBoot)('the unit, run by systemd with all its limits', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-systemd-'));
  const settings = {
    dir: join(dir, 'node'),
    network: 'regtest',
    alias: 'jar',
    clock: Date.now,
    random: randomBytes,
  } as const;
  let node: DevNode;
  let tables: Awaited<ReturnType<typeof openEmbeddedTable>>;
  let ledger: Ledger;
  let health: () => Promise<{ state: string }>;
  let booted: Awaited<ReturnType<typeof boot>>;

  beforeAll(async () => {
    node = await startDevNode(settings);
    tables = await openEmbeddedTable({ dir: join(dir, 'table'), clock: Date.now });
    ledger = { client: tables.client(), table: 'ampjar' };
    await ledger.client.send(new CreateTableCommand(tableDefinition('ampjar')));
    await addCreator(ledger, { handle: 'alice', name: 'Alice' }, new Date());
    const [port] = await freePorts(1);
    const values = {
      'lnd-host': node.socket,
      'lnd-cert': node.certPath,
      'admin-macaroon': node.adminMacaroonPath,
      endpoint: `http://127.0.0.1:${(await tables.listen(0)).port}`,
      'health-port': String(port),
      dir: join(dir, 'etc'),
      'unit-dir': join(dir, 'units'),
    };
    const findings = new Findings(() => {});
    const choices = await readChoices(values, {});
    const machine = { node: NODE, root: CHECKOUT, hostname: 'shed', clock: () => new Date() };
    await setUp(choices, machine, findings);
    expect(findings.failed).toBe(0);
    health = async () =>
      (await fetch(`http://127.0.0.1:${port}/health`)).json() as Promise<{ state: string }>;
    booted = await boot(choices.files.unit!, { dir, dropIn: 'WatchdogSec=15s' });
  });
  afterAll(async () => {
    await booted?.end();
    await node?.stop();
    await tables?.close();
    rmSync(dir, { recursive: true });
  });

  const isLive = () => until(async () => (await health().catch(() => undefined))?.state === 'live');
  /** Pay alice from a node that knows the one that runs. @returns once the tip is booked */
  const tip = async () => {
    const payer = await startDevNode({ ...settings, dir: join(dir, 'payer'), alias: 'payer', peers: [node] });
    const { paymentRequest } = await until(
      async () => (await readCreatorWithInvoice(ledger, 'alice')).invoice,
    );
    const paid = await payer.pay({ paymentRequest, amp: true, amountMsat: 2_000n });
    expect(paid.status).toBe('SUCCEEDED');
    await until(() => readTip(ledger, paid.paymentHash));
    await payer.stop();
  };

  it('connects, mints and books', async () => {
    await isLive();
    await tip();
  });

  it('has a user of its own, no capability, and system calls filtered', async () => {
    const { MainPID } = await booted.shows('MainPID');
    const status = await booted.status(MainPID);
    expect(Number(/^Uid:\s+(\d+)/m.exec(status)![1])).toBeGreaterThan(60_000);
    expect(status).toMatch(/^CapBnd:\s+0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
  });

  it('tells systemd how it fares, and lives beyond the time of its watchdog', async () => {
    await until(async () => (await booted.shows('StatusText')).StatusText.startsWith('live, '));
    const { WatchdogTimestampMonotonic: first } = await booted.shows('WatchdogTimestampMonotonic');
    const beyond = Number(first) + 20_000_000;
    await until(
      async () =>
        Number((await booted.shows('WatchdogTimestampMonotonic')).WatchdogTimestampMonotonic) > beyond,
    );
    expect(await booted.shows('NRestarts')).toEqual({ NRestarts: '0' });
  });

  it('is started anew when lnd has another certificate, and connects with that', async () => {
    await node.stop();
    for (const file of ['tls.cert', 'tls.key']) rmSync(join(settings.dir, file));
    node = await startDevNode({ ...settings, port: Number(node.socket.split(':')[1]) });
    await until(async () => Number((await booted.shows('NRestarts')).NRestarts) > 0);
    await isLive();
    await tip();
  });

  it('ends well when it is told to stop', async () => {
    await booted.stop();
    expect(await booted.shows('ActiveState', 'Result', 'ExecMainStatus')).toEqual({
      ActiveState: 'inactive',
      Result: 'success',
      ExecMainStatus: '0',
    });
    expect(booted.output()).toMatch(/"msg":"stopped"\}\n$/);
  });
});
