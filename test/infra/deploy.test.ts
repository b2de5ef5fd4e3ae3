import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { notAnswering } from '../../infra/answering.ts';

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
      ['--import', 'tsx', 'infra/deployCommand.ts', ...args],
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
    for (const flag of ['--stage', '--yes', '--help']) expect(out).toContain(flag);
  });

  test.each([
    [['--stag', 'test'], {}, 2, "Unknown option '--stag'"],
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
    expect(await deploy(args, env)).toEqual({ code, out: '', err: `${line}\n` });
  });
});

describe('whether a deployment answers', () => {
  /** What is answered at a path: status and media type. */
  type Answers = Record<string, [number, string]>;
  const GOOD: Answers = {
    '/openapi.json': [200, 'application/json'],
    '/@nobody--here': [404, 'text/html; charset=utf-8'],
    '/.well-known/lnurlp/nobody--here': [200, 'application/json'],
    '/widget.js': [200, 'text/javascript; charset=utf-8'],
  };

  /** Look at a server that gives each of the answers in turn to a round of questions. */
  async function look(...rounds: Answers[]) {
    const asked: Record<string, number> = {};
    const server = createServer(({ url = '' }, response) => {
      const path = url.split('?')[0]!;
      asked[path] = (asked[path] ?? 0) + 1;
      const [status, type] = rounds[Math.min(asked[path]!, rounds.length) - 1]![path]!;
      response.writeHead(status, { 'content-type': type }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      return await notAnswering(origin, { tries: 2, pauseMs: 0 });
    } finally {
      server.close();
    }
  }

  test('is told by its page, its description, its wallets’ side and its widget', async () => {
    expect(await look(GOOD)).toEqual([]);
  });

  test('is tried again, for a new name is not known everywhere at once', async () => {
    expect(await look({ ...GOOD, '/openapi.json': [502, 'text/html'] }, GOOD)).toEqual([]);
  });

  test('is told with what is wrong: a function that refuses CloudFront, a file that is not there', async () => {
    const refused: [number, string] = [403, 'application/json'];
    expect(
      await look({ ...GOOD, '/@nobody--here': refused, '/widget.js': [403, 'application/xml'] }),
    ).toEqual([
      '/@nobody--here: 403 application/json, expected 404 text/html',
      '/widget.js: 403 application/xml, expected 200 text/javascript',
    ]);
  });

  test('is told where nothing is there at all', async () => {
    const wrong = await notAnswering('http://127.0.0.1:9', { tries: 1 });
    expect(wrong).toHaveLength(4);
    expect(wrong[0]).toMatch(/^\/openapi\.json: .+, expected 200 application\/json$/);
  });
});
