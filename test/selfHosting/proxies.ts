import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from '../connector/jar.ts';
import { freePorts } from '../regtest/harness/ports.ts';

const PAGE = readFileSync('docs/self-hosting.md', 'utf8');

/** The one block of a language on the page. */
function blockOf(language: string): string {
  const blocks = [...PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, of]) => of === language);
  if (blocks.length !== 1) throw new Error(`docs/self-hosting.md has ${blocks.length} blocks of ${language}`);
  return blocks[0]![2]!;
}

/** Put what differs in a test in place of what the page says, each of which is there. */
function adapted(config: string, changes: Record<string, string>): string {
  for (const [from, to] of Object.entries(changes)) {
    if (!config.includes(from)) throw new Error(`the configuration has no ${JSON.stringify(from)}`);
    config = config.replaceAll(from, to);
  }
  return config;
}

/** What a proxy is set up with. */
export interface ProxyParts {
  /** For all that it writes. */
  readonly dir: string;
  /** Files of PEM. */
  readonly cert: string;
  readonly key: string;
  /** Where npm start listens on 127.0.0.1. */
  readonly upstream: number;
}

/** A proxy that runs, by the page's configuration. */
export interface RunningProxy {
  readonly https: number;
  readonly http: number;
  stop(): Promise<void>;
}

type Ports = Pick<RunningProxy, 'https' | 'http'>;

/** Write the configuration of each. @returns the command that runs it in the foreground */
const PREPARE = {
  nginx({ dir, cert, key, upstream }: ProxyParts, { https, http }: Ports) {
    const site = adapted(blockOf('nginx'), {
      '127.0.0.1:8080': `127.0.0.1:${upstream}`,
      // Not every machine has IPv6.
      '    listen [::]:443 ssl http2;\n': '',
      '    listen [::]:80;\n': '',
      'listen 443 ssl': `listen 127.0.0.1:${https} ssl`,
      'listen 80;': `listen 127.0.0.1:${http};`,
      '/etc/letsencrypt/live/tips.example/fullchain.pem': cert,
      '/etc/letsencrypt/live/tips.example/privkey.pem': key,
    });
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${dir}/${name};`,
    );
    writeFileSync(
      join(dir, 'nginx.conf'),
      `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
events {}
http {
access_log ${dir}/access.log;
${temporary.join('\n')}
${site}
}
`,
    );
    return ['nginx', '-e', `${dir}/error.log`, '-p', dir, '-c', join(dir, 'nginx.conf')];
  },
  caddy({ dir, cert, key, upstream }: ProxyParts, { https, http }: Ports) {
    const site = adapted(blockOf('caddy'), {
      '127.0.0.1:8080': `127.0.0.1:${upstream}`,
      'tips.example {': `tips.example {\n\tbind 127.0.0.1\n\ttls ${cert} ${key}`,
    });
    const options = ['admin off', 'skip_install_trust', `https_port ${https}`, `http_port ${http}`];
    writeFileSync(join(dir, 'Caddyfile'), `{\n${options.map((line) => `\t${line}\n`).join('')}}\n${site}`);
    return ['caddy', 'run', '--adapter', 'caddyfile', '--config', join(dir, 'Caddyfile')];
  },
};

export type ProxyName = keyof typeof PREPARE;
export const PROXIES = Object.keys(PREPARE) as ProxyName[];

/** Run a proxy on ports of its own. @returns once it takes connections on both */
export async function startProxy(name: ProxyName, parts: ProxyParts): Promise<RunningProxy> {
  const [https, http] = (await freePorts(2)) as [number, number];
  mkdirSync(parts.dir, { recursive: true });
  const [command, ...args] = PREPARE[name](parts, { https, http });
  const child: ChildProcess = spawn(command!, args, {
    env: { PATH: `${process.env.PATH}:/usr/sbin`, HOME: parts.dir },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const takes = (port: number) =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  for (const port of [https, http])
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
      return takes(port);
    });
  return {
    https,
    http,
    async stop() {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
