import { parseArgs } from 'node:util';
import type { Command, Flag } from './command.ts';
import { UsageError } from './failures.ts';

/** Flags as they were given. */
type Given = Readonly<Record<string, string | boolean | string[] | undefined>>;

/** What a command line asks for: a command with its words and flags, or help about the words. */
export type Read =
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

/** The words of a command's name. */
export const partsOf = ({ name }: Command): string[] => name.split(' ');

/**
 * Read a command line.
 * @throws UsageError that names the word or flag, and what was expected
 */
export function readArguments(commands: readonly Command[], args: readonly string[]): Read {
  const { given, positionals } = parse(commands, args);
  if (given.help) return { help: true, words: positionals };
  const command = commandOf(commands, positionals);
  const words = positionals.slice(partsOf(command).length);
  checkWords(command, words);
  const values: Record<string, string | boolean | string[] | undefined> = {};
  for (const [name, value] of Object.entries(given)) {
    const flag = command.flags[name];
    if (!flag) throw new UsageError(`${command.name}: --${name} has no meaning here; see --help`);
    checkValue(name, flag, value);
    values[name] = Array.isArray(value) && !flag.multiple ? value.at(-1) : value;
  }
  for (const [name, { needed, value }] of Object.entries(command.flags))
    if (needed && values[name] === undefined)
      throw new UsageError(`${command.name}: --${name} is missing, expected --${name} ${value}`);
  return { help: false, command, words, values };
}

/** Flags and words, before it is known of which command they are: flags of one name are of one type. */
function parse(commands: readonly Command[], args: readonly string[]) {
  const options = Object.fromEntries(
    commands.flatMap(({ flags }) =>
      Object.entries(flags).map(([name, { type }]) => [name, { type, multiple: type === 'string' }]),
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
    return { positionals: read.positionals, given: read.values as Given };
  } catch (error) {
    // Node's hints come behind it, some on lines of their own.
    const [said] = (error as Error).message.replaceAll('\n', ' ').split(/\.? To specify /);
    throw new UsageError(`${said}; see --help`);
  }
}

/** Each word once, in the order in which they come. */
const nextWords = (among: readonly Command[], depth: number) => [
  ...new Set(among.flatMap((command) => partsOf(command)[depth] ?? [])),
];

/** The commands whose names begin with as many of the words as possible, and how many those are. */
export function commandsUnder(commands: readonly Command[], words: readonly string[]) {
  let among = commands;
  let depth = 0;
  for (; depth < words.length; depth++) {
    const deeper = among.filter((command) => partsOf(command)[depth] === words[depth]);
    if (deeper.length === 0) break;
    among = deeper;
  }
  return { among, depth };
}

/** The command that the first words name. @throws UsageError */
export function commandOf(commands: readonly Command[], words: readonly string[]): Command {
  const { among, depth } = commandsUnder(commands, words);
  const found = among.find((command) => partsOf(command).length === depth);
  if (found) return found;
  const choices = nextWords(among, depth).join(', ');
  const word = words[depth] ?? '';
  if (depth === 0) throw new UsageError(`command: ${quoted(word)} is not one of ${choices}; see --help`);
  const given = word === '' ? 'what to do is missing, expected' : `${quoted(word)} is not`;
  throw new UsageError(`${words.slice(0, depth).join(' ')}: ${given} one of ${choices}; see --help`);
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
