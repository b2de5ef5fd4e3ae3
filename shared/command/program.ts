import { sleep } from '../concurrency/sleep.ts';
import { readArguments } from './arguments.ts';
import { type Command, command, type Env, type Parts } from './command.ts';
import { completion, SHELLS } from './completion.ts';
import { UsageError } from './failures.ts';
import { helpOf } from './help.ts';
import { jsonLine, plain } from './terminal.ts';

/** What a command line has of the world. */
export interface Terminal {
  readonly env: Env;
  /** Columns of the terminal; undefined when there is none. */
  readonly columns: number | undefined;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether, and that, one is told to stop; who never asks for the signal is stopped by the system, at once. */
  readonly stop: { readonly asked: boolean; readonly signal: AbortSignal };
}

/** Columns of the terminal; `COLUMNS` tells where there is none. */
function widthOf({ columns, env: { COLUMNS } }: Terminal): number | undefined {
  if (columns !== undefined) return columns;
  return COLUMNS !== undefined && /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : undefined;
}

/** Whatever aborts when this process is told to stop, which it is listened for from the first time on that one asks. */
function stopping(): { readonly asked: boolean; readonly signal: AbortSignal } {
  let stop: AbortController | undefined;
  return {
    get asked() {
      return stop?.signal.aborted ?? false;
    },
    get signal() {
      if (!stop) {
        stop = new AbortController();
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop!.abort());
      }
      return stop.signal;
    },
  };
}

/** All commands of a program, and with them the two that tell of the others. */
export function withHelp(of: readonly Command[]): readonly Command[] {
  const commands: readonly Command[] = [
    ...of,
    command({
      name: 'help',
      words: ['[COMMAND...]'],
      flags: {},
      summary: 'all commands, or what one does, with examples',
      examples: ['help', `help ${of[0]!.name}`],
      run: async ({ words }) => ({ text: helpOf(commands, words) }),
    }),
    command({
      name: 'completion',
      words: [SHELLS.join('|')],
      flags: {},
      summary: 'a script by which a shell completes commands and flags',
      examples: ['completion bash'],
      async run({ words }) {
        const shell = SHELLS.find((each) => each === words[0]);
        if (!shell) throw new UsageError(`completion: expected one of ${SHELLS.join(', ')}`);
        return { text: completion(commands, shell) };
      },
    }),
  ];
  return commands;
}

/**
 * Run a command line: whatever goes wrong is one line on stderr.
 * @param commands {@link withHelp}
 * @returns the exit code: 2 where the command line is to be mended, 1 where something else went wrong
 */
export async function runCommand(
  commands: readonly Command[],
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { env, out, err, stop } = terminal;
  const print = (text: string) => out(`${text}\n`);
  const warn = (line: string) => err(`ampjar: ${plain(line)}\n`);
  if (args.length === 0) {
    err(`${helpOf(commands, [])}\n`);
    return 2;
  }
  const parts: Parts = {
    env,
    width: widthOf(terminal),
    print,
    warn,
    sleep,
    get signal() {
      return stop.signal;
    },
  };
  try {
    const asked = readArguments(commands, args);
    if (asked.help) {
      print(helpOf(commands, asked.words));
      return 0;
    }
    const { command, words, values } = asked;
    const { body, text, note, code = 0 } = await command.run({ words, values }, parts);
    if (values.json && body !== undefined) print(jsonLine(body));
    else if (text !== undefined) print(text);
    if (note !== undefined && !values.json) warn(note);
    return code;
  } catch (error) {
    if (!stop.asked) warn((error as Error).message);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** {@link runCommand} to the end of this process. */
export async function runProgram(commands: readonly Command[], args: readonly string[]): Promise<never> {
  const { stdout, stderr, env } = process;
  // Whoever read what they wanted, as head does, has closed the pipe.
  stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
  // Which Node the SDK asks for from 2027 on is for package.json to settle, not for each command to repeat.
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const code = await runCommand(commands, args, {
    env,
    columns: stdout.isTTY ? stdout.columns : undefined,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    stop: stopping(),
  });
  // Connections that are kept for another request don't keep the process.
  process.exit(code);
}
