import { commandOf, commandsUnder, partsOf } from './arguments.ts';
import type { Command, Flag } from './command.ts';

const HEAD = `Usage: ampjar COMMAND [WORDS] [FLAGS], here: npm run ampjar -- COMMAND ...

Runs a jar, on this machine or deployed: creators, tips, webhooks and keys through its API, the rest where it stands.`;

const TAIL = `The API key is in AMPJAR_KEY, or in the file that --key-file names; never in the command line. Where the API answers
is in AMPJAR_URL or --url. Amounts are in satoshi. With --json programs get what the API answers.

Exit code: 0 done, 1 refused or failed, 2 the command line can't be understood, or asks what can't be done.
ampjar help COMMAND tells more of each, with examples.`;

const pad = (rows: readonly (readonly [string, string])[]) => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, about]) => `  ${name.padEnd(width)}  ${about}`).join('\n');
};

const withValue = ([name, { type, value }]: readonly [string, Flag]) =>
  type === 'boolean' ? `--${name}` : `--${name} ${value}`;

/** A command with the words and flags that it can't do without. */
export const usageOf = ({ name, words, flags }: Command): string =>
  [
    name,
    ...words,
    ...Object.entries(flags)
      .filter(([, { needed }]) => needed)
      .map(withValue),
  ].join(' ');

function listing(commands: readonly Command[]): string {
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    const [group = '', ...rest] = partsOf(command);
    const name = rest.length > 0 ? group : '';
    groups.set(name, [...(groups.get(name) ?? []), command]);
  }
  const rows = (of: readonly Command[]) => of.map((each) => [usageOf(each), each.summary] as const);
  return [...groups.values()].map((of) => pad(rows(of))).join('\n\n');
}

function whole(command: Command): string {
  const flags = Object.entries(command.flags).map((flag) => {
    const { about, oneOf, needed } = flag[1];
    const values = oneOf ? `: ${oneOf.join(', ')}` : '';
    return [withValue(flag), `${about}${values}${needed ? ' (needed)' : ''}`] as const;
  });
  return [
    `Usage: ampjar ${usageOf(command)}${flags.length > 0 ? ' [FLAGS]' : ''}`,
    `${command.summary}${command.more ? `\n${command.more}` : ''}`,
    ...(flags.length > 0 ? [pad(flags)] : []),
    `Examples:\n${command.examples.map((example) => `  ampjar ${example}`).join('\n')}`,
  ].join('\n\n');
}

/**
 * Help about all commands, about a group of them, or about one.
 * @param words those that name it
 * @throws UsageError when there is none of that name
 */
export function helpOf(commands: readonly Command[], words: readonly string[]): string {
  if (words.length === 0) return [HEAD, listing(commands), TAIL].join('\n\n');
  const { among, depth } = commandsUnder(commands, words);
  if (depth === words.length && among.every((command) => partsOf(command).length > depth)) {
    const examples = among.map(({ examples }) => `  ampjar ${examples[0]}`).join('\n');
    return [`Usage: ampjar ${words.join(' ')} COMMAND`, listing(among), `Examples:\n${examples}`].join(
      '\n\n',
    );
  }
  return whole(commandOf(commands, words));
}
