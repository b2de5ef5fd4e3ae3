import type { Command, Flag } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const FILE = 'FILE';
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The first words, and the second words of those that have any. */
function tree(commands: readonly Command[]) {
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    const [first = ''] = command.name.split(' ');
    groups.set(first, [...(groups.get(first) ?? []), command]);
  }
  return [...groups].map(([name, of]) => ({ name, of, isGroup: of[0]!.name !== name }));
}

const second = ({ name }: Command) => name.split(' ')[1]!;
/** What can stand after a command itself, where that is a closed set. */
const choices = ({ words: [word = ''] }: Command) => (word.includes('|') ? word.split('|') : []);

/** Each flag of any command once. */
const allFlags = (commands: readonly Command[]) =>
  Object.entries(Object.assign({}, ...commands.map(({ flags }) => flags)) as Record<string, Flag>);

const flagsOf = ({ flags }: Command) => [...Object.keys(flags), 'help'].map((name) => `--${name}`);

function bash(commands: readonly Command[]): string {
  const flags = allFlags(commands);
  const names = (of: typeof flags) => of.map(([name]) => `--${name}`).join('|');
  const valued = flags.filter(([, { type }]) => type === 'string');
  const files = valued.filter(([, { value }]) => value === FILE);
  const closed = valued.filter(([, { oneOf }]) => oneOf);
  const open = valued.filter(([, { value, oneOf }]) => value !== FILE && !oneOf);
  const reply = (words: readonly string[]) =>
    `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$current"))`;
  const groups = tree(commands);
  const ofCommand = (command: Command) =>
    `    ${quoted(command.name)}${command.name.includes(' ') ? '' : "' '*"}) ${reply([...choices(command), ...flagsOf(command)])} ;;`;
  return `# ampjar completion for bash: source <(ampjar completion bash)
_ampjar() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" at
  local -a words=()
  COMPREPLY=()
  case "$before" in
    ${names(files)}) COMPREPLY=($(compgen -f -- "$current")); return ;;
${closed.map(([name, { oneOf }]) => `    --${name}) ${reply(oneOf!)}; return ;;`).join('\n')}
    ${names(open)}) return ;;
  esac
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      ${names(valued)}) ((at++)) ;;
      -*) ;;
      *) words+=("\${COMP_WORDS[at]}") ;;
    esac
  done
  case "\${words[0]} \${words[1]}" in
    ' ') ${reply(groups.map(({ name }) => name))} ;;
${groups
  .filter(({ isGroup }) => isGroup)
  .map(({ name, of }) => `    '${name} ') ${reply(of.map(second))} ;;`)
  .join('\n')}
${commands.map(ofCommand).join('\n')}
  esac
}
complete -F _ampjar ampjar`;
}

/** A text within zsh's descriptions, in which colons and brackets part. */
const escaped = (text: string) => text.replaceAll(/[:[\]\\]/g, '\\$&');

function zsh(commands: readonly Command[]): string {
  const groups = tree(commands);
  const described = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, about]) => quoted(`${name}:${escaped(about)}`)).join(' ');
  const summary = ({ of, isGroup }: (typeof groups)[number]) =>
    isGroup ? of.map(second).join(', ') : of[0]!.summary;
  const flag = ([name, { type, value, oneOf, multiple, about }]: [string, Flag]) => {
    const values = oneOf ? `(${oneOf.join(' ')})` : value === FILE ? '_files' : ' ';
    const takes = type === 'boolean' ? '' : `:${escaped(value!)}:${values}`;
    return quoted(`${multiple ? '*' : ''}--${name}[${escaped(about)}]${takes}`);
  };
  const ofCommand = (command: Command) => {
    const closed = choices(command);
    const words = closed.length > 0 ? `'*:word:(${closed.join(' ')})'` : "'*:word: '";
    const flags = Object.entries(command.flags).map(flag).join(' ');
    return `    ${quoted(command.name)}${command.name.includes(' ') ? '' : "' '*"}) _arguments -S ${flags} '--help[help]' ${words} ;;`;
  };
  return `#compdef ampjar
# ampjar completion for zsh: source <(ampjar completion zsh)
_ampjar() {
  local -a found
  if (( CURRENT == 2 )); then
    found=(${described(groups.map((group) => [group.name, summary(group)]))})
    _describe command found
    return
  fi
  if (( CURRENT == 3 )); then
    case "$words[2]" in
${groups
  .filter(({ isGroup }) => isGroup)
  .map(
    ({ name, of }) =>
      `      ${name}) found=(${described(of.map((each) => [second(each), each.summary]))}); _describe command found; return ;;`,
  )
  .join('\n')}
    esac
  fi
  case "$words[2] $words[3]" in
${commands.map(ofCommand).join('\n')}
  esac
}
if [ "$funcstack[1]" = _ampjar ]; then _ampjar "$@"; else compdef _ampjar ampjar; fi`;
}

function fish(commands: readonly Command[]): string {
  const groups = tree(commands);
  const seen = (...words: string[]) => `__fish_seen_subcommand_from ${words.join(' ')}`;
  const complete = (condition: string, rest: string) => `complete -c ampjar -n ${quoted(condition)} ${rest}`;
  const lines = groups.flatMap(({ name, of, isGroup }) => {
    const about = isGroup ? of.map(second).join(', ') : of[0]!.summary;
    const seconds = of.map(second);
    return [
      complete('__fish_use_subcommand', `-a ${name} -d ${quoted(about)}`),
      ...of.flatMap((command) => {
        const here = isGroup ? `${seen(name)}; and ${seen(second(command))}` : seen(name);
        return [
          ...(isGroup
            ? [
                complete(
                  `${seen(name)}; and not ${seen(...seconds)}`,
                  `-a ${second(command)} -d ${quoted(command.summary)}`,
                ),
              ]
            : []),
          ...choices(command).map((word) => complete(here, `-a ${word}`)),
          ...Object.entries(command.flags).map(([flag, { type, value, oneOf, about }]) => {
            const takes = type === 'boolean' ? '' : value === FILE ? ' -r -F' : ' -x';
            const values = oneOf ? ` -a ${quoted(oneOf.join(' '))}` : '';
            return complete(here, `-l ${flag}${takes}${values} -d ${quoted(about)}`);
          }),
        ];
      }),
    ];
  });
  return `# ampjar completion for fish: ampjar completion fish | source
complete -c ampjar -f
complete -c ampjar -l help -s h -d 'help'
${lines.join('\n')}`;
}

/** A script by which a shell completes commands, flags, and the values of flags that take one of a few. */
export const completion = (commands: readonly Command[], shell: Shell): string =>
  ({ bash, zsh, fish })[shell](commands);
