import type { Client } from './client.ts';
import { UsageError } from './failures.ts';

/** A flag of a command. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  /** What its value is called in help; a file's name is completed as one. */
  readonly value?: string;
  readonly about: string;
  readonly needed?: true;
  readonly multiple?: true;
  readonly oneOf?: readonly string[];
}
type Flags = Readonly<Record<string, Flag>>;

type ValueOf<F extends Flag> = F extends { type: 'boolean' }
  ? boolean
  : F extends { multiple: true }
    ? string[]
    : string;

/** The flags of a command line: those that are needed are there. */
export type Values<F extends Flags> = {
  readonly [N in keyof F]: F[N] extends { needed: true } ? ValueOf<F[N]> : ValueOf<F[N]> | undefined;
};

/** What a command is given. */
export interface Parts {
  /** The API; asking for it demands an address and a key. @throws UsageError */
  readonly client: () => Promise<Client>;
  /** Columns of the terminal; undefined when there is none. */
  readonly width: number | undefined;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Run another file of the project, with this terminal. @returns its exit code */
  readonly spawn: (file: string, args: readonly string[]) => Promise<number>;
}

/** What a command tells: a document for programs, lines for people, what people should know beside, an exit code. */
export interface Outcome {
  readonly body?: unknown;
  readonly text?: string;
  readonly note?: string | undefined;
  readonly code?: number;
}

/** A command, with all that help and completion say of it. */
export interface Command {
  /** One or two words. */
  readonly name: string;
  /** The words after it; those in brackets can be left out. */
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly summary: string;
  readonly more?: string;
  /** Command lines without the leading `ampjar`. */
  readonly examples: readonly string[];
  readonly run: (
    asked: {
      readonly words: readonly string[];
      readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
    },
    parts: Parts,
  ) => Promise<Outcome>;
}

/** Define a command; what it runs with is typed by its flags. */
export const command = <const F extends Flags>(
  definition: Omit<Command, 'flags' | 'run'> & {
    readonly flags: F;
    readonly run: (
      asked: { readonly words: readonly string[]; readonly values: Values<F> },
      parts: Parts,
    ) => Promise<Outcome>;
  },
): Command => definition as unknown as Command;

/** Flags of every command that asks the API. */
export const API = {
  url: { type: 'string', value: 'URL', about: 'where the API answers, or AMPJAR_URL; http://127.0.0.1:8080' },
  'key-file': {
    type: 'string',
    value: 'FILE',
    about: 'a file that holds the API key; else AMPJAR_KEY is the key',
  },
  json: { type: 'boolean', about: 'print JSON' },
} as const satisfies Flags;

/** And of those about one creator. */
export const OF_CREATOR = {
  ...API,
  creator: { type: 'string', value: 'HANDLE', about: 'whose; a creator’s own key needs no telling' },
} as const satisfies Flags;

export const IF_MATCH = {
  'if-match': {
    type: 'string',
    value: 'ETAG',
    about: 'change it only if it still is this version: the etag that show --json tells',
  },
} as const satisfies Flags;

export const PAGE = {
  limit: { type: 'string', value: 'N', about: 'how many at most; 100' },
} as const satisfies Flags;

/** Whose things a command is about: the creator who is named, or whom the key belongs to. @throws UsageError */
export async function handleOf(client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const { body } = await client.ask('getOwnKey', {});
  if (body.handle !== null) return body.handle;
  throw new UsageError('creator: missing; the operator’s key needs to be told whose');
}

/** A whole number that a flag or word gives. @throws UsageError */
export function readCount(name: string, value: string, least: number, most = 999_999_999_999_999): number {
  if (/^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw new UsageError(
    `${name}: ${JSON.stringify(value.slice(0, 40))} is not a whole number from ${least} to ${most}`,
  );
}

const PAGE_SIZE = 100;
const MOST_ASKED = 1_000_000;

/**
 * Gather a list over its pages.
 * @param limit how many at most, as the flag gave it
 * @param page asks for one, from a position on
 */
export async function gather<T>(
  limit: string | undefined,
  from: string | undefined,
  page: (query: { from: string | undefined; limit: string }) => Promise<{ rows: T[]; next: string | null }>,
): Promise<{ rows: T[]; next: string | null }> {
  const most = limit === undefined ? PAGE_SIZE : readCount('--limit', limit, 1, MOST_ASKED);
  const rows: T[] = [];
  let next = from ?? null;
  do {
    const asked = { from: next ?? undefined, limit: String(Math.min(PAGE_SIZE, most - rows.length)) };
    const read = await page(asked);
    rows.push(...read.rows);
    next = read.next;
  } while (next !== null && rows.length < most);
  return { rows, next };
}

/** What a list says below itself when there is more. */
export const moreNote = (flag: string, next: string | null) =>
  next === null ? undefined : `there are more: --${flag} ${next}, or a larger --limit`;
