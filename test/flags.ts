import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What each takes. */
const HELP_FLAG = { help: { type: 'boolean', short: 'h' } } as const satisfies Options;

/**
 * Read the flags of a program that is no part of the product: the faults' and the benches'.
 * @throws TypeError of one line with Node's code, `ERR_PARSE_ARGS_…`, for a flag that isn't one of the options or lacks its value
 */
export function readFlags<const T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options: { ...options, ...HELP_FLAG } });
  } catch (error) {
    const { message, code } = error as TypeError & { code?: string };
    // Node's hints come on lines of their own.
    throw Object.assign(new TypeError(`${message.replaceAll('\n', ' ')}; see --help`), { code });
  }
}

/** Whether an error is {@link readFlags}'. */
export const isFlagError = (error: unknown): boolean =>
  String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
