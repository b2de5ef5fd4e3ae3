import { parseArgs } from 'node:util';
import type { Command, Flag } from './command.ts';
import { UsageError } from './failures.ts';

/** Flags as they were given. */
type Given = Readonly<Record<string, string | boolean | string[] | undefined>>;

/** What a command line asks for: a command with its words and flags, or help about the words. */
export type Asked =
  | { readonly help: true; readonly words: readonly string[] }
  | {
      readonly help: false;
      readonly command: Command;
      readonly words: readonly string[];
      readonly values: Given;
    };

const HELP_FLAG = { type: 'boolean', short: 'h' } as const;
const SHOWN = 40;
const quoted = (word: string) => JSON.stringify(word.slice(0, SHOWN));

/**
 * Read a command line.
 * @throws UsageError that names the word or flag, and what was expected
 */
export function readArguments(commands: readonly Command[], args: readonly string[]): Asked {
  const { values, positionals } = parse(commands, args);
  if (values.help) return { help: true, words: positionals };
  const command = commandOf(commands, positionals);
  const words = positionals.slice(command.name.split(' ').length);
  checkWords(command, words);
  for (const [name, value] of Object.entries(values)) {
    const flag = command.flags[name];
    if (!flag) throw new UsageError(`${command.name}: --${name} has no meaning here; see --help`);
    checkValue(name, flag, value);
  }
  for (const [name, { needed, value }] of Object.entries(command.flags))
    if (needed && values[name] === undefined)
      throw new UsageError(`${command.name}: --${name} is missing, expected --${name} ${value}`);
  return { help: false, command, words, values };
}

function parse(commands: readonly Command[], args: readonly string[]) {
  const options = Object.fromEntries(
    commands.flatMap(({ flags }) =>
      Object.entries(flags).map(([name, { type, multiple }]) => [
        name,
        { type, multiple: multiple ?? false },
      ]),
    ),
  );
  // A key in a command line is seen by all who can list processes, and stays in the shell's history.
  if (args.some((arg) => /^--key(=|$)/.test(arg)))
    throw new UsageError(
      '--key: a key is not given in the command line: put it into AMPJAR_KEY or a --key-file',
    );
  try {
    const read = parseArgs({
      args: [...args],
      options: { ...options, help: HELP_FLAG },
      allowPositionals: true,
    });
    return { positionals: read.positionals, values: read.values as Given };
  } catch (error) {
    // Node's hints come on lines of their own.
    throw new UsageError(`${(error as Error).message.replaceAll('\n', ' ')}; see --help`);
  }
}

/** The command that the first words name. @throws UsageError */
export function commandOf(commands: readonly Command[], words: readonly string[]): Command {
  const [first = '', second = ''] = words;
  const found = commands.find(({ name }) => name === first || name === `${first} ${second}`);
  if (found) return found;
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length === 0) {
    const firsts = new Set(commands.map(({ name }) => name.split(' ')[0]));
    throw new UsageError(`command: ${quoted(first)} is not one of ${[...firsts].join(', ')}; see --help`);
  }
  const seconds = group.map(({ name }) => name.split(' ')[1]);
  const given = second === '' ? 'what to do is missing, expected' : `${quoted(second)} is not`;
  throw new UsageError(`${first}: ${given} one of ${seconds.join(', ')}; see --help`);
}

function checkWords({ name, words: expected }: Command, words: readonly string[]) {
  const least = expected.filter((word) => !word.startsWith('[')).length;
  const most = expected.at(-1)?.endsWith('...]') ? Number.POSITIVE_INFINITY : expected.length;
  if (words.length < least) throw new UsageError(`${name}: ${expected[words.length]} is missing; see --help`);
  if (words.length > most)
    throw new UsageError(
      `${name}: ${quoted(words[most]!)} is too much, expected ${expected.join(' ') || 'no word'}`,
    );
}

function checkValue(name: string, { oneOf }: Flag, value: unknown) {
  for (const each of oneOf ? [value].flat() : [])
    if (!oneOf!.includes(String(each)))
      throw new UsageError(`--${name}: ${quoted(String(each))} is not one of ${oneOf!.join(', ')}`);
}
