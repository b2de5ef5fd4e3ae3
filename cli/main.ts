import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readKey, readUrl } from './access.ts';
import { readArguments } from './arguments.ts';
import { Client } from './client.ts';
import type { Parts } from './command.ts';
import { COMMANDS } from './commands.ts';
import { UsageError } from './failures.ts';
import { helpOf } from './help.ts';
import { jsonLine, plain } from './terminal.ts';

const print = (text: string) => void process.stdout.write(`${text}\n`);
const warn = (line: string) => void process.stderr.write(`ampjar: ${plain(line)}\n`);

/** Columns of the terminal; `COLUMNS` tells where there is none. */
function terminalWidth({ COLUMNS }: NodeJS.ProcessEnv): number | undefined {
  if (process.stdout.isTTY) return process.stdout.columns;
  return COLUMNS !== undefined && /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : undefined;
}

/** Ends early when the signal aborts, which is no error. */
const sleep = (ms: number, signal: AbortSignal) => setTimeout(ms, undefined, { signal }).catch(() => {});

/** Another command of this checkout, with all of its own environment but the API key. */
function run(file: string, args: readonly string[]): Promise<number> {
  const { AMPJAR_KEY: _, ...env } = process.env;
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), path, ...args], {
    stdio: 'inherit',
    env,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const asked = args.length === 0 ? { help: true as const, words: [] } : readArguments(COMMANDS, args);
  if (asked.help) {
    const help = helpOf(COMMANDS, asked.words);
    if (args.length > 0) print(help);
    else process.stderr.write(`${help}\n`);
    return args.length > 0 ? 0 : 2;
  }
  const { command, words, values } = asked;
  const { env } = process;
  const client = async () => {
    const url = readUrl(values.url as string | undefined, env);
    const key = await readKey(values['key-file'] as string | undefined, env, warn);
    return new Client({
      url,
      key,
      fetch,
      clock: () => new Date(),
      sleep,
      random: Math.random,
      newKey: randomUUID,
      signal,
    });
  };
  const parts: Parts = { client, width: terminalWidth(env), print, warn, sleep, signal, spawn: run };
  const { body, text, note, code = 0 } = await command.run({ words, values }, parts);
  if (values.json && body !== undefined) print(jsonLine(body));
  else if (text !== undefined) print(text);
  if (note !== undefined && !values.json) warn(note);
  return code;
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
// Whoever read what they wanted, as head does, has closed the pipe.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

main(process.argv.slice(2), stop.signal).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    if (stop.signal.aborted) process.exit(1);
    warn(error.message);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
