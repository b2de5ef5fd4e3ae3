import { randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Findings } from '../../../connector/setup/findings.ts';
import { type DevNode, startDevNode } from '../../../local/node/index.ts';
import { readChoices } from '../../../local/setup/options.ts';
import { setUp } from '../../../local/setup/setup.ts';
import { until } from '../../connector/jar.ts';
import { boot, CHECKOUT, canBoot, NODE } from '../../connector/setup/booted.ts';
import { freePorts } from '../../regtest/harness/ports.ts';
import { suitesHere } from '../../toolchains.ts';

const mayBoot = suitesHere().has('systemd') && (await canBoot());
if (!mayBoot)
  console.error('suite left out: npm start under systemd, for this user may make no namespaces. Be root');

const ORIGIN = 'https://tips.example';

describe.skipIf(!mayBoot)('npm start, run by systemd with all its limits', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-server-'));
  const state = join(dir, 'state');
  const shared = { network: 'regtest', clock: Date.now, random: randomBytes } as const;
  let jar: DevNode;
  let payer: DevNode;
  let url: string;
  let booted: Awaited<ReturnType<typeof boot>>;
  const told: string[] = [];
  let next: string[];

  beforeAll(async () => {
    jar = await startDevNode({ ...shared, dir: join(dir, 'jar'), alias: 'jar' });
    payer = await startDevNode({ ...shared, dir: join(dir, 'payer'), alias: 'payer', peers: [jar] });
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    const values = {
      origin: ORIGIN,
      listen: `127.0.0.1:${port}`,
      'lnd-host': jar.socket,
      'lnd-cert': jar.certPath,
      'admin-macaroon': jar.adminMacaroonPath,
      dir: join(dir, 'etc'),
      'unit-dir': join(dir, 'units'),
    };
    const findings = new Findings((line) => void told.push(line));
    const choices = readChoices(values, {});
    const machine = { node: NODE, root: CHECKOUT, clock: () => new Date() };
    next = await setUp(choices, machine, findings);
    expect(findings.failed).toBe(0);
    booted = await boot(choices.files.unit, { dir, dropIn: 'WatchdogSec=15s', state });
    await until(async () => booted.output().includes('"msg":"leading"'));
  });
  afterAll(async () => {
    await booted?.end();
    await payer?.stop();
    await jar?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is what the setup says to type', () => {
    expect(next).toEqual([
      'systemctl daemon-reload',
      'systemctl enable ampjar',
      'systemctl restart ampjar',
      expect.stringMatching(
        /^AMPJAR_URL=\S+ npx ampjar creators add HANDLE .*\/private\/ampjar\/operator\.key$/,
      ),
    ]);
  });

  it('has a user of its own, and one folder, which is its alone', async () => {
    const { MainPID } = await booted.shows('MainPID');
    const status = await booted.status(MainPID);
    const uid = Number(/^Uid:\s+(\d+)/m.exec(status)![1]);
    expect(uid).toBeGreaterThan(60_000);
    expect(status).toMatch(/^CapBnd:\s+0{16}$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    for (const path of ['', 'table.mdb', 'operator.key']) {
      const found = lstatSync(join(state, 'ampjar', path));
      expect([path, found.uid, (found.mode & 0o777).toString(8)]).toEqual([
        path,
        uid,
        path === '' ? '700' : '600',
      ]);
    }
  });

  it('takes creators, mints, books, and shows pages with their widget', async () => {
    const key = readFileSync(join(state, 'ampjar', 'operator.key'), 'utf8').trim();
    const made = await fetch(`${url}/v1/manage/creators`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': 'alice-the-first',
      },
      body: JSON.stringify({ handle: 'alice', name: 'Alice', shows: 'amounts' }),
    });
    expect(made.status).toBe(201);
    const paymentRequest = await until(async () => {
      const answer = await fetch(`${url}/v1/creators/alice/invoice.txt`);
      return answer.ok && (await answer.text()).trim();
    });
    const paid = await payer.pay({ paymentRequest, amp: true, amountMsat: 2_000n });
    expect(paid.status).toBe('SUCCEEDED');
    await until(async () => (await fetch(`${url}/v1/tips/${paid.paymentHash}`)).ok);
    expect(await (await fetch(`${url}/@alice`)).text()).toContain(`${ORIGIN}/@alice`);
    const loader = await (await fetch(`${url}/widget.js`)).text();
    const [, path] = /^import '\.(\/widget\/[0-9a-f]+\.js)';$/m.exec(loader)!;
    expect(await (await fetch(url + path)).text()).toContain('tip-jar');
  });

  it('tells systemd how it fares, and ends well when it is told to stop', async () => {
    await until(async () => (await booted.shows('StatusText')).StatusText.startsWith('live, '));
    await booted.stop();
    expect(await booted.shows('ActiveState', 'Result', 'ExecMainStatus')).toEqual({
      ActiveState: 'inactive',
      Result: 'success',
      ExecMainStatus: '0',
    });
  });
});
