import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Resource } from './synthesise.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const CFN_LINT = join(root, '.cache/venv/bin/cfn-lint');

/** An event as a function URL gives it: format 2.0 of API Gateway. */
const event = (rawPath: string) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath,
  rawQueryString: '',
  headers: { host: 'abc.lambda-url.eu-central-1.on.aws', accept: '*/*' },
  requestContext: {
    domainName: 'abc.lambda-url.eu-central-1.on.aws',
    http: { method: 'GET', path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
    requestId: '00000000-0000-0000-0000-000000000000',
    routeKey: '$default',
    stage: '$default',
    time: '01/Jan/2026:00:00:00 +0000',
    timeEpoch: 1767225600000,
  },
  isBase64Encoded: false,
});

/** Runs in a child process beside the bundle, which may take nothing but its environment for granted. */
const CHILD = `
  const [bundle, event] = process.argv.slice(1);
  const { handler } = await import(bundle);
  const answer = await handler(JSON.parse(event), {});
  process.stdout.write(JSON.stringify(answer));
`;

/** What a bundle answers to a GET, run as Lambda runs it. */
async function invoke(file: string, path: string, more: Record<string, string> = {}) {
  const { stdout } = await run(
    process.execPath,
    ['--input-type=module', '-e', CHILD, pathToFileURL(file).href, JSON.stringify(event(path))],
    {
      cwd: out,
      env: { TABLE_NAME: 'ledger', AWS_REGION: 'eu-central-1', AWS_LAMBDA_FUNCTION_NAME: 'test', ...more },
    },
  );
  return JSON.parse(stdout);
}

let out: string;
/** The bundle of the public function, and that of the LNURL function. */
let bundle: string;
let lnurlBundle: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'ampjar-synth-'));
  await run('npm', ['run', '--silent', 'synth', '--', '--output', out], { cwd: root });
  const template = JSON.parse(await readFile(join(out, 'Ampjar-production.template.json'), 'utf8'));
  const resources = Object.values(template.Resources) as (Resource & { Metadata: Record<string, string> })[];
  const bundleOf = (description: string) => {
    const { Metadata } = resources.find(({ Properties }) => Properties.Description?.startsWith(description))!;
    return join(out, Metadata['aws:asset:path']!, 'index.mjs');
  };
  bundle = bundleOf('Answers who reads');
  lnurlBundle = bundleOf('Answers wallets');
});

afterAll(() => rm(out, { recursive: true, force: true }));

describe('npm run synth', () => {
  test('bundles the public function in less than 1 MB, with a source map beside', async () => {
    expect((await stat(bundle)).size).toBeLessThan(1_000_000);
    expect((await readFile(bundle, 'utf8')).trimEnd()).toMatch(/\/\/# sourceMappingURL=index\.mjs\.map$/);
    expect((await stat(`${bundle}.map`)).size).toBeGreaterThan(0);
  });

  test('leaves out the search for credentials that Lambda gives as environment', async () => {
    for (const file of [bundle, lnurlBundle]) {
      const { sources } = JSON.parse(await readFile(`${file}.map`, 'utf8')) as { sources: string[] };
      expect(sources.filter((source) => /credential-provider|nested-clients/.test(source))).toEqual([]);
      expect(sources.filter((source) => source.endsWith('functions/lambda/credentials.ts'))).toHaveLength(1);
    }
  });

  test('makes a bundle that starts without node_modules and answers a request', async () => {
    const answer = await invoke(bundle, '/openapi.json');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(answer.body).openapi).toMatch(/^3\./);
  });

  test('bundles the LNURL function in less than 500 kB, without a BOLT 11 library, a curve or a schema library', async () => {
    expect((await stat(lnurlBundle)).size).toBeLessThan(500_000);
    const { sources } = JSON.parse(await readFile(`${lnurlBundle}.map`, 'utf8')) as { sources: string[] };
    expect(sources.filter((source) => source.includes('bech32'))).not.toEqual([]);
    const unwanted =
      /node_modules\/(zod|bolt11|secp256k1|tiny-secp256k1|@noble|bn\.js|elliptic|qr|dynalite|lmdb)\/|(^|\/)(connector|local|infra)\//;
    expect(sources.filter((source) => unwanted.test(source))).toEqual([]);
  });

  test('makes an LNURL bundle that starts by itself and answers as LNURL does', async () => {
    const path = '/.well-known/lnurlp/no--handle';
    const answer = await invoke(lnurlBundle, path, {
      INVOICE_REQUESTS_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/000000000000/asks',
    });
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ status: 'ERROR', reason: 'there is no such creator here' });
    await expect(invoke(lnurlBundle, path, {})).rejects.toThrow(/INVOICE_REQUESTS_QUEUE_URL: not set/);
  });

  test.skipIf(!existsSync(CFN_LINT))(
    'makes a template that cfn-lint has nothing to say about',
    async () => {
      const lint = run(CFN_LINT, [
        '--ignore-checks',
        'W3005',
        '-t',
        join(out, 'Ampjar-production.template.json'),
      ]);
      await expect(lint).resolves.toMatchObject({ stdout: '' });
    },
    60_000,
  );
});
