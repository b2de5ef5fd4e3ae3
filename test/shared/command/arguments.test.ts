import { describe, expect, it } from 'vitest';
import { commandOf, readArguments } from '../../../shared/command/arguments.ts';
import { type Command, command } from '../../../shared/command/command.ts';
import { completion, SHELLS } from '../../../shared/command/completion.ts';
import { helpOf } from '../../../shared/command/help.ts';

const text = { type: 'string', value: 'TEXT', about: 'a text' } as const;
const named = (name: string, more: Partial<Command> = {}): Command => ({
  ...command({
    name,
    words: [],
    flags: {},
    summary: `does ${name}`,
    examples: [name],
    run: async () => ({}),
  }),
  ...more,
});
const COMMANDS = [
  named('jars list', { flags: { after: text } }),
  named('jars add', { words: ['HANDLE', '[NAME]'], flags: { tag: { ...text, multiple: true } } }),
  named('shelf boxes list'),
  named('shelf boxes drop', { flags: { yes: { type: 'boolean', about: 'without asking' } } }),
  named('shelf dust'),
  named('go', { flags: { to: { ...text, needed: true, oneOf: ['left', 'right'] } } }),
];
const read = (line: string) => readArguments(COMMANDS, line.split(' ').filter(Boolean));

describe('a command line', () => {
  it.each([
    ['go --to left', 'go', [], { to: 'left' }],
    ['--to left go', 'go', [], { to: 'left' }],
    ['shelf --yes boxes drop', 'shelf boxes drop', [], { yes: true }],
    ['jars add alice', 'jars add', ['alice'], {}],
    ['jars add alice Alice --tag a --tag b', 'jars add', ['alice', 'Alice'], { tag: ['a', 'b'] }],
    ['jars list --after a --after b', 'jars list', [], { after: 'b' }],
  ])('"%s" is read as %s', (line, name, words, values) => {
    expect(read(line)).toMatchObject({ help: false, command: { name }, words, values });
  });

  it.each([
    ['', 'command: "" is not one of jars, shelf, go; see --help'],
    ['toString', 'command: "toString" is not one of jars, shelf, go; see --help'],
    ['shelf', 'shelf: what to do is missing, expected one of boxes, dust; see --help'],
    ['shelf boxes', 'shelf boxes: what to do is missing, expected one of list, drop; see --help'],
    ['shelf boxes burn', 'shelf boxes: "burn" is not one of list, drop; see --help'],
    ['jars add', 'jars add: HANDLE is missing; see --help'],
    ['jars add a b c', 'jars add: "c" is too much, expected HANDLE [NAME]'],
    ['shelf dust now', 'shelf dust: "now" is too much, expected no word'],
    ['jars list --yes', 'jars list: --yes has no meaning here; see --help'],
    ['go', 'go: --to is missing, expected --to TEXT'],
    ['go --to up', '--to: "up" is not one of left, right'],
    ['go --to', /^Option '--to <value>' argument missing.*; see --help$/],
    ['go --fast', /^Unknown option '--fast'.*; see --help$/],
    ['jars list --key=ampjar_1', /^--key: a key is not given in the command line/],
  ])('"%s" is refused in one line', (line, message) => {
    const refusal = (() => {
      try {
        return read(line);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toMatchObject({ name: 'UsageError' });
    expect((refusal as Error).message).toMatch(message);
    expect((refusal as Error).message).not.toContain('\n');
  });

  it.each(['-h', '--help'])('asks for help by %s, whatever else is in it', (flag) => {
    expect(read(`shelf boxes ${flag}`)).toEqual({ help: true, words: ['shelf', 'boxes'] });
    expect(read(`${flag} go`)).toEqual({ help: true, words: ['go'] });
  });
});

describe('help', () => {
  it.each([
    [['shelf'], ['shelf boxes list', 'shelf boxes drop', 'shelf dust']],
    [
      ['shelf', 'boxes'],
      ['shelf boxes list', 'shelf boxes drop'],
    ],
  ])('of the group %j lists what is in it', (words, names) => {
    const listed = Array.from(helpOf(COMMANDS, words).matchAll(/^ {2}(.+?) {2,}does/gm), ([, name]) => name);
    expect(listed).toEqual(names);
  });

  it('of a command with words after it is its own', () => {
    expect(helpOf(COMMANDS, ['go'])).toContain('Usage: ampjar go --to TEXT [FLAGS]');
    expect(helpOf(COMMANDS, ['shelf', 'boxes', 'drop'])).toContain('--yes  without asking');
    expect(() => helpOf(COMMANDS, ['shelf', 'books'])).toThrow('shelf: "books" is not one of boxes, dust');
    expect(commandOf(COMMANDS, ['jars', 'add', 'list']).name).toBe('jars add');
  });
});

describe('completion', () => {
  it.each(SHELLS)('for %s knows groups within groups', (shell) => {
    const script = completion(COMMANDS, shell);
    for (const word of ['shelf', 'boxes', 'drop', 'dust', 'yes']) expect(script).toContain(word);
  });
});
