import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { placeOf } from '../../infra/awsAccount.ts';
import { reservedBy } from '../../infra/concurrency.ts';
import { checkConcurrency } from '../../infra/deploy/quota.ts';
import { toolkitVersion } from '../../infra/deploy/toolkit.ts';
import { checkZone } from '../../infra/deploy/zone.ts';
import { readSettings, type StageSettings } from '../../infra/settings.ts';
import { type Ministack, startMinistack } from '../conformance/ministack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** ministack's own account. */
const ACCOUNT = '000000000000';

/** A zip file with nothing in it. */
const EMPTY_ZIP = Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex');

const settings = (stage: StageSettings) => readSettings({ stages: { production: stage } }, 'production');

let cloud: Ministack;
let home: string;
beforeAll(async () => {
  cloud = await startMinistack();
  home = mkdtempSync(join(tmpdir(), 'ampjar-home-'));
  const env = {
    AWS_ENDPOINT_URL: cloud.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    HOME: home,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await cloud.stop();
  rmSync(home, { recursive: true });
});

describe('where a stage is deployed to', () => {
  test('is the account of the credentials, in the Region at hand or in that of the settings', async () => {
    expect(await placeOf(settings({}))).toEqual({ account: ACCOUNT, region: 'us-east-1' });
    const there = settings({ account: ACCOUNT, region: 'eu-central-1' });
    expect(await placeOf(there)).toEqual({ account: ACCOUNT, region: 'eu-central-1' });
  });

  test('is no other account than that of the settings', async () => {
    await expect(placeOf(settings({ account: '123456789012' }))).rejects.toThrow(
      /^credentials: of account 0{12}, expected 123456789012, as the settings of production have it$/,
    );
  });

  describe('must run as many functions as the settings reserve', () => {
    const there = { region: 'us-east-1', stack: 'Ampjar-production' };
    const check = (stage: StageSettings) => checkConcurrency(settings(stage), there);
    let lambda: LambdaClient;
    beforeAll(async () => {
      lambda = new LambdaClient({});
      await lambda.send(
        new CreateFunctionCommand({
          ...{ FunctionName: 'others', Runtime: 'nodejs22.x', Handler: 'index.handler' },
          ...{ Role: `arn:aws:iam::${ACCOUNT}:role/any`, Code: { ZipFile: EMPTY_ZIP } },
        }),
      );
    });
    afterAll(() => lambda.destroy());

    const othersReserve = (ReservedConcurrentExecutions: number) =>
      lambda.send(
        new PutFunctionConcurrencyCommand({ FunctionName: 'others', ReservedConcurrentExecutions }),
      );

    test('and leave a hundred for those that reserve nothing', async () => {
      const others = reservedBy(settings({ publicConcurrency: 'account' }));
      await check({ publicConcurrency: 900 - others });
      await expect(check({ publicConcurrency: 901 - others })).rejects.toThrow(
        ': 901 in all, expected at most 900: Lambda runs at most 1000 copies',
      );
    });

    test('beside what others have reserved, else the settings that fit are told, and do', async () => {
      await othersReserve(700);
      const refused = await check({}).then(
        () => 'taken',
        ({ message }: Error) => message,
      );
      expect(refused).toContain('other functions have reserved 700 of them, and 100 are kept free');
      const told = Array.from(refused.matchAll(/^ {2}(\w+): (\d+),$/gm), ([, name, copies]) => [
        name,
        Number(copies),
      ]);
      expect(told).toHaveLength(7);
      await check(Object.fromEntries(told));
    });

    test('or reserve nothing, where next to nothing is left', async () => {
      await othersReserve(900);
      const refused = await check({}).catch(({ message }: Error) => message);
      const told = Array.from(`${refused}`.matchAll(/^ {2}(\w+): 'account',$/gm), ([, name]) => name!);
      expect(told).toHaveLength(7);
      await check(Object.fromEntries(told.map((name) => [name, 'account'])));
      await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: 'others' }));
    });
  });

  describe('with a domain', () => {
    const domain = { name: 'tips.example.org', zoneName: 'example.org', hostedZoneId: '' };
    let servers: string[];
    beforeAll(async () => {
      const route53 = new Route53Client({});
      const made = await route53.send(
        new CreateHostedZoneCommand({ Name: 'example.org', CallerReference: 'a' }),
      );
      domain.hostedZoneId = made.HostedZone!.Id!.replace('/hostedzone/', '');
      servers = made.DelegationSet!.NameServers!.map((server) => server.replace(/\.$/, ''));
      route53.destroy();
    });

    test('has its zone where the world asks', async () => {
      await checkZone(domain, async () => servers);
    });

    test.each([
      [['ns1.registrar.example'], 'delegated to ns1.registrar.example'],
      [[], 'delegated to no name server'],
    ])('has no use for a zone that the world does not ask: %j', async (told, says) => {
      await expect(checkZone(domain, async () => told)).rejects.toThrow(says);
    });

    test('has a zone that is there, and of its name', async () => {
      const none = { ...domain, hostedZoneId: 'Z0000000000000000000' };
      await expect(checkZone(none, async () => servers)).rejects.toThrow(/^domain\.hostedZoneId: /);
      const other = { ...domain, name: 'tips.example.com', zoneName: 'example.com' };
      await expect(checkZone(other, async () => servers)).rejects.toThrow(
        'is the zone of example.org, expected that of example.com',
      );
    });
  });

  test('is set up for the CDK first, which is not done unasked', async () => {
    expect(await toolkitVersion('us-east-1')).toBeUndefined();
    const { code, err } = await new Promise<{ code: number | null; err: string }>((resolve) => {
      const command = ['--import', 'tsx', 'cli/main.ts', 'deploy', '--stage', 'test'];
      const child = execFile(process.execPath, command, { cwd: root }, (_, __, err) =>
        resolve({ code: child.exitCode, err }),
      );
    });
    expect(code).toBe(1);
    expect(err).toBe(
      `ampjar: the CDK is not set up in account ${ACCOUNT}, us-east-1: say yes, give --yes, ` +
        `or set it up with npx cdk bootstrap aws://${ACCOUNT}/us-east-1\n`,
    );
  });
});
