import { sleep } from '../concurrency/sleep.ts';
import { readArguments } from './arguments.ts';
import { type Command, command, type Env, type Parts } from './command.ts';
import { completion, SHELLS } from './completion.ts';
import { UsageError } from './failures.ts';
import { helpOf } from './help.ts';
import { jsonLine, plain } from './terminal.ts';

const print = (text: string) => void process.stdout.write(`${text}\n`);
const warn = (line: string) => void process.stderr.write(`ampjar: ${plain(line)}\n`);

/** Columns of the terminal; `COLUMNS` tells where there is none. */
function terminalWidth({ COLUMNS }: Env): number | undefined {
  if (process.stdout.isTTY) return process.stdout.columns;
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

async function run(commands: readonly Command[], args: readonly string[], parts: Parts): Promise<number> {
  const asked = args.length === 0 ? { help: true as const, words: [] } : readArguments(commands, args);
  if (asked.help) {
    const help = helpOf(commands, asked.words);
    if (args.length > 0) print(help);
    else process.stderr.write(`${help}\n`);
    return args.length > 0 ? 0 : 2;
  }
  const { command, words, values } = asked;
  const { body, text, note, code = 0 } = await command.run({ words, values }, parts);
  if (values.json && body !== undefined) print(jsonLine(body));
  else if (text !== undefined) print(text);
  if (note !== undefined && !values.json) warn(note);
  return code;
}

/**
 * Run a command line to the end of this process: whatever goes wrong is one line on stderr and an exit code, 2 where the command line
 * is to be mended and 1 else.
 * @param commands {@link withHelp}
 */
export async function runProgram(commands: readonly Command[], args: readonly string[]): Promise<never> {
  // Whoever read what they wanted, as head does, has closed the pipe.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
  // Which Node the SDK asks for from 2027 on is for package.json to settle, not for each command to repeat.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { env } = process;
  const stop = stopping();
  const parts: Parts = {
    env,
    width: terminalWidth(env),
    print,
    warn,
    sleep,
    get signal() {
      return stop.signal;
    },
  };
  const code = await run(commands, args, parts).catch((error: Error) => {
    if (!stop.asked) warn(error.message);
    return error instanceof UsageError ? 2 : 1;
  });
  // Connections that are kept for another request don't keep the process.
  process.exit(code);
}
