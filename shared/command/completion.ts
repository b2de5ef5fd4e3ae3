import { partsOf } from './arguments.ts';
import type { Command, Flag } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const PATHS = ['FILE', 'DIR'];
const isPath = ({ value }: Flag) => PATHS.includes(value ?? '');
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** A word that leads to commands and is none itself: the words before it, and what can come next. */
interface Group {
  readonly path: readonly string[];
  readonly next: readonly { readonly word: string; readonly about: string; readonly isGroup: boolean }[];
}

/** All groups, the whole program first. */
function groupsOf(commands: readonly Command[], path: readonly string[] = []): Group[] {
  const depth = path.length;
  const words = new Map<string, Command[]>();
  for (const command of commands) {
    const word = partsOf(command)[depth]!;
    words.set(word, [...(words.get(word) ?? []), command]);
  }
  const next = [...words].map(([word, of]) => {
    const [first] = of;
    const isGroup = partsOf(first!).length > depth + 1;
    const about = isGroup
      ? [...new Set(of.map((each) => partsOf(each)[depth + 1]))].join(', ')
      : first!.summary;
    return { word, about, isGroup };
  });
  const deeper = next
    .filter(({ isGroup }) => isGroup)
    .flatMap(({ word }) => groupsOf(words.get(word)!, [...path, word]));
  return [{ path, next }, ...deeper];
}

/** What can stand after a command itself, where that is a closed set. */
const choices = ({ words: [word = ''] }: Command) => (word.includes('|') ? word.split('|') : []);

/** Each flag of any command once. */
const allFlags = (commands: readonly Command[]) =>
  Object.entries(Object.assign({}, ...commands.map(({ flags }) => flags)) as Record<string, Flag>);

const flagsOf = ({ flags }: Command) => [...Object.keys(flags), 'help'].map((name) => `--${name}`);

/** A pattern of bash and zsh: a command's name alone, or with words after it. */
const pattern = ({ name }: Command) => `${quoted(name)}|${quoted(`${name} `)}*`;

function bash(commands: readonly Command[]): string {
  const flags = allFlags(commands);
  const names = (of: typeof flags) => of.map(([name]) => `--${name}`).join('|');
  const valued = flags.filter(([, { type }]) => type === 'string');
  const files = valued.filter(([, flag]) => isPath(flag));
  const closed = valued.filter(([, { oneOf }]) => oneOf);
  const open = valued.filter(([, flag]) => !isPath(flag) && !flag.oneOf);
  const reply = (words: readonly string[]) =>
    `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$current"))`;
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
  case "\${words[*]}" in
${groupsOf(commands)
  .map(({ path, next }) => `    ${quoted(path.join(' '))}) ${reply(next.map(({ word }) => word))} ;;`)
  .join('\n')}
${commands.map((each) => `    ${pattern(each)}) ${reply([...choices(each), ...flagsOf(each)])} ;;`).join('\n')}
  esac
}
complete -F _ampjar ampjar`;
}

/** A text within zsh's descriptions, in which colons and brackets part. */
const escaped = (text: string) => text.replaceAll(/[:[\]\\]/g, '\\$&');

function zsh(commands: readonly Command[]): string {
  const described = ({ next }: Group) =>
    next.map(({ word, about }) => quoted(`${word}:${escaped(about)}`)).join(' ');
  const flag = ([name, each]: [string, Flag]) => {
    const { type, value, oneOf, multiple, about } = each;
    const values = oneOf ? `(${oneOf.join(' ')})` : isPath(each) ? '_files' : ' ';
    const takes = type === 'boolean' ? '' : `:${escaped(value!)}:${values}`;
    return quoted(`${multiple ? '*' : ''}--${name}[${escaped(about)}]${takes}`);
  };
  const ofCommand = (command: Command) => {
    const closed = choices(command);
    const words = closed.length > 0 ? `'*:word:(${closed.join(' ')})'` : "'*:word: '";
    const flags = Object.entries(command.flags).map(flag).join(' ');
    return `    ${pattern(command)}) _arguments -S ${flags} '--help[help]' ${words} ;;`;
  };
  return `#compdef ampjar
# ampjar completion for zsh: source <(ampjar completion zsh)
_ampjar() {
  local -a found before
  before=(\${words[2,CURRENT-1]:#-*})
  case "\${before[*]}" in
${groupsOf(commands)
  .map(
    (group) => `    ${quoted(group.path.join(' '))}) found=(${described(group)}); _describe command found ;;`,
  )
  .join('\n')}
${commands.map(ofCommand).join('\n')}
  esac
}
if [ "$funcstack[1]" = _ampjar ]; then _ampjar "$@"; else compdef _ampjar ampjar; fi`;
}

function fish(commands: readonly Command[]): string {
  const seen = (...words: string[]) => `__fish_seen_subcommand_from ${words.join(' ')}`;
  const within = (path: readonly string[]) => path.map((word) => seen(word)).join('; and ');
  const complete = (condition: string, rest: string) => `complete -c ampjar -n ${quoted(condition)} ${rest}`;
  const words = groupsOf(commands).flatMap(({ path, next }) => {
    const here =
      path.length === 0
        ? '__fish_use_subcommand'
        : `${within(path)}; and not ${seen(...next.map(({ word }) => word))}`;
    return next.map(({ word, about }) => complete(here, `-a ${word} -d ${quoted(about)}`));
  });
  const ofCommand = (command: Command) => {
    const here = within(partsOf(command));
    return [
      ...choices(command).map((word) => complete(here, `-a ${word}`)),
      ...Object.entries(command.flags).map(([name, flag]) => {
        const { type, oneOf, about } = flag;
        const takes = type === 'boolean' ? '' : isPath(flag) ? ' -r -F' : ' -x';
        const values = oneOf ? ` -a ${quoted(oneOf.join(' '))}` : '';
        return complete(here, `-l ${name}${takes}${values} -d ${quoted(about)}`);
      }),
    ];
  };
  return `# ampjar completion for fish: ampjar completion fish | source
complete -c ampjar -f
complete -c ampjar -l help -s h -d 'help'
${[...words, ...commands.flatMap(ofCommand)].join('\n')}`;
}

/** A script by which a shell completes commands, flags, and the values of flags that take one of a few. */
export const completion = (commands: readonly Command[], shell: Shell): string =>
  ({ bash, zsh, fish })[shell](commands);
