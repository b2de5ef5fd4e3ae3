import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Thrown for a command line that can't be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Read flags and words. @throws UsageError of one line */
export function readWords<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
  { allowPositionals = true }: { allowPositionals?: boolean } = {},
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals });
  } catch (error) {
    // Node's hints come on lines of their own.
    throw new UsageError((error as Error).message.replaceAll('\n', ' '));
  }
}

/**
 * The command that words begin with, and as many words after it as it takes.
 * @param rules commands by name, each with the names of its words
 * @throws UsageError
 */
export function commandOf<T extends Record<string, { readonly words: readonly string[] }>>(
  rules: T,
  [name = '', ...words]: readonly string[],
) {
  if (!Object.hasOwn(rules, name))
    throw new UsageError(
      `command: ${JSON.stringify(name.slice(0, 40))} is not one of ${Object.keys(rules).join(', ')}; see --help`,
    );
  const expected = rules[name]!.words;
  if (words.length !== expected.length)
    throw new UsageError(
      `${name}: ${words.length} words came after it, expected ${expected.join(' ') || 'none'}`,
    );
  return { command: name as keyof T & string, words, expected };
}
