import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permissions } from '../../connector/lnd/macaroon.ts';
import { installCommands } from '../../infra/connectorInstall.ts';
import { type Jar, openJar } from '../connector/jar.ts';
import { suitesHere } from '../toolchains.ts';
import { synthesise } from './synthesise.ts';

const run = promisify(execFile);

const instance = { id: 'i-0123456789abcdef0', roleName: 'lnd-host' };
const template = synthesise({ connector: { instance } });
const without = synthesise();
const [, document] = template.only('AWS::SSM::Document');
const [, association] = template.only('AWS::SSM::Association');
const policies = Object.values(template.resources).filter(({ Type }) => Type === 'AWS::IAM::ManagedPolicy');

describe('a connector on an EC2 instance', () => {
  test('has the connector’s policy by the role that the instance has', () => {
    const connector = policies.find(({ Properties }) => Properties.Description.startsWith('What the'))!;
    expect(connector.Properties.Roles).toEqual(['lnd-host']);
    expect(without.only('AWS::IAM::ManagedPolicy')[1].Properties).not.toHaveProperty('Roles');
  });

  test('may fetch its release, that object alone', () => {
    const fetch = policies.find(({ Properties }) => Properties.Description.startsWith('The host'))!;
    const [statement, ...others] = fetch.Properties.PolicyDocument.Statement;
    expect(others).toEqual([]);
    expect(statement.Action).toBe('s3:GetObject');
    expect(JSON.stringify(statement.Resource)).toMatch(/\/[0-9a-f]{64}\.zip"/);
    expect(fetch.Properties.Roles).toEqual(['lnd-host']);
  });

  test('is installed by Systems Manager on that instance, anew when the release is another', () => {
    expect(association.Properties).toMatchObject({
      DocumentVersion: '$LATEST',
      Targets: [{ Key: 'InstanceIds', Values: [instance.id] }],
      Parameters: { release: [expect.stringMatching(/^[0-9a-f]{64}$/)] },
      // The deployment fails with it, and not before it may have ended.
      WaitForSuccessTimeoutSeconds: 2_100,
    });
    const [step] = document.Properties.Content.mainSteps;
    expect(step).toMatchObject({ action: 'aws:runShellScript', inputs: { timeoutSeconds: '1800' } });
    const script = JSON.stringify(step.inputs.runCommand);
    expect(script).toContain(association.Properties.Parameters.release[0]);
    expect(script).toContain('/home/bitcoin/.lnd/data/chain/bitcoin/mainnet/admin.macaroon');
  });

  test('is nothing where no instance is told', () => {
    const kinds = new Set(Object.values(without.resources).map(({ Type }) => Type));
    expect(kinds.has('AWS::SSM::Document')).toBe(false);
  });
});

test.skipIf(!suitesHere().has('ministack'))(
  'cfn-lint has nothing to say about the template, with IAM Roles Anywhere in it, too',
  async () => {
    const { cert } = await generate([{ name: 'commonName', value: 'hosts' }], {
      keyType: 'ec',
      extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
    });
    const { directory } = synthesise({
      connector: { instance, rolesAnywhere: { caCertificate: cert, hosts: ['shed'] } },
    });
    const [name] = readdirSync(directory).filter((each) => each.endsWith('.template.json'));
    const lint = run('.cache/venv/bin/cfn-lint', ['--ignore-checks', 'W3005', '-t', join(directory, name!)]);
    await expect(lint).resolves.toMatchObject({ stdout: '' });
  },
);

describe('what is installed', () => {
  const asset = () => {
    const { release } = association.Properties.Parameters;
    return join(template.directory, `asset.${release[0]}`);
  };

  test('is what a connector runs on, and no more', () => {
    expect(readdirSync(asset()).sort()).toEqual(['connector', 'package-lock.json', 'package.json', 'shared']);
  });

  describe('by the commands, with AWS and systemd played', () => {
    let jar: Jar;
    let dir: string;
    let endpoint: string;
    const calls = () => readFileSync(join(dir, 'calls'), 'utf8').trimEnd().split('\n');

    beforeAll(async () => {
      jar = await openJar();
      endpoint = `http://127.0.0.1:${(await jar.tables.listen(0)).port}`;
      dir = mkdtempSync(join(tmpdir(), 'ampjar-install-'));
      const tool = (name: string, does: string) =>
        writeFileSync(join(dir, name), `#!/bin/sh\necho "${name} $*" >> '${dir}/calls'\n${does}\n`, {
          mode: 0o755,
        });
      // What the host would be sent: the folder of the release in place of its zip file, and of packages those that are the connector's.
      const packages = join(dir, 'packages');
      const { dependencies } = JSON.parse(readFileSync(join(asset(), 'connector/package.json'), 'utf8'));
      for (const name of Object.keys(dependencies)) {
        mkdirSync(dirname(join(packages, name)), { recursive: true });
        symlinkSync(realpathSync(`node_modules/${name}`), join(packages, name));
      }
      tool('aws', 'mkdir -p "$(dirname "$5")" && echo zip > "$5"');
      tool('unzip', `cp -r '${asset()}/.' "$5"`);
      tool('npm', `ln -sfn '${packages}' node_modules`);
      tool('systemctl', '');
    });
    afterAll(async () => {
      await jar.close();
      rmSync(dir, { recursive: true });
    });

    /** lnd's folder has its network's macaroon where lnd puts it. */
    const install = async (
      release: string,
      { path = `${dir}:${process.env.PATH}`, admin: hasAdmin = true } = {},
    ) => {
      const lnd = dirname(jar.access.certPath);
      const script = installCommands({
        bucket: 'assets',
        key: `${release}.zip`,
        release,
        table: 'ampjar',
        region: 'eu-central-1',
        invoiceRequestsQueue: `${endpoint}/1/asks`,
        lndDirectory: lnd,
        network: 'mainnet',
        routeHints: false,
        directory: join(dir, 'opt'),
        configuration: join(dir, 'etc'),
        units: join(dir, 'units'),
      }).join('\n');
      const admin = join(lnd, 'data/chain/bitcoin/mainnet/admin.macaroon');
      if (hasAdmin) {
        mkdirSync(dirname(admin), { recursive: true });
        copyFileSync(jar.node.adminMacaroonPath, admin);
      }
      const env = {
        PATH: path,
        AMPJAR_ENDPOINT: endpoint,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      };
      return run(
        '/bin/sh',
        ['-c', script.replace('--lnd-cert', `--lnd-host ${jar.access.socket} --lnd-cert`)],
        {
          env,
        },
      );
    };

    test('it is fetched, set up beside lnd, and started', async () => {
      const { stdout } = await install('one');
      expect(stdout).toMatch(/^ok +macaroon +lnd answers to it$/m);
      expect(calls()).toEqual([
        `aws s3 cp --only-show-errors s3://assets/one.zip ${dir}/opt/one.zip`,
        `unzip -q -o ${dir}/opt/one.zip -d ${dir}/opt/one`,
        'npm ci --workspace=connector --omit=dev --ignore-scripts --no-audit --no-fund',
        'systemctl daemon-reload',
        'systemctl enable ampjar-connector',
        'systemctl restart ampjar-connector',
      ]);
      const unit = readFileSync(join(dir, 'units/ampjar-connector.service'), 'utf8');
      expect(unit).toContain(`WorkingDirectory=${realpathSync(join(dir, 'opt/one'))}\n`);
      expect(statSync(join(dir, 'etc/lnd.macaroon')).mode & 0o777).toBe(0o600);
    });

    test('another release takes its place, with the macaroon that there is', async () => {
      const before = readFileSync(join(dir, 'etc/lnd.macaroon'));
      await install('two');
      expect(readFileSync(join(dir, 'etc/lnd.macaroon'))).toEqual(before);
      const unit = readFileSync(join(dir, 'units/ampjar-connector.service'), 'utf8');
      expect(unit).toContain(`WorkingDirectory=${realpathSync(join(dir, 'opt/two'))}\n`);
      expect(existsSync(join(dir, 'opt/one/connector'))).toBe(true);
    });

    test('one that makes other calls bakes a macaroon for them, and needs no admin macaroon as long as it makes the same', async () => {
      const path = join(dir, 'etc/lnd.macaroon');
      const fitting = readFileSync(path);
      // As a release before had it, which made a call less.
      const older = Buffer.from(fitting);
      older.write('GetInfX', older.indexOf('GetInfo'));
      writeFileSync(path, older);
      const { stdout } = await install('three');
      expect(stdout).toContain('allows other calls than this release makes');
      expect(stdout).toMatch(/^ok +macaroon +lnd answers to it$/m);
      const baked = readFileSync(path);
      expect(permissions(baked)).toEqual(permissions(fitting));

      // The same one is not fetched again.
      rmSync(join(dirname(jar.access.certPath), 'data'), { recursive: true });
      rmSync(join(dir, 'calls'));
      await install('three', { admin: false });
      expect(readFileSync(path)).toEqual(baked);
      expect(calls().map((call) => call.split(' ')[0])).toEqual(['systemctl', 'systemctl', 'systemctl']);
    });

    test('nothing is started when lnd can’t be set up beside', async () => {
      rmSync(join(dir, 'etc'), { recursive: true });
      rmSync(join(dir, 'calls'));
      writeFileSync(join(dir, 'etc'), '');
      await expect(install('two')).rejects.toMatchObject({
        stderr: expect.stringMatching(/lnd\.macaroon: can't be written/),
      });
      expect(existsSync(join(dir, 'calls'))).toBe(false);
    });

    test('a tool that the host lacks is named', async () => {
      await expect(install('four', { path: dir })).rejects.toMatchObject({
        stderr: 'node: not found, install it on this host first\n',
      });
    });
  });
});
