import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { DataFolder } from '../../local/folder.ts';
import { FolderLostError, TableFolderError, TableInUseError } from '../../local/table/errors.ts';

const run = promisify(execFile);

/** All programs that keep something in a folder. */
const PROGRAMS = [
  { name: 'npm start', command: 'start', args: ['--port', '0'], ready: /"msg":"leading"/ },
  { name: 'npm run table', command: 'table', args: ['--port', '0'], ready: /ready at/ },
  { name: 'npm run node', command: 'node', args: [], ready: /socket/, folder: 'jar' },
];

/** Whether this user may make a PID namespace. */
const mayUnshare = await run('unshare', ['--pid', '--fork', 'true']).then(
  () => true,
  () => false,
);
if (!mayUnshare)
  console.error('tests left out: the lock over PID namespaces, for this user may make none. Be root');

let base: string;
let data: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'ampjar-folder-'));
  data = join(base, 'data');
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  rmSync(base, { recursive: true, force: true });
});

type Program = (typeof PROGRAMS)[number] & { folder?: string };

/** Start a program on the folder, behind a command or as it is. */
function launch({ command: name, args }: Program, behind: string[] = []): ChildProcess {
  const [command, ...rest] = [
    ...behind,
    process.execPath,
    inject('program').ampjar,
    'dev',
    name,
    '--data',
    data,
    ...args,
  ];
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

/** Wait until it says that it is ready. */
async function ready(child: ChildProcess, { ready }: Program): Promise<void> {
  for await (const line of createInterface(child.stdout!)) if (ready.test(line)) break;
  child.stdout!.resume();
}

/** How it ends, and what it says of that. */
async function ended(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  return { code, said };
}

/** Everything in a folder, itself included, by mode. */
function modes(path: string): string[] {
  const found = lstatSync(path);
  const own = `${(found.mode & 0o777).toString(8)} ${found.isDirectory() ? 'folder' : 'file'}`;
  if (!found.isDirectory()) return [own];
  return [own, ...readdirSync(path).flatMap((name) => modes(join(path, name)))];
}

const OWN_NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

describe.each<Program>(PROGRAMS)('the data folder of $name', (program) => {
  it.skipIf(!mayUnshare)('is one process’ alone, seen from another container as well', async () => {
    const first = launch(program, OWN_NAMESPACE);
    await ready(first, program);
    for (const behind of [OWN_NAMESPACE, []]) {
      const { code, said } = await ended(launch(program, behind));
      expect(said).toMatch(
        /^ampjar: data folder \S+ is in use by process \d+; stop that one first, or give another folder\n$/,
      );
      expect(code).toBe(2);
    }
    first.kill('SIGKILL');
    await once(first, 'close');
    await ready(launch(program), program);
  });

  it('is its owner’s alone, whatever the umask and whatever it was before', async () => {
    const open = ['sh', '-c', 'umask 000; exec "$@"', 'sh'];
    const own = () => [...new Set(modes(join(data, program.folder ?? '')))].sort();
    const child = launch(program, open);
    await ready(child, program);
    expect(own()).toEqual(['600 file', '700 folder']);
    child.kill('SIGKILL');
    await once(child, 'close');
    const loosen = (path: string) => {
      chmodSync(path, lstatSync(path).isDirectory() ? 0o755 : 0o644);
      if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) loosen(join(path, name));
    };
    loosen(data);
    await ready(launch(program, open), program);
    expect(own()).toEqual(['600 file', '700 folder']);
  });
});

describe('a data folder that goes away', () => {
  const [start] = PROGRAMS as [Program];

  it.each(['deleted', 'moved', 'put in place of by another'])(
    'ends npm start with an error: %s',
    async (how) => {
      const child = launch(start);
      await ready(child, start);
      const end = ended(child);
      if (how === 'deleted') rmSync(data, { recursive: true });
      else renameSync(data, `${data}-moved`);
      if (how === 'put in place of by another') {
        mkdirSync(data);
        writeFileSync(join(data, 'table.mdb'), '');
      }
      const { code, said } = await end;
      expect(said).toMatch(
        /^ampjar: data folder \S+ was taken away: \S+\.mdb is not the file that was opened; .*\n$/,
      );
      expect(code).toBe(1);
    },
  );
});

describe('a data folder', () => {
  it('is let go of', () => {
    const first = DataFolder.take(data);
    expect(() => DataFolder.take(data)).toThrow(TableInUseError);
    first.release();
    DataFolder.take(data).release();
  });

  it('is not one where other things lie, whose modes stay', () => {
    mkdirSync(data);
    writeFileSync(join(data, 'letter.txt'), '');
    chmodSync(data, 0o755);
    expect(() => DataFolder.take(data)).toThrow(TableFolderError);
    expect(() => DataFolder.take(data)).toThrow(
      /holds other things \(letter\.txt\); give a folder .* of its own$/,
    );
    expect(modes(data)[0]).toBe('755 folder');
  });

  it('is missed as soon as one of its databases is', async () => {
    const folder = DataFolder.take(data);
    const root = folder.open('a.mdb', {}, (root) => root);
    folder.look();
    rmSync(join(data, 'a.mdb'));
    expect(() => folder.look()).toThrow(FolderLostError);
    await root.close();
    folder.release();
  });
});
