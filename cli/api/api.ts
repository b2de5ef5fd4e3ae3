import { randomUUID } from 'node:crypto';
import {
  type Command,
  command,
  type Definition,
  type Flags,
  JSON_FLAG,
  type Parts,
} from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { readCount } from '../../shared/command/numbers.ts';
import { readKey, readUrl } from './access.ts';
import type { Client } from './client.ts';

/** Flags of every command that asks the API. */
export const API = {
  url: { type: 'string', value: 'URL', about: 'where the API answers, or AMPJAR_URL; http://127.0.0.1:8080' },
  'key-file': {
    type: 'string',
    value: 'FILE',
    about: 'a file that holds the API key; else AMPJAR_KEY is the key',
  },
  ...JSON_FLAG,
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

/** What a command over the API is given. */
export interface ApiParts extends Parts {
  /** The API; asking for it demands an address and a key. @throws UsageError */
  readonly client: () => Promise<Client>;
}

/** Define a command over the API. */
export const apiCommand = <const F extends Flags & typeof API>(
  definition: Definition<F, ApiParts>,
): Command => {
  const { flags, run, ...said } = definition;
  return command({
    ...said,
    flags: flags as F & typeof API,
    run: (asked, parts) => run(asked, { ...parts, client: () => openClient(asked.values, parts) }),
  });
};

async function openClient(
  values: { readonly url?: string | undefined; readonly 'key-file'?: string | undefined },
  { env, warn, sleep, signal }: Parts,
): Promise<Client> {
  const url = readUrl(values.url, env);
  const key = await readKey(values['key-file'], env, warn);
  const { Client } = await import('./client.ts');
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
}

/** Whose things a command is about: the creator who is named, or whom the key belongs to. @throws UsageError */
export async function handleOf(client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const { body } = await client.ask('getOwnKey', {});
  if (body.handle !== null) return body.handle;
  throw new UsageError('creator: missing; the operator’s key needs to be told whose');
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
