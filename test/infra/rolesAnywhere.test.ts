import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, test } from 'vitest';
import { readSettings, SettingError } from '../../infra/settings.ts';
import { synthesise } from './synthesise.ts';

const certificate = async (cA: boolean) =>
  (
    await generate([{ name: 'commonName', value: 'ampjar hosts' }], {
      keyType: 'ec',
      curve: 'P-256',
      extensions: [{ name: 'basicConstraints', cA, critical: true }],
    })
  ).cert;

let caCertificate: string;
let template: ReturnType<typeof synthesise>;
beforeAll(async () => {
  caCertificate = await certificate(true);
  template = synthesise({ connector: { rolesAnywhere: { caCertificate, hosts: ['shed', 'attic'] } } });
});

describe('IAM Roles Anywhere', () => {
  test('trusts the authority that the settings name', () => {
    expect(template.only('AWS::RolesAnywhere::TrustAnchor')[1].Properties).toMatchObject({
      Enabled: true,
      Source: {
        SourceType: 'CERTIFICATE_BUNDLE',
        SourceData: { X509CertificateData: caCertificate },
      },
    });
  });

  test('gives the role to the named hosts of that authority alone, in each action of the trust', () => {
    const [anchor] = template.only('AWS::RolesAnywhere::TrustAnchor');
    const [, { Properties }] = template.only('AWS::IAM::Role', 'RolesAnywhere');
    const statements: { Action: string | string[] }[] = Properties.AssumeRolePolicyDocument.Statement;
    for (const { Action: _, ...statement } of statements)
      expect(statement).toEqual({
        Effect: 'Allow',
        Principal: { Service: 'rolesanywhere.amazonaws.com' },
        Condition: {
          ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [anchor, 'TrustAnchorArn'] } },
          StringEquals: { 'aws:PrincipalTag/x509Subject/CN': ['shed', 'attic'] },
        },
      });
    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([
      'sts:AssumeRole',
      'sts:SetSourceIdentity',
      'sts:TagSession',
    ]);
  });

  test('the role may what a connector may, for an hour at a time, and nothing else', () => {
    const [policy] = template.only('AWS::IAM::ManagedPolicy');
    const [role, { Properties }] = template.only('AWS::IAM::Role', 'RolesAnywhere');
    expect(Properties.ManagedPolicyArns).toEqual([{ Ref: policy }]);
    expect(Properties).not.toHaveProperty('Policies');
    expect(Properties.MaxSessionDuration).toBe(3600);
    expect(template.only('AWS::RolesAnywhere::Profile')[1].Properties).toMatchObject({
      Enabled: true,
      RoleArns: [{ 'Fn::GetAtt': [role, 'Arn'] }],
      DurationSeconds: 3600,
    });
  });

  test('is told to connector setup by the outputs that it reads', () => {
    for (const output of ['TrustAnchorArn', 'ProfileArn', 'RoleArn'])
      expect(template.outputs).toHaveProperty(`RolesAnywhere${output}`);
  });

  test('is nothing where no authority is told', () => {
    const types = Object.values(synthesise().resources).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('AWS::RolesAnywhere'))).toEqual([]);
  });
});

test('docs/connector-production.md makes an authority that the settings take, and a host’s certificate of it', async () => {
  const page = readFileSync('docs/connector-production.md', 'utf8');
  const lines = page.match(/^ {4}(openssl|printf) (.*\\\n)*.*$/gm)!;
  expect(lines).toHaveLength(6);
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-authority-'));
  await promisify(execFile)('sh', ['-ec', lines.join('\n')], { cwd: dir });
  const caCertificate = readFileSync(join(dir, 'authority.pem'), 'utf8');
  const host = new X509Certificate(readFileSync(join(dir, 'host.pem')));
  rmSync(dir, { recursive: true });
  expect(host.checkIssued(new X509Certificate(caCertificate))).toBe(true);
  expect({ ca: host.ca, subject: host.subject }).toEqual({ ca: false, subject: 'CN=shed' });
  const connector = { rolesAnywhere: { caCertificate, hosts: ['shed'] } };
  expect(readSettings({ stages: { production: { connector } } }, 'production').connector).toEqual(connector);
});

describe('the setting connector', () => {
  const read = (connector: unknown) =>
    readSettings({ stages: { production: { connector } as object } }, 'production').connector;

  test('of an instance has lnd’s usual folder and network', () => {
    expect(read({ instance: { id: 'i-0123456789abcdef0', roleName: 'lnd' } })).toEqual({
      instance: {
        id: 'i-0123456789abcdef0',
        roleName: 'lnd',
        lndDirectory: '/home/bitcoin/.lnd',
        network: 'mainnet',
        routeHints: false,
      },
    });
  });

  test.each<[string, () => unknown]>([
    ['rolesAnywhere.caCertificate', () => ({ rolesAnywhere: { caCertificate: 'PEM', hosts: ['a'] } })],
    [
      'rolesAnywhere.caCertificate',
      () => ({ rolesAnywhere: { caCertificate: `${caCertificate}${caCertificate}`, hosts: ['a'] } }),
    ],
    ['rolesAnywhere.hosts', () => ({ rolesAnywhere: { caCertificate, hosts: [] } })],
    ['rolesAnywhere.hosts.0', () => ({ rolesAnywhere: { caCertificate, hosts: ['*'] } })],
    ['instance.id', () => ({ instance: { id: 'lnd', roleName: 'lnd' } })],
    ['instance.roleName', () => ({ instance: { id: 'i-0123456789abcdef0', roleName: "a'b" } })],
    [
      'instance.lndDirectory',
      () => ({ instance: { id: 'i-0123456789abcdef0', roleName: 'lnd', lndDirectory: "/a'; rm -r /" } }),
    ],
    ['host', () => ({ host: 'shed' })],
  ])('is refused by name: %s', (path, connector) => {
    const name = `stages.production.connector.${path}`;
    expect(() => read(connector())).toThrow(SettingError);
    expect(() => read(connector())).toThrow(`${name}: `);
  });

  test('takes no host’s certificate for an authority', async () => {
    const leaf = await certificate(false);
    expect(() => read({ rolesAnywhere: { caCertificate: leaf, hosts: ['a'] } })).toThrow(
      'expected the PEM certificate of an authority',
    );
  });
});
