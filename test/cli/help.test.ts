import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { readArguments } from '../../shared/command/arguments.ts';
import { usageOf } from '../../shared/command/help.ts';
import { run, runProcess, wordsOf } from './stage.ts';

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

/** The command that a line runs. */
const nameOf = (line: string) => {
  const asked = readArguments(COMMANDS, wordsOf(line));
  return asked.help ? 'help' : asked.command.name;
};

describe('help', () => {
  it('and errors and exit codes are those of the process', async () => {
    expect(await runProcess(['help', 'tips'])).toEqual(await run(['help', 'tips']));
    expect(await runProcess(['tisp'])).toEqual(await run(['tisp']));
    expect(await runProcess([])).toEqual({ code: 2, out: '', err: (await run(['help'])).out });
  });

  it('lists each command with what it can’t do without', async () => {
    const { code, out } = await run(['help']);
    expect(code).toBe(0);
    for (const command of COMMANDS)
      expect(out).toMatch(new RegExp(`^  ${usageOf(command).replaceAll(/[[\].|]/g, '\\$&')} `, 'm'));
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(125);
  });

  it.each(COMMANDS.map(({ name }) => name))('of %s tells flags and examples that it takes', async (name) => {
    const command = COMMANDS.find((each) => each.name === name)!;
    const { code, out } = await run([...name.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: ampjar ${usageOf(command)}`);
    for (const flag of Object.keys(command.flags)) expect(out).toMatch(new RegExp(`^  --${flag}\\b`, 'm'));
    expect(command.examples.map(nameOf)).toEqual(command.examples.map(() => name));
    for (const example of command.examples) expect(out).toContain(`  ampjar ${example}\n`);
  });

  it.each(COMMANDS.map(({ name }) => name))('and refusals of %s are as those of all others', async (name) => {
    const { words } = COMMANDS.find((each) => each.name === name)!;
    const named = name.split(' ');
    expect(await run([...named, '-h'])).toEqual(await run([...named, '--help']));
    const mistakes = [['--no-such-flag']];
    if (words.some((word) => !word.startsWith('['))) mistakes.push([]);
    if (!words.at(-1)?.endsWith('...]')) mistakes.push([...words.map(() => 'word'), 'too-much']);
    for (const mistake of mistakes) {
      const { code, out, err } = await run([...named, ...mistake]);
      expect([code, out], mistake.join(' ')).toEqual([2, '']);
      expect(err).toMatch(/^ampjar: [^\n]+\n$/);
    }
  });

  it('tells which commands print no JSON: those that go on, set up, or print for a file', () => {
    const without = COMMANDS.filter(({ flags }) => !('json' in flags)).map(({ name }) => name);
    expect(without).toEqual([
      'table restore',
      'connector run',
      'connector setup',
      'connector rotate-secret',
      'server run',
      'server setup',
      'server backup',
      'deploy',
      'dev start',
      'dev tip',
      'dev node',
      'dev table',
      'dev widget',
      'dev openapi',
      'dev page-scripts',
      'help',
      'completion',
    ]);
  });

  it('of a group tells its commands', async () => {
    const { out } = await run(['help', 'tips']);
    expect(out).toMatch(/^ {2}tips erase TIP /m);
    expect(out).not.toMatch(/^ {2}keys/m);
  });
});

describe('docs/cli.md', () => {
  it('has the commands that help lists, in their words', () => {
    const listed = Array.from(
      page.matchAll(/^\| `ampjar ([^`]+)`\s*\| (.+?)\s*\|$/gm),
      ([, usage, summary]) => [usage!.replaceAll('\\|', '|'), summary],
    );
    expect(listed).toEqual(COMMANDS.map((command) => [usageOf(command), command.summary]));
  });

  it('has an example of each, and none that would be refused', () => {
    const lines = Array.from(page.matchAll(/^ampjar ([^|#>\n]+)/gm), ([, line]) => line!.trim());
    expect(new Set(lines.map(nameOf))).toEqual(new Set(COMMANDS.map(({ name }) => name)));
  });
});

describe('a room’s own commands', () => {
  it('are run with words and flags, by what npx finds, too, and give their exit code', async () => {
    const env = { AMPJAR_LND_CERT: undefined, AMPJAR_LND_MACAROON: undefined };
    for (const file of ['cli/main.ts', 'cli/ampjar.js', 'connector/main.ts']) {
      const named = await runProcess(['connector', 'adopt', 'ABC', '--yes'], env, file);
      expect([named.code, named.err]).toEqual([
        2,
        'ampjar: payment address: "ABC" is not 64 hex digits in lower case\n',
      ]);
    }
    const unit = ['connector', 'setup', '--print', '--lnd-cert', '/lnd/tls.cert', '--health-port=9000'];
    const { code, out, err } = await runProcess(unit, {}, 'cli/ampjar.js');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('LoadCredential=lnd.cert:/lnd/tls.cert\n');
    expect(out).toContain('SocketBindAllow=ipv4:tcp:9000\n');
  });

  it('that units of earlier releases start without a name still are run', async () => {
    const env = { AMPJAR_LND_CERT: undefined, AMPJAR_LND_MACAROON: undefined };
    const connector = await runProcess(
      ['--another-node', '--lnd-cert', '/nowhere'],
      env,
      'connector/main.ts',
    );
    expect([connector.code, connector.err]).toEqual([
      2,
      'ampjar: --lnd-macaroon: missing (or AMPJAR_LND_MACAROON); see --help\n',
    ]);
    const server = await runProcess(
      ['--origin', 'https://tips.example', '--lnd-cert', '/x'],
      env,
      'local/main.ts',
    );
    expect([server.code, server.err]).toEqual([
      2,
      'ampjar: server run: --lnd-macaroon is missing, expected --lnd-macaroon FILE\n',
    ]);
  });

  it('are listed without any package: neither AWS nor lnd is loaded before a command runs', async () => {
    const { metafile } = await build({
      entryPoints: ['cli/main.ts'],
      bundle: true,
      splitting: true,
      packages: 'external',
      write: false,
      outdir: 'dist',
      platform: 'node',
      format: 'esm',
      metafile: true,
    });
    const { outputs } = metafile;
    const atOnce = (file: string): string[] =>
      outputs[file]!.imports.filter(({ kind }) => kind === 'import-statement').flatMap(
        ({ path, external }) => (external ? [path] : atOnce(path)),
      );
    const late = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    expect(late).toEqual(expect.arrayContaining(['@aws-sdk/client-dynamodb', 'pino', 'zod']));
    expect(atOnce('dist/main.js').filter((path) => !path.startsWith('node:'))).toEqual([]);
  });

  it('have flags of one type each, whichever command has them', () => {
    const types = new Map<string, Set<string>>();
    for (const { flags } of COMMANDS)
      for (const [name, { type }] of Object.entries(flags))
        types.set(name, (types.get(name) ?? new Set()).add(type));
    expect([...types].filter(([, of]) => of.size > 1)).toEqual([]);
  });
});

describe('completion', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-completion-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const scripted = async (shell: string) => {
    const { code, out } = await run(['completion', shell]);
    expect(code).toBe(0);
    const path = join(dir, shell);
    writeFileSync(path, out);
    return path;
  };
  const has = (shell: string) =>
    ['/bin', '/usr/bin', '/usr/local/bin'].some((at) => existsSync(join(at, shell)));
  const SHELLS = [
    ['bash', ['-n']],
    ['zsh', ['-n']],
    ['fish', ['--no-execute']],
  ] as const;

  it.each(SHELLS)('for %s is a script without errors, with every command', async (shell, check) => {
    const path = await scripted(shell);
    if (has(shell)) execFileSync(shell, [...check, path]);
    const script = readFileSync(path, 'utf8');
    for (const { name } of COMMANDS) for (const word of name.split(' ')) expect(script).toContain(word);
  });

  it.skipIf(!has('bash')).each([
    [
      '',
      'creators options rotate tips webhooks events keys table nodes connector server deploy dev help completion',
    ],
    ['ti', 'tips'],
    ['connector q', 'quarantine'],
    ['connector quarantine ', 'list show book dismiss forget'],
    ['connector quarantine book ID --re', '--region --reason'],
    ['tips ', 'list show erase'],
    ['--json tips l', 'list'],
    ['--url https://a.example creators e', 'edit'],
    ['creators edit alice --s', '--shows'],
    ['creators add alice --shows ', 'nothing amounts messages'],
    ['creators add alice --name ', ''],
    ['rotate --c', '--creator'],
    ['completion ', 'bash zsh fish --help'],
    ['keys add --scope r', 'read'],
  ])('in bash after "ampjar %s" offers "%s"', async (line, offered) => {
    const path = await scripted('bash');
    const words = ['ampjar', ...line.split(' ')];
    const script = `source '${path}'; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _ampjar; echo "\${COMPREPLY[*]}"`;
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script]);
    expect(stdout.trim()).toBe(offered);
  });
});

describe('the file that package.json can name as a bin', () => {
  it('runs as it is, from anywhere', async () => {
    const file = fileURLToPath(new URL('../../cli/ampjar.js', import.meta.url));
    const { stdout } = await promisify(execFile)(file, ['help', 'keys'], { cwd: dir() });
    expect(stdout).toContain('ampjar keys own');
  });
  const dir = () => tmpdir();
});
