import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ampjar-home-'));
});
afterAll(() => rm(home, { recursive: true }));

/** What `npm run deploy` comes to with flags and with an environment that knows no AWS but what is given. */
const deploy = (args: string[], env: Record<string, string> = {}) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [inject('program').ampjar, 'deploy', ...args],
      {
        cwd: root,
        env: { PATH: process.env.PATH, HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...env },
      },
      (_, out, err) => resolve({ code: child.exitCode!, out, err }),
    );
  });

describe('npm run deploy', () => {
  test('explains itself', async () => {
    const { code, out } = await deploy(['--help']);
    expect(code).toBe(0);
    for (const flag of ['--stage', '--outputs', '--yes']) expect(out).toContain(flag);
  });

  test.each([
    [['--stag', 'test'], {}, 2, "Unknown option '--stag'; see --help"],
    [['--stage', 'prod'], {}, 2, 'stage: "prod", expected one of production, test'],
    [
      [],
      {},
      1,
      'region: not set, expected a Region in the settings of production, in AWS_REGION or in the AWS profile',
    ],
    [
      [],
      { AWS_REGION: 'eu-central-1' },
      1,
      'credentials: CredentialsProviderError: Could not load credentials from any providers, expected those of the account to deploy to',
    ],
  ])('%j in %j ends with %i and one line', async (args, env, code, line) => {
    expect(await deploy(args, env)).toEqual({ code, out: '', err: `ampjar: ${line}\n` });
  });
});
