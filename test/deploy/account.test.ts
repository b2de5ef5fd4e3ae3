import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkConcurrency, isBootstrapped, placeOf } from '../../infra/awsAccount.ts';
import { readSettings, type StageSettings } from '../../infra/settings.ts';
import { type Ministack, startMinistack } from '../conformance/ministack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** ministack's own account. */
const ACCOUNT = '000000000000';

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

  test('must run as many functions as the settings reserve, and leave a hundred for others', async () => {
    const check = (publicConcurrency: number | 'account') =>
      checkConcurrency(settings({ publicConcurrency }), 'us-east-1');
    await check('account');
    const refused = await check(9999).catch(({ message }: Error) => message);
    const [, most] =
      /^publicConcurrency, lnurlConcurrency, manageConcurrency: 10029 in all, expected at most (\d+), or "account" for each: /.exec(
        `${refused}`,
      )!;
    await check(Number(most) - 30);
    await expect(check(Number(most) - 29)).rejects.toThrow(`: ${Number(most) + 1} in all`);
  });

  test('is set up for the CDK first, which is not done unasked', async () => {
    expect(await isBootstrapped('us-east-1')).toBe(false);
    const { code, err } = await new Promise<{ code: number | null; err: string }>((resolve) => {
      const command = ['--import', 'tsx', 'infra/deployCommand.ts', '--stage', 'test'];
      const child = execFile(process.execPath, command, { cwd: root }, (_, __, err) =>
        resolve({ code: child.exitCode, err }),
      );
    });
    expect(code).toBe(1);
    expect(err).toBe(
      `the CDK is not set up in account ${ACCOUNT}, us-east-1: say yes, give --yes, ` +
        `or set it up with npx cdk bootstrap aws://${ACCOUNT}/us-east-1\n`,
    );
  });
});
