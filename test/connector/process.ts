import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { inject } from 'vitest';
import type { Health } from '../../connector/connector.ts';
import { until } from './jar.ts';

const children = new Set<ChildProcess>();

/** End all that still run, as a crash does. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** `npm run connector` as a process of its own. */
export function launch(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [inject('program').connector, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const printed = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.err += text));
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child);
    return { code: code as number | null, ...printed };
  });
  return { child, printed, ended };
}

/** Start a connector that has a health endpoint, and wait until that answers. */
export async function start(args: readonly string[], env: Record<string, string> = {}) {
  const started = launch(args, env);
  const port = await Promise.race([
    until(async () => /"health":\{"address":"127\.0\.0\.1".*?"port":(\d+)/.exec(started.printed.out)?.[1]),
    started.ended.then(({ err }) => Promise.reject(new Error(err))),
  ]);
  const health = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    return { status: response.status, ...((await response.json()) as Health) };
  };
  return { ...started, port, health };
}
