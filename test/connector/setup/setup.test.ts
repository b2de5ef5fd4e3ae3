import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CALLS, callLnd, HINT_CALL } from '../../../connector/lnd/client.ts';
import { permissions, rootKeyId } from '../../../connector/lnd/macaroon.ts';
import { openServices, type Service } from '../../../connector/lnd/services.ts';
import { Findings } from '../../../connector/setup/findings.ts';
import { readChoices, type SetupValues } from '../../../connector/setup/options.ts';
import { setUp } from '../../../connector/setup/setup.ts';
import { takeLease } from '../../../shared/ledger/index.ts';
import { type Jar, openJar } from '../jar.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/111122223333/asks';
const ROLES_ANYWHERE = {
  RolesAnywhereTrustAnchorArn: 'arn:aws:rolesanywhere:eu-central-1:111122223333:trust-anchor/1',
  RolesAnywhereProfileArn: 'arn:aws:rolesanywhere:eu-central-1:111122223333:profile/2',
  RolesAnywhereRoleArn: 'arn:aws:iam::111122223333:role/Connector',
};

let jar: Jar;
let endpoint: string;
/** Where a setup writes; a fresh one for each test. */
let dir: string;

beforeAll(async () => {
  jar = await openJar();
  endpoint = `http://127.0.0.1:${(await jar.tables.listen(0)).port}`;
});
afterAll(() => jar.close());
beforeEach(async () => {
  dir = await mkdtemp(join(jar.dir, 'setup-'));
});

const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

/** Set up beside the jar's node. @returns the lines that it told, without their columns' blanks */
async function run(
  values: SetupValues = {},
  { clock = NOW, node = '/usr/bin/node', root = '/opt/ampjar' } = {},
) {
  const given: SetupValues = {
    'lnd-host': jar.access.socket,
    'lnd-cert': jar.access.certPath,
    'admin-macaroon': jar.node.adminMacaroonPath,
    endpoint,
    dir: join(dir, 'etc'),
    'unit-dir': join(dir, 'units'),
    ...values,
  };
  const lines: string[] = [];
  const findings = new Findings((line) => void lines.push(line.replaceAll(/ +/g, ' ')));
  const choices = await readChoices(given, {});
  const next = await setUp(choices, { node, root, hostname: 'shed', clock: () => clock }, findings);
  return { lines, next, failed: findings.failed, files: choices.files };
}

const written = (path: string) => readFileSync(path, 'utf8');

describe('ampjar connector setup', () => {
  it('looks at lnd, bakes the least macaroon, writes all files, and tries both ends', async () => {
    const { lines, next, failed, files } = await run();
    expect(lines).toEqual([
      expect.stringMatching(/^ok lnd its certificate is good until 20\d\d-\d\d-\d\d$/),
      `ok lnd node ${jar.node.pubkey} on regtest`,
      'ok lnd version 0.20.1-beta commit=ampjar-development-node',
      'ok lnd knows AMP',
      'ok lnd synced to the chain',
      "ok lnd accept-amp is on: payments without an invoice arrive, too, and are no creator's",
      `ok files ${files.macaroon}, which root alone can read`,
      'ok macaroon lnd answers to it',
      `ok files ${files.environment}`,
      `ok files ${files.unit}`,
      'ok table ampjar can be read, and takes this node in',
      'note queue none was told: who asks for an invoice waits for up to two seconds more',
    ]);
    expect(failed).toBe(0);
    expect(next).toEqual([
      'systemctl daemon-reload',
      'systemctl enable ampjar-connector',
      'systemctl restart ampjar-connector',
      'curl http://127.0.0.1:9911/health',
    ]);
    const macaroon = readFileSync(files.macaroon);
    expect(permissions(macaroon)).toEqual([...CALLS].sort().map((call) => `uri:${call}`));
    expect(rootKeyId(macaroon)).toBe(String(NOW.getTime() / 1000));
    expect(statSync(files.macaroon).mode & 0o777).toBe(0o600);
    expect(written(files.environment).split('\n')).toEqual([
      `AMPJAR_LND_HOST=${jar.access.socket}`,
      'AMPJAR_TABLE=ampjar',
      'AWS_REGION=us-east-1',
      `AMPJAR_ENDPOINT=${endpoint}`,
      'AMPJAR_NAME=shed',
      'AMPJAR_HEALTH_PORT=9911',
      '',
    ]);
    expect(written(files.unit!)).toContain(`LoadCredential=lnd.macaroon:${files.macaroon}\n`);
  });

  it('lets the admin macaroon be nowhere in what it writes', async () => {
    const { files } = await run();
    const admin = readFileSync(jar.node.adminMacaroonPath);
    for (const path of [files.macaroon, files.environment, files.unit!])
      for (const form of [admin, admin.toString('hex'), admin.toString('base64')])
        expect(readFileSync(path).includes(form)).toBe(false);
  });

  it('bakes a macaroon that lists channels for route hints', async () => {
    const { files } = await run({ 'route-hints': true });
    expect(permissions(readFileSync(files.macaroon))).toContain(`uri:${HINT_CALL}`);
    expect(written(files.environment)).toContain('AMPJAR_ROUTE_HINTS=1\n');
  });

  it('overwrites nothing unless it is told to, and then says how to revoke the macaroon of before', async () => {
    const { files } = await run();
    const before = readFileSync(files.macaroon);
    await expect(run()).rejects.toThrow(`${files.macaroon}: is there already; --force writes it anew`);
    expect(readFileSync(files.macaroon)).toEqual(before);
    const { next } = await run({ force: true }, { clock: new Date(NOW.getTime() + 60_000) });
    expect(next.at(-1)).toBe(`lncli deletemacaroonid ${NOW.getTime() / 1000}`);
    expect(readFileSync(files.macaroon)).not.toEqual(before);
  });

  it('keeps the macaroon of an earlier setup when it is given none to bake with', async () => {
    const { files } = await run();
    const before = readFileSync(files.macaroon);
    const { failed, next } = await run({ 'admin-macaroon': undefined, force: true });
    expect(failed).toBe(0);
    expect(readFileSync(files.macaroon)).toEqual(before);
    expect(next).not.toContainEqual(expect.stringContaining('deletemacaroonid'));
  });

  describe('of a release before', () => {
    /** Have lnd bake a macaroon for other calls than this release makes. */
    const bakeFor = async (calls: readonly string[], key: string) => {
      const services = openServices({
        socket: jar.access.socket,
        cert: readFileSync(jar.access.certPath),
        macaroon: readFileSync(jar.node.adminMacaroonPath),
      });
      const { macaroon } = await callLnd(services.default as Service, 'bakeMacaroon', {
        permissions: calls.map((action) => ({ entity: 'uri', action })),
        root_key_id: key,
      });
      for (const service of Object.values(services)) service.close();
      return Buffer.from(macaroon, 'hex');
    };
    const upgrade = (values: SetupValues = {}) => run({ 'keep-macaroon': true, force: true, ...values });
    const place = async (macaroon: Uint8Array) => {
      const { files } = await run();
      writeFileSync(files.macaroon, macaroon);
      return files.macaroon;
    };

    it.each([
      ['one call less', CALLS.slice(0, -1)],
      ['one more', [...CALLS, HINT_CALL]],
    ])(
      'the macaroon is baked anew when that release made %s, and the old one is to be revoked',
      async (_, calls) => {
        const before = await bakeFor(calls, '77');
        const path = await place(before);
        const { lines, next, failed } = await upgrade();
        expect(lines).toContain(
          'note macaroon the one that is there allows other calls than this release makes',
        );
        expect(lines).toContain('ok macaroon lnd answers to it');
        expect(failed).toBe(0);
        expect(permissions(readFileSync(path))).toEqual([...CALLS].sort().map((call) => `uri:${call}`));
        expect(next.at(-1)).toBe('lncli deletemacaroonid 77');
      },
    );

    it('the macaroon is kept when it fits', async () => {
      const before = await bakeFor(CALLS, '78');
      const path = await place(before);
      const { lines, next, failed } = await upgrade();
      expect(lines).toContain(`ok files ${path}, as it is`);
      expect(failed).toBe(0);
      expect(readFileSync(path)).toEqual(before);
      expect(next.at(-1)).toMatch(/^curl /);
    });

    it('the macaroon is baked anew when lnd does not take it any more, or when it is none', async () => {
      const revoked = await bakeFor(CALLS, '79');
      revoked[revoked.length - 1]! ^= 1;
      for (const before of [revoked, Buffer.from('no macaroon')]) {
        rmSync(join(dir, 'etc'), { recursive: true, force: true });
        rmSync(join(dir, 'units'), { recursive: true, force: true });
        const path = await place(before);
        expect((await upgrade()).failed).toBe(0);
        expect(readFileSync(path)).not.toEqual(before);
      }
    });

    it('nothing is baked without what may bake', async () => {
      await expect(upgrade({ 'admin-macaroon': undefined })).rejects.toThrow(
        /^--keep-macaroon: needs --admin-macaroon/,
      );
    });
  });

  it('has no unit for a container', async () => {
    const { files, next } = await run({ 'no-unit': true });
    expect(files.unit).toBeUndefined();
    expect(next).toEqual([]);
  });

  it('names files, unit and connector by the instance', async () => {
    const { files, next } = await run({ instance: 'standby', 'health-port': '9912' });
    expect(files.unit).toMatch(/\/ampjar-connector-standby\.service$/);
    expect(written(files.environment)).toContain('AMPJAR_NAME=shed-standby\nAMPJAR_HEALTH_PORT=9912\n');
    expect(next).toContain('systemctl enable ampjar-connector-standby');
  });
});

describe('what does not work', () => {
  const failing = async (...run_: Parameters<typeof run>) => {
    const { lines, ...rest } = await run(...run_);
    return { ...rest, lines: lines.filter((line) => line.startsWith('FAIL')) };
  };

  it.each<[string, () => SetupValues, RegExp]>([
    ['nothing that listens', () => ({ 'lnd-host': 'localhost:1' }), /ECONNREFUSED.*\(is lnd running/],
    [
      'another certificate',
      () => ({ 'lnd-cert': join(jar.dir, 'payer', 'tls.cert') }),
      /certificate.*\(is --lnd-cert the tls\.cert of this lnd/,
    ],
    [
      'a macaroon of another lnd',
      () => ({ 'admin-macaroon': join(jar.dir, 'payer', 'admin.macaroon') }),
      /verification failed.*\(the macaroon is of another lnd/,
    ],
    [
      'a macaroon that may not bake',
      () => ({ 'admin-macaroon': jar.access.macaroonPath }),
      /bakeMacaroon: permission denied/,
    ],
  ])('is told of lnd by what to do about it: %s', async (_, values, line) => {
    const { lines, failed, next } = await failing(values());
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect({ failed, next }).toEqual({ failed: 1, next: [] });
  });

  it('is told of the table, and all files are written', async () => {
    const { lines, files } = await failing({ table: 'absent' });
    expect(lines).toEqual([
      expect.stringMatching(/^FAIL table absent can't be read: no such table in this Region and account/),
    ]);
    expect(written(files.unit!)).toContain('ExecStart=');
  });

  it('is told of the queue, which is read with what the SDK finds for the same identity', async () => {
    const refusing = createServer((_, response) => {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'gone' }));
    });
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    const { port } = refusing.address() as AddressInfo;
    const { lines } = await failing({ 'invoice-requests-queue': `http://127.0.0.1:${port}/1/asks` });
    refusing.close();
    expect(lines).toEqual(["FAIL queue can't be read: no such queue in this Region and account (gone)"]);
  });

  it('is a table of another node, unless that is wanted', async () => {
    const { pubkey } = jar.node;
    const other = `02${'ab'.repeat(32)}`;
    await takeLease(jar.ledger, { node: other, network: 'regtest', holder: 'x', seen: undefined });
    expect((await failing()).lines).toEqual([
      `FAIL table ampjar belongs to node ${other}, not to this one: another table, or --another-node`,
    ]);
    const { lines, files } = await failing({ 'another-node': true, force: true });
    expect(lines).toEqual([]);
    expect(written(files.unit!)).toMatch(/^ExecStart=.* --another-node /m);
    await takeLease(jar.ledger, { node: pubkey, network: 'mainnet', holder: 'x', seen: undefined });
    expect((await failing({ force: true })).lines).toEqual([
      'FAIL table ampjar knows this node on mainnet, and it is on regtest',
    ]);
  });

  it('is a Node.js or a checkout that the unit can’t read', async () => {
    const { lines } = await failing({ 'another-node': true, table: 'ampjar' }, { root: '/home/me/ampjar' });
    expect(lines).toContainEqual(
      "FAIL unit /home/me/ampjar lies in a home folder, which the unit can't read: install it elsewhere, as in /opt",
    );
  });

  it('is a certificate that has expired, and one soon to expire is told of', async () => {
    const { lines } = await run({}, { clock: new Date('2040-01-01') });
    expect(lines[0]).toMatch(/^FAIL lnd its certificate has expired on 20/);
    const [, day] = /on (.*)$/.exec(lines[0]!)!;
    const soon = await run({ force: true }, { clock: new Date(Date.parse(day!) - 86_400_000) });
    expect(soon.lines[0]).toMatch(/^note lnd its certificate expires on 20/);
  });
});

describe('the deployment', () => {
  const outputs = (stacks: object) => file('outputs.json', JSON.stringify(stacks));
  const stack = { TableName: 'Ampjar-Ledger', AsksQueueUrl: QUEUE, ...ROLES_ANYWHERE };
  const deployment = async (values: SetupValues) => (await readChoices(values, {})).deployment;

  it('is read from the file that the deployment wrote, its Region from the queue', async () => {
    expect(await deployment({ outputs: outputs({ Ampjar: stack, AmpjarEdge: { Name: 'x' } }) })).toEqual({
      table: 'Ampjar-Ledger',
      region: 'eu-central-1',
      invoiceRequestsQueue: QUEUE,
      rolesAnywhere: {
        trustAnchorArn: ROLES_ANYWHERE.RolesAnywhereTrustAnchorArn,
        profileArn: ROLES_ANYWHERE.RolesAnywhereProfileArn,
        roleArn: ROLES_ANYWHERE.RolesAnywhereRoleArn,
      },
    });
  });

  it('is told by flags rather', async () => {
    const path = outputs({ Ampjar: stack });
    expect(await deployment({ outputs: path, table: 'mine', region: 'eu-west-1' })).toMatchObject({
      table: 'mine',
      region: 'eu-west-1',
      invoiceRequestsQueue: QUEUE,
    });
  });

  it('of a host outside AWS has the SDK ask the signing helper, whose paths are those in the unit', async () => {
    const helper = file('helper', '');
    const { files, lines } = await run({
      outputs: outputs({ Ampjar: { ...stack, TableName: 'ampjar', AsksQueueUrl: undefined } }),
      'aws-certificate': file('host.pem', 'certificate'),
      'aws-key': file('host.key', 'key'),
      'signing-helper': helper,
      'another-node': true,
    });
    expect(lines).toContain(`ok files ${files.awsConfig}`);
    const inUnit = '/run/credentials/ampjar-connector.service';
    expect(written(files.awsConfig)).toBe(
      `[default]\ncredential_process = ${helper} credential-process --certificate ${inUnit}/aws.certificate --private-key ${inUnit}/aws.key --trust-anchor-arn ${ROLES_ANYWHERE.RolesAnywhereTrustAnchorArn} --profile-arn ${ROLES_ANYWHERE.RolesAnywhereProfileArn} --role-arn ${ROLES_ANYWHERE.RolesAnywhereRoleArn}\n`,
    );
    expect(written(files.unit!)).toContain(
      `LoadCredential=aws.key:${join(dir, 'host.key')}\nEnvironment=AWS_CONFIG_FILE=${files.awsConfig}\n`,
    );
    // The SDK as the connector has it takes what the helper says.
    writeFileSync(
      helper,
      `#!/bin/sh\necho '{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s","SessionToken":"'"$5"'"}'\n`,
    );
    chmodSync(helper, 0o755);
    process.env.AWS_CONFIG_FILE = files.awsConfig;
    const client = new DynamoDBClient({ region: 'eu-central-1' });
    const credentials = await client.config.credentials();
    delete process.env.AWS_CONFIG_FILE;
    expect(credentials).toMatchObject({ accessKeyId: 'AKID', sessionToken: `${inUnit}/aws.key` });
  });

  it.each<[string, () => SetupValues, RegExp]>([
    ['a file that is not there', () => ({ outputs: '/nowhere' }), /^--outputs: ENOENT/],
    ['a file that is none', () => ({ outputs: file('x', 'no') }), /^--outputs: .* is not a file of outputs/],
    [
      'a file without a table',
      () => ({ outputs: outputs({ A: {} }) }),
      /has no stack with the output TableName$/,
    ],
    [
      'two stacks',
      () => ({ outputs: outputs({ A: stack, B: stack }) }),
      /^--stack: missing, expected one of A, B$/,
    ],
    [
      'a stack that is not in it',
      () => ({ outputs: outputs({ A: stack }), stack: 'C' }),
      /^--stack: "C" is not one of A$/,
    ],
    ['a table that can’t be one', () => ({ table: 'a b' }), /^table: "a b" is not a DynamoDB table's name$/],
    [
      'a queue that would be two lines',
      () => ({ 'invoice-requests-queue': 'https://x/\nA=1' }),
      /^AMPJAR_INVOICE_REQUESTS_QUEUE: /,
    ],
    ['a certificate alone', () => ({ 'aws-certificate': 'x' }), /^--aws-key: missing/],
    ['a key alone', () => ({ 'aws-key': 'x' }), /^--aws-certificate: missing/],
    [
      'a certificate that no deployment takes',
      () => ({ 'aws-certificate': 'x', 'aws-key': 'y' }),
      /^--aws-certificate: the outputs have no IAM Roles Anywhere/,
    ],
    ['an instance of capitals', () => ({ instance: 'A' }), /^--instance: "A" is not/],
    ['a port that is none', () => ({ 'health-port': '0' }), /^--health-port: "0" is not/],
    ['a folder with a blank', () => ({ dir: '/etc/my jar' }), /^--dir: "\/etc\/my jar" has a character/],
    [
      'a folder that can’t be made',
      () => ({ dir: join(file('plain', ''), 'in') }),
      /plain\/in\/.* can't be written/,
    ],
  ])('is refused: %s', async (_, values, message) => {
    await expect(run(values())).rejects.toThrow(message);
  });
});
