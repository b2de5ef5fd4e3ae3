import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { isShown, shownText } from '../shownText.ts';
import { type Item, moment, type Of, oneOf, optional, record, text } from './codec.ts';
import { listedAttributes, readCreator } from './creators.ts';
import { keyItem, keys, listed } from './keys.ts';
import { getItem, queryAll, queryPage } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { ABSENT, type Condition, PRESENT, put, update } from './transaction.ts';
import { write } from './write.ts';

/** What a key lets its holder do; who may write may read. */
export const SCOPES = ['read', 'write'] as const;
export type Scope = (typeof SCOPES)[number];

const keyFields = {
  /** `key_...`, public. */
  id: text,
  /** Whose key it is; the operator's, who may do all, without. */
  handle: optional(text),
  scope: oneOf(...SCOPES),
  name: text,
  createdAt: moment,
  /** The id of the key that it was made with. */
  createdBy: optional(text),
  /** Exact to the hour. */
  lastUsedAt: optional(moment),
  revokedAt: optional(moment),
};
const key = record(keyFields);

/** An API key, without its secret, which the table does not know. */
export type ApiKey = Of<typeof keyFields>;

/** A key that can't be made; the message says why. */
export class ApiKeyError extends Error {
  override readonly name = 'ApiKeyError';
}

const PREFIX = 'ampjar_';
const SECRET_LENGTH = 30;
const CHECKSUM_LENGTH = 6;
const TOKEN = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);
/** Keys of one owner that are not revoked. */
const MOST_KEYS = 100;
const MOST_NAME = 60;
const HOUR_MS = 3_600_000;

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The last `length` digits of a number in base 62. */
function base62(value: bigint, length: number): string {
  let digits = '';
  for (let rest = value; digits.length < length; rest /= 62n) digits = DIGITS[Number(rest % 62n)] + digits;
  return digits;
}

const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const checksum = (secret: string) => base62(BigInt(crc32(secret)), CHECKSUM_LENGTH);

/**
 * The token of a key from 32 random bytes: `ampjar_`, 30 base 62 digits (178 bits), and their CRC32 in 6 more, as GitHub
 * builds its own, so that scanners for leaked secrets know one without asking anyone.
 * @see https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
 */
export function tokenFrom(random: Uint8Array): string {
  const secret = base62(number(random), SECRET_LENGTH);
  return PREFIX + secret + checksum(secret);
}

/** Whether a text can be a token at all: its form and checksum are right. */
export function isToken(value: string): boolean {
  if (!TOKEN.test(value)) return false;
  const secret = value.slice(PREFIX.length, -CHECKSUM_LENGTH);
  return value.endsWith(checksum(secret));
}

/**
 * What the table holds in a token's place. A plain hash is enough: slow ones protect what people choose and others can
 * guess, and nobody guesses 178 random bits.
 */
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** Follows from the hash and does not lead back to it. */
const idOf = (hash: string) =>
  `key_${base62(number(createHash('sha256').update(`ampjar public id of key ${hash}`).digest()), 16)}`;

/** The owner in the list of keys; no handle begins with @. */
const OPERATOR = '@operator';
const listOf = (handle: string | undefined) => listed.apiKey(handle ?? OPERATOR, '').listPk;

/** Whether a text has the form of a key's id. */
export const isKeyId = (value: string) => /^key_[0-9A-Za-z]{16}$/.test(value);

/**
 * Make a key. The token is known to whoever calls this alone. The same randomness again gives the same key again.
 * @param terms `handle` of the creator whose key it is, left out for the operator's
 * @param random 32 bytes are asked of it
 * @throws ApiKeyError when there is no such creator, the name is none, or the owner has too many keys
 */
export async function createKey(
  ledger: Ledger,
  terms: { handle?: string | undefined; scope: Scope; name: string; createdBy?: string | undefined },
  now: Date,
  random: (length: number) => Uint8Array,
): Promise<{ token: string; key: ApiKey }> {
  const { handle, scope, name, createdBy } = terms;
  if (!isShown(name, MOST_NAME))
    throw new ApiKeyError(`name: ${JSON.stringify(name.slice(0, 40))} is not ${shownText(MOST_NAME, name)}`);
  if (handle !== undefined && !(await readCreator(ledger, handle, true)))
    throw new ApiKeyError(`handle: there is no creator "${handle}"`);
  const token = tokenFrom(random(32));
  const hash = hashOf(token);
  const made: ApiKey = {
    id: idOf(hash),
    scope,
    name,
    createdAt: now,
    ...(handle !== undefined && { handle }),
    ...(createdBy !== undefined && { createdBy }),
  };
  const before = await getItem(ledger, keys.apiKey(hash), { consistent: true });
  if (before) return { token, key: key.fromItem(before) };
  if ((await listKeys(ledger, handle)).filter(({ revokedAt }) => !revokedAt).length >= MOST_KEYS)
    throw new ApiKeyError(`there are ${MOST_KEYS} keys already, which is the most; revoke one first`);
  const item = {
    ...keyItem(keys.apiKey(hash)),
    ...key.toItem(made),
    ...listedAttributes(listed.apiKey(handle ?? OPERATOR, made.id)),
  };
  const written = await write(ledger, put(ledger.table, item, ABSENT));
  return { token, key: written.done ? made : key.fromItem(written.was!) };
}

/** The key of a token that holds now: not one that is malformed, unknown or revoked, which nothing tells apart. */
export async function readKeyByToken(ledger: Ledger, token: string): Promise<ApiKey | undefined> {
  if (!isToken(token)) return undefined;
  const item = await getItem(ledger, keys.apiKey(hashOf(token)), { consistent: true });
  const found = item && key.fromItem(item);
  return found?.revokedAt ? undefined : found;
}

/** Note that a key is in use, at most once an hour, so that use costs no write. */
export async function noteUse(
  ledger: Ledger,
  token: string,
  { lastUsedAt }: ApiKey,
  now: Date,
): Promise<void> {
  if (lastUsedAt && now.getTime() - lastUsedAt.getTime() < HOUR_MS) return;
  const unchanged: Condition = lastUsedAt
    ? {
        expression: 'attribute_exists(pk) AND #lastUsedAt = :lastUsedAtWas',
        names: { '#lastUsedAt': 'lastUsedAt' },
        values: { ':lastUsedAtWas': moment.write(lastUsedAt)! },
      }
    : { expression: 'attribute_exists(pk) AND attribute_not_exists(lastUsedAt)' };
  const set = { lastUsedAt: moment.write(now)! };
  await write(ledger, update(ledger.table, keys.apiKey(hashOf(token)), { set, condition: unchanged }));
}

/** The keys of a creator, or without a handle the operator's; revoked ones too. The index may be a moment behind. */
export async function listKeys(ledger: Ledger, handle: string | undefined): Promise<ApiKey[]> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :owner',
    ExpressionAttributeValues: { ':owner': { S: listOf(handle) } },
  };
  const found: ApiKey[] = [];
  for await (const item of queryAll(ledger, query)) found.push(key.fromItem(item));
  return found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/**
 * Revoke a key by its id: from the answer on it opens nothing. Again is harmless, and keeps the time.
 * @returns the key, or undefined when its owner has none of this id
 */
export async function revokeKey(
  ledger: Ledger,
  handle: string | undefined,
  id: string,
  now: Date,
): Promise<ApiKey | undefined> {
  const { items } = await queryPage(ledger, {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :owner AND listSk = :id',
    ExpressionAttributeValues: { ':owner': { S: listOf(handle) }, ':id': { S: id } },
  });
  const found: Item | undefined = items[0];
  if (!found) return undefined;
  const before = key.fromItem(found);
  if (before.revokedAt) return before;
  const at = { pk: found.pk!.S!, sk: found.sk!.S! };
  const set = { revokedAt: moment.write(now)! };
  await write(ledger, update(ledger.table, at, { set, condition: PRESENT }));
  return { ...before, revokedAt: now };
}
