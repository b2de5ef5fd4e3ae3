import {
  AllowanceError,
  type ApiKey,
  ApiKeyError,
  createKey,
  isHandle,
  isKeyId,
  type Ledger,
  listKeys,
  readCreators,
  revokeKey,
  SCOPES,
} from '../shared/ledger/index.ts';
import { PlaceError } from '../shared/place.ts';
import { commandOf, readWords, UsageError } from './words.ts';

export const HELP = `Usage: npm run key -- COMMAND [--json] [--table NAME] [--region REGION] [--endpoint URL]

  add --operator [--scope write] [--name NAME]          a new API key for all there is
  add --creator HANDLE [--scope write] [--name NAME]    a new API key for one creator
  list [--operator | --creator HANDLE]                  keys, all or of one owner
  revoke KEY_ID                                         a key opens nothing from now on

  --scope     read or write; write
  --name      what the key is for; "made at the command line"
  --table     the table, or AMPJAR_TABLE; ampjar
  --region    its AWS Region, or AWS_REGION; us-east-1
  --endpoint  where DynamoDB answers, or AMPJAR_ENDPOINT; AWS
  --json      print JSON

A key is printed once, when it is made: the table does not know it.

Exit code: 0 done, 1 the table could not be reached or refused, 2 what was asked can't be done.`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const OPTIONS = {
  operator: flag,
  creator: text,
  scope: text,
  name: text,
  table: text,
  region: text,
  endpoint: text,
  json: flag,
  help: { type: 'boolean', short: 'h' },
} as const;

/** Words and flags of each command, beside those of all. */
const COMMANDS = {
  add: { words: [], flags: ['operator', 'creator', 'scope', 'name'] },
  list: { words: [], flags: ['operator', 'creator'] },
  revoke: { words: ['KEY_ID'], flags: [] },
} as const;

/** Whether an error is the asker's to mend. */
export const isBadInput = (error: unknown) =>
  [UsageError, PlaceError, ApiKeyError, AllowanceError].some((kind) => error instanceof kind);

/** What the commands work with. */
export interface Parts {
  readonly ledger: Ledger;
  readonly now: () => Date;
  readonly random: (length: number) => Uint8Array;
  readonly print: (line: string) => void;
}

/** Read a command line. @throws UsageError */
export function readArguments(args: readonly string[]) {
  const { values, positionals } = readWords(args, OPTIONS);
  if (values.help) return { help: true as const, values };
  const { command, words } = commandOf(COMMANDS, positionals);
  const rule: { flags: readonly string[] } = COMMANDS[command];
  for (const name of COMMANDS.add.flags)
    if (values[name] !== undefined && !rule.flags.includes(name))
      throw new UsageError(`${command}: --${name} has no meaning here`);
  if (values.operator && values.creator !== undefined)
    throw new UsageError(`${command}: --operator and --creator exclude each other`);
  return { help: false as const, command, words, values };
}

function readHandle(value: string): string {
  if (isHandle(value)) return value;
  throw new UsageError(`creator: ${JSON.stringify(value.slice(0, 40))} can't be a creator's handle`);
}

function readScope(value = 'write') {
  const scope = SCOPES.find((each) => each === value);
  if (scope) return scope;
  throw new UsageError(`scope: ${JSON.stringify(value.slice(0, 40))} is not one of ${SCOPES.join(', ')}`);
}

const keyBody = ({ id, handle, scope, name, createdAt, createdBy, lastUsedAt, revokedAt }: ApiKey) => ({
  id,
  handle: handle ?? null,
  scope,
  name,
  createdAt: createdAt.toISOString(),
  createdBy: createdBy ?? null,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
  revokedAt: revokedAt?.toISOString() ?? null,
});

const keyLine = ({ id, handle, scope, name, lastUsedAt, revokedAt }: ApiKey) => {
  const used = lastUsedAt ? `used ${lastUsedAt.toISOString()}` : 'never used';
  return `${id}  ${handle ?? 'operator'}  ${scope}  "${name}"  ${revokedAt ? `revoked ${revokedAt.toISOString()}` : used}`;
};

/** Keys of everyone, or of one owner: `undefined` is the operator's. */
async function* keysOf(ledger: Ledger, owners: readonly (string | undefined)[] | undefined) {
  if (owners) for (const owner of owners) yield* await listKeys(ledger, owner);
  else {
    yield* await listKeys(ledger, undefined);
    for await (const { handle } of readCreators(ledger)) yield* await listKeys(ledger, handle);
  }
}

/**
 * Run one command.
 * @throws UsageError, ApiKeyError; and what the ledger's client throws
 */
export async function run(args: readonly string[], { ledger, now, random, print }: Parts): Promise<void> {
  const read = readArguments(args);
  if (read.help) return print(HELP);
  const { values, words } = read;
  const owner = values.creator === undefined ? undefined : readHandle(values.creator);
  switch (read.command) {
    case 'add': {
      if (!values.operator && owner === undefined)
        throw new UsageError('add: whose is missing, expected --operator or --creator HANDLE');
      const { name = 'made at the command line' } = values;
      const terms = { handle: owner, scope: readScope(values.scope), name };
      const { token, key } = await createKey(ledger, terms, now(), random);
      if (values.json) return print(JSON.stringify({ key: keyBody(key), token }));
      print(keyLine(key));
      return print(token);
    }
    case 'list': {
      const owners = values.operator || owner !== undefined ? [owner] : undefined;
      const keys: ApiKey[] = [];
      for await (const key of keysOf(ledger, owners)) keys.push(key);
      if (values.json) return print(JSON.stringify(keys.map(keyBody)));
      for (const key of keys) print(keyLine(key));
      return;
    }
    case 'revoke': {
      const id = words[0]!;
      for await (const key of isKeyId(id) ? keysOf(ledger, undefined) : []) {
        if (key.id !== id) continue;
        const revoked = (await revokeKey(ledger, key.handle, id, now()))!;
        return print(values.json ? JSON.stringify(keyBody(revoked)) : keyLine(revoked));
      }
      throw new UsageError(`KEY_ID: there is no key ${JSON.stringify(id.slice(0, 40))}`);
    }
  }
}
