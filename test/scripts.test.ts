import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { COMMANDS } from '../cli/commands.ts';

const run = promisify(execFile);
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** Scripts that are other people's programs, which have their own help. */
const OTHERS = ['typecheck', 'lint', 'unused', 'test', 'synth', 'node24', 'test:deploy', 'test:regtest'];

/** Our programs, by script. */
const OURS = Object.entries(scripts).filter(([name]) => !OTHERS.includes(name));

/** The program that most of them are, which is run bundled: the quicker. */
const MAIN = 'cli/main.ts';

/** How a program ends with these arguments, and what it says. */
async function ends(file: string, args: readonly string[]) {
  const { AMPJAR_KEY: _, AMPJAR_URL: __, ...env } = process.env;
  const command = file === MAIN ? [inject('program').ampjar, ...args] : ['--import', 'tsx', file, ...args];
  return run(process.execPath, command, { env }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error) => ({ code: error.code as number, out: error.stdout as string, err: error.stderr as string }),
  );
}

describe.each(OURS)('npm run %s', (name, script) => {
  const [, file = '', words = ''] = /^tsx ([\w./]+)((?: [\w-]+)*)$/.exec(script) ?? [];
  const ending = (...args: string[]) => ends(file, [...words.split(' ').filter(Boolean), ...args]);

  it('is one program', () => {
    expect(file, script).not.toBe('');
  });

  it.each(['--help', '-h'])('explains itself by %s', async (flag) => {
    const { code, out, err } = await ending(flag);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`npm (run )?${name}|^Usage: ampjar${words}`));
  });

  it('refuses a flag that it does not know by one line and exit code 2', async () => {
    const { code, out, err } = await ending('--no-such-flag');
    expect(err).toMatch(/^[^\n]*--no-such-flag[^\n]*\n$/);
    expect([code, out]).toEqual([2, '']);
  });
});

describe('a flag that names a file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-scripts-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const there = join(dir, 'there');
  writeFileSync(there, '');
  const missing = join(dir, 'missing');
  const outputs = join(dir, 'outputs.json');
  writeFileSync(
    outputs,
    JSON.stringify({
      Ampjar: {
        TableName: 'ampjar',
        Region: 'eu-central-1',
        RolesAnywhereTrustAnchorArn: 'arn:1',
        RolesAnywhereProfileArn: 'arn:2',
        RolesAnywhereRoleArn: 'arn:3',
      },
    }),
  );
  const aws = ['--outputs', outputs, '--aws-certificate', there, '--aws-key', there, '--lnd-cert', there];

  /** Every command with such a flag: its name, the flag, what it needs besides. */
  const CASES: [name: string, flag: string, ...besides: string[]][] = [
    ['dev start', '--lnd-cert', '--lnd-macaroon', there],
    ['dev start', '--lnd-macaroon', '--lnd-cert', there],
    ['server run', '--lnd-cert', '--lnd-macaroon', there],
    ['server run', '--lnd-macaroon', '--lnd-cert', there],
    ['connector run', '--lnd-macaroon', '--lnd-cert', there],
    ['connector run', '--lnd-cert', '--lnd-macaroon', there],
    ['connector audit', '--lnd-macaroon', '--lnd-cert', there],
    ['connector audit', '--lnd-cert', '--lnd-macaroon', there],
    ['connector adopt', '--lnd-cert', '--lnd-macaroon', there],
    ['connector setup', '--lnd-cert'],
    ['connector setup', '--outputs'],
    ['connector setup', '--admin-macaroon', '--lnd-cert', there],
    ['connector setup', '--aws-certificate', ...aws],
    ['connector setup', '--aws-key', ...aws],
    ['connector setup', '--signing-helper', ...aws],
    ['server setup', '--lnd-cert', '--origin', 'https://a.example'],
    ['server setup', '--admin-macaroon', '--origin', 'https://a.example', '--lnd-cert', there],
    ['creators list', '--key-file'],
  ];

  it.each(CASES)('is refused by %s when %s names none', async (name, flag, ...besides) => {
    const folders = name.endsWith('setup') ? ['--dir', join(dir, 'etc'), '--unit-dir', dir] : [];
    const args = [...name.split(' '), ...besides, ...folders, flag, missing];
    const { code, out, err } = await ends('cli/main.ts', args);
    expect(err).toMatch(/^[^\n]*\n$/);
    expect(err).toContain(flag);
    expect(err).toContain(missing);
    expect([code, out]).toEqual([2, '']);
  });

  it.each(['dev start', 'connector run', 'connector setup'])(
    'is refused by %s when what it names is no certificate',
    async (name) => {
      const macaroon = name.endsWith('setup') ? [] : ['--lnd-macaroon', there];
      const args = [...name.split(' '), ...macaroon, '--lnd-cert', there];
      const { code, err } = await ends('cli/main.ts', args);
      expect([code, err]).toEqual([2, `ampjar: --lnd-cert: ${there} is not a certificate\n`]);
    },
  );

  it('is in that table, whichever command of the command line has it', () => {
    const flags = COMMANDS.flatMap((command) =>
      Object.entries(command.flags).filter(([, { value }]) => value === 'FILE'),
    );
    const tried = new Set(CASES.map(([, flag]) => flag));
    expect([...new Set(flags.map(([flag]) => `--${flag}`))].filter((flag) => !tried.has(flag))).toEqual([]);
  });
});
