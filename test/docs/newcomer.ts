import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A network of its own, so that the ports are those that the pages name, and nothing outside is reached. */
const APART = ['unshare', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--map-root-user'];

/** Whether this user may have such a network. */
export const mayBeApart = (): boolean =>
  spawnSync(APART[0]!, [...APART.slice(1), 'ip', 'link', 'set', 'lo', 'up']).status === 0;

export interface Typed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A shell in a fresh checkout, where one types what a page says. */
export interface Newcomer {
  /** Type a line, and wait until it ends. */
  readonly type: (text: string) => Promise<Typed>;
  /** Type a line that goes on until it is stopped, and wait until it has printed what matches. */
  readonly start: (text: string, until: RegExp) => Promise<Started>;
  readonly close: () => Promise<void>;
}

export interface Started {
  /** Ctrl-C, and wait for its end. */
  readonly stop: () => Promise<void>;
}

/** All that git knows of this checkout, with what `npm ci` brings. */
function freshCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ampjar-newcomer-'));
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const file of files.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'home'));
  return folder;
}

/** A shell for a newcomer who has npm's `ampjar` linked. It ends, with all that was started in it, when it is closed. */
export async function newcomer(): Promise<Newcomer> {
  const folder = freshCheckout();
  const shell: ChildProcess = spawn(APART[0]!, [...APART.slice(1), 'bash', '--noprofile', '--norc'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: join(folder, 'home'), TERM: 'dumb', LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<never>((_, reject) => {
    shell.once('exit', () => reject(new Error('the shell ended')));
    shell.once('error', reject);
  });
  ended.catch(() => {});
  const codes = createInterface({ input: shell.stdout! })[Symbol.asyncIterator]();
  let typed = 0;

  /** What a line leaves in the shell (variables, folders) stays, so it runs in no shell of its own. */
  const run = async (text: string): Promise<Typed> => {
    const file = join(folder, 'home', `typed-${typed++}`);
    shell.stdin!.write(`{ ${text}\n} </dev/null >'${file}' 2>'${file}.err'; printf '%s\\n' "$?" >&3\n`);
    const { value } = await Promise.race([codes.next(), ended]);
    return { code: Number(value), out: readFileSync(file, 'utf8'), err: readFileSync(`${file}.err`, 'utf8') };
  };
  const settle = async (text: string) => {
    const { code, out, err } = await run(text);
    if (code !== 0) throw new Error(`${text}: ${err}`);
    return out;
  };
  shell.stdin!.write('exec 3>&1; set -m\n');
  shell.stdin!.write('ip link set lo up; ampjar() { node cli/ampjar.js "$@"; }\n');

  return {
    type: run,
    start: async (text, until) => {
      const file = join(folder, 'home', `started-${typed++}`);
      writeFileSync(file, '');
      shell.stdin!.write(`{ ${text}\n} </dev/null >'${file}' 2>&1 &\n`);
      const job = (await settle('echo $!')).trim();
      const out = () => readFileSync(file, 'utf8');
      while (!until.test(out())) {
        const alive = await run(`kill -0 ${job} && sleep 0.1`);
        if (alive.code !== 0) throw new Error(`${text} ended, and printed:\n${out()}`);
      }
      return {
        stop: async () => {
          await run(`kill -INT -- -${job}; wait ${job}`);
        },
      };
    },
    close: async () => {
      const gone = new Promise((resolve) => shell.once('exit', resolve));
      shell.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
