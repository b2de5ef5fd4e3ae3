import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectorCommands } from '../../connector/commands.ts';
import { bakeCommand } from '../../connector/lnd/calls.ts';
import { CALLS } from '../../connector/lnd/client.ts';
import { startDevNode } from '../../local/node/index.ts';
import { readTip, tableDefinition } from '../../shared/ledger/index.ts';
import { run } from '../shared/command/run.ts';
import { type Gate, openGate } from './gate.ts';
import { runConnector } from './inProcess.ts';
import { type Jar, openJar, until } from './jar.ts';
import { killAll, launch, start } from './process.ts';

/** Keys of AWS that must not be seen again. */
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDTHATISNOTREAL000', AWS_SECRET_ACCESS_KEY: 'secret/that+is/not+real' };

let jar: Jar;
let gate: Gate;

beforeAll(async () => {
  jar = await openJar();
  gate = await openGate((await jar.tables.listen(0)).port);
});
afterEach(() => {
  killAll();
  gate.open();
});
afterAll(async () => {
  gate.close();
  await jar.close();
});

/** The flags of a connector that works. */
const flags = () => [
  ...['--lnd-host', jar.access.socket, '--lnd-cert', jar.access.certPath],
  ...['--lnd-macaroon', jar.access.macaroonPath, '--endpoint', gate.endpoint, '--health-port', '0'],
];

/** The flags with one changed. */
const withFlag = (flag: string, value: string) => {
  const all = flags();
  const at = all.indexOf(flag);
  if (at >= 0) all.splice(at, 2);
  return [...all, flag, value];
};

const file = (name: string, content: string | Uint8Array) => {
  const path = join(jar.dir, name);
  writeFileSync(path, content);
  return path;
};

describe('npm run connector', () => {
  it.each<[string, () => string[], RegExp]>([
    ['no flags', () => [], /^--lnd-cert: missing \(or AMPJAR_LND_CERT\); see --help$/],
    [
      'no macaroon',
      () => ['--lnd-cert', jar.access.certPath],
      /^--lnd-macaroon: missing \(or AMPJAR_LND_MACAROON\); see --help$/,
    ],
    [
      'a certificate that is not there',
      () => withFlag('--lnd-cert', join(jar.dir, 'absent')),
      /^--lnd-cert: ENOENT.*absent/,
    ],
    ['a folder for a certificate', () => withFlag('--lnd-cert', jar.dir), /^--lnd-cert: EISDIR/],
    [
      'a macaroon that is not there',
      () => withFlag('--lnd-macaroon', join(jar.dir, 'absent')),
      /^--lnd-macaroon: ENOENT.*absent/,
    ],
    ['a folder for a macaroon', () => withFlag('--lnd-macaroon', jar.dir), /^--lnd-macaroon: EISDIR/],
    [
      'an empty macaroon',
      () => withFlag('--lnd-macaroon', file('empty', '')),
      /^macaroon: not a macaroon of lnd's; bake one with: /,
    ],
    [
      'a certificate for a macaroon',
      () => withFlag('--lnd-macaroon', jar.access.certPath),
      /^macaroon: not a macaroon of lnd's; bake one with: /,
    ],
    [
      'a macaroon that lacks a call',
      () => withFlag('--lnd-macaroon', file('less', jar.node.bakeMacaroon(CALLS.slice(1)))),
      /^macaroon: it does not allow \/lnrpc\.Lightning\/GetInfo; bake one with: /,
    ],
    ...['59', '31536001', '1e3', ''].map((expiry): [string, () => string[], RegExp] => [
      `--expiry=${expiry}`,
      () => [...flags(), `--expiry=${expiry}`],
      /^--expiry: ".*" is not a whole number from 60 to 31536000$/,
    ]),
    ['port 65536', () => withFlag('--health-port', '65536'), /^--health-port: "65536" is not a whole number/],
    ['--rotate-after 0', () => withFlag('--rotate-after', '0'), /^--rotate-after: "0" is not a whole number/],
    [
      'an endpoint that is no URL',
      () => withFlag('--endpoint', '127.0.0.1:1'),
      /^endpoint: "127\.0\.0\.1:1" is not/,
    ],
    ['a flag that there is not', () => [...flags(), '--colour'], /--colour/],
    ['a flag without its value', () => ['--lnd-cert'], /--lnd-cert/],
    ['a word too many', () => [...flags(), 'now'], /now/],
  ])('refuses %s in one line with exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await runConnector('run', ...args());
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each(['AMPJAR_INVOICE_REQUESTS_QUEUE', 'AMPJAR_ASKS_QUEUE'])(
    'hears of the queue by %s, the latter of set-ups before it was renamed',
    async (name) => {
      const { code, err } = await run(connectorCommands, ['connector', 'run', ...flags()], { [name]: 'x' });
      expect([code, err]).toEqual([2, 'ampjar: --invoice-requests-queue: "x" is not the URL of a queue\n']);
    },
  );

  it('refuses the admin macaroon with the command that bakes the right one', async () => {
    const { code, err } = await launch(withFlag('--lnd-macaroon', jar.node.adminMacaroonPath)).ended;
    expect(err).toMatch(/^ampjar: macaroon: it allows more than the connector needs /);
    expect(err.trimEnd().endsWith(`; bake one with: ${bakeCommand()}`)).toBe(true);
    expect(code).toBe(2);
  });

  it('says that its health port is taken', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, err } = await launch(withFlag('--health-port', String(port))).ended;
    other.close();
    expect(err).toContain('EADDRINUSE');
    expect(code).toBe(1);
  });

  it('is not well while lnd is away, and is when lnd is there', async () => {
    const dir = join(jar.dir, 'late');
    const settings = {
      dir,
      network: 'regtest',
      alias: 'late',
      clock: Date.now,
      random: randomBytes,
    } as const;
    const before = await startDevNode(settings);
    const macaroon = file('late.macaroon', before.bakeMacaroon(CALLS));
    await before.stop();
    await jar.ledger.client.send(new CreateTableCommand(tableDefinition('late')));
    const connector = await start([
      ...['--lnd-host', before.socket, '--lnd-cert', before.certPath, '--lnd-macaroon', macaroon],
      ...['--endpoint', gate.endpoint, '--table', 'late', '--health-port', '0'],
    ]);
    await until(async () => (await connector.health()).lastError?.includes('ECONNREFUSED'));
    expect(await connector.health()).toMatchObject({ status: 503, state: 'connecting' });
    const node = await startDevNode({ ...settings, port: Number(before.socket.split(':')[1]) });
    const well = await until(async () => {
      const health = await connector.health();
      return health.state === 'live' && health;
    });
    expect(well).toMatchObject({ status: 200, node: node.pubkey });
    connector.child.kill('SIGTERM');
    expect(await connector.ended).toMatchObject({ code: 0 });
    await node.stop();
  });

  it('explains itself', async () => {
    const { code, out, err } = await launch(['--help']).ended;
    expect(out).toContain('--lnd-macaroon FILE');
    expect(out).toContain(bakeCommand());
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('mints, books, tells how it fares, books what it heard before it ends, and lets no secret out', async () => {
    gate.shut('Query');
    const connector = await start(flags(), KEYS);
    // First it asks whose the table is, then for what wants an invoice and what was paid.
    await until(async () => gate.holds('Query') > 0);
    gate.pass();
    await until(async () => gate.holds('Query') > 0);
    expect(await connector.health()).toMatchObject({
      status: 503,
      state: 'catching up',
      node: jar.node.pubkey,
    });
    gate.open();
    await until(async () => (await connector.health()).state === 'live');
    expect(await connector.health()).toMatchObject({
      status: 200,
      state: 'live',
      booked: 0,
      setAside: 0,
      drift: 0,
    });
    expect((await fetch(`http://127.0.0.1:${connector.port}/`)).status).toBe(404);

    const { paymentRequest, payee } = await jar.invoice('alice');
    expect(payee).toBe(jar.node.pubkey);
    const setIds = [await jar.pay(paymentRequest, { amountMsat: 2_100_001n })];
    await until(() => readTip(jar.ledger, setIds[0]!));

    // One is being booked and one waits when it is told to end.
    gate.shut('TransactWriteItems');
    setIds.push(await jar.pay(paymentRequest, { amountMsat: 1000n }));
    await until(async () => gate.holds('TransactWriteItems') > 0);
    setIds.push(await jar.pay(paymentRequest, { amountMsat: 2000n }));
    await until(async () => (await connector.health()).waiting === 2);
    connector.child.kill('SIGTERM');
    // An answer that was asked for after the signal tells that the signal is known.
    for (const _ of [1, 2]) await connector.health();
    gate.open();
    const { code, out, err } = await connector.ended;
    expect(code).toBe(0);
    for (const [at, amountMsat] of [2_100_001n, 1000n, 2000n].entries()) {
      expect(await readTip(jar.ledger, setIds[at]!)).toMatchObject({ handle: 'alice', amountMsat });
    }

    const lines = out.trimEnd().split('\n');
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), msg: expect.any(String) });
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ msg: 'stopped' });
    const macaroon = readFileSync(jar.access.macaroonPath);
    const secrets = [
      macaroon.toString('hex'),
      macaroon.toString('base64'),
      ...Object.values(KEYS),
      ...setIds,
    ];
    for (const secret of secrets) expect(`${out}${err}`.includes(secret)).toBe(false);
  });

  it('ends when it is told to before it leads, though the table does not answer', async () => {
    gate.shut('UpdateItem');
    const connector = await start(flags());
    await until(async () => gate.holds('UpdateItem') > 0);
    connector.child.kill('SIGTERM');
    expect(await connector.ended).toMatchObject({ code: 0 });
  });

  it('is told all of it by its environment, too', async () => {
    const connector = await start([], {
      AMPJAR_LND_HOST: jar.access.socket,
      AMPJAR_LND_CERT: jar.access.certPath,
      AMPJAR_LND_MACAROON: jar.access.macaroonPath,
      AMPJAR_TABLE: 'ampjar',
      AWS_REGION: 'eu-west-1',
      AMPJAR_ENDPOINT: gate.endpoint,
      AMPJAR_EXPIRY: '86400',
      AMPJAR_HEALTH_PORT: '0',
    });
    await until(async () => (await connector.health()).state === 'live');
    connector.child.kill('SIGINT');
    expect(await connector.ended).toMatchObject({ code: 0 });
  });

  it('listens to a flag rather than to the environment', async () => {
    const connector = await start([...flags(), '--table', 'ampjar'], {
      AMPJAR_LND_HOST: 'localhost:1',
      AMPJAR_LND_CERT: 'absent',
      AMPJAR_LND_MACAROON: jar.node.adminMacaroonPath,
      AMPJAR_TABLE: 'absent',
      AMPJAR_ENDPOINT: 'http://127.0.0.1:1',
      AMPJAR_HEALTH_PORT: '1',
    });
    await until(async () => (await connector.health()).state === 'live');
    connector.child.kill('SIGTERM');
    expect(await connector.ended).toMatchObject({ code: 0 });
  });
});
