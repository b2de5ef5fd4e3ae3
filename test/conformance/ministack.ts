import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../.cache/venv/bin/ministack', import.meta.url));
const READY_WITHIN_MS = 30_000;
/** The usual quota of an account, which the emulator would take from this machine's memory. */
const COPIES_OF_FUNCTIONS = '1000';

export type Ministack = {
  endpoint: string;
  /** The last that it printed. */
  output(): string;
  stop(): Promise<void>;
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || !address) throw new Error('the system gave no port');
  return address.port;
}

async function untilHealthy(endpoint: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`ministack ended with ${child.exitCode}:\n${output()}`);
    const response = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    if (response?.ok) return;
    await pause(50);
  }
  throw new Error(`ministack was not healthy within ${READY_WITHIN_MS} ms:\n${output()}`);
}

export interface MinistackOptions {
  /** What is run instead of ministack's own program. */
  readonly program?: readonly [string, ...string[]];
  readonly env?: Record<string, string>;
}

/**
 * Starts ministack, a local AWS, on a free port of 127.0.0.1 with nothing in it.
 *
 * @throws when it isn't installed in .cache/venv, with the command that installs it, or doesn't come up
 */
export async function startMinistack({
  program: [command, ...args] = [PROGRAM],
  env = {},
}: MinistackOptions = {}): Promise<Ministack> {
  if (!existsSync(PROGRAM)) {
    throw new Error(
      'ministack is missing: python3 -m venv .cache/venv && .cache/venv/bin/pip install ministack==1.5.33',
    );
  }
  const port = env.GATEWAY_PORT ?? String(await freePort());
  const endpoint = `http://127.0.0.1:${port}`;
  const home = mkdtempSync(join(tmpdir(), 'ministack-'));
  const child = spawn(command, args, {
    cwd: home,
    env: {
      ...{ PATH: process.env.PATH, HOME: home, BIND_HOST: '127.0.0.1', GATEWAY_PORT: port },
      LAMBDA_ACCOUNT_CONCURRENCY: COPIES_OF_FUNCTIONS,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-5_000);
    });
  }
  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const killing = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(killing);
    }
    rmSync(home, { recursive: true, force: true });
  }
  await untilHealthy(endpoint, child, () => output).catch(async (error) => {
    await stop();
    throw error;
  });
  return { endpoint, output: () => output, stop };
}
