import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { SCOPES } from '../contract/choices.ts';
import { isShown, shownText } from '../contract/shownText.ts';
import { AllowanceError, takeAllowance } from './allowances.ts';
import { type Item, moment, type Of, oneOf, optional, record, text } from './codec.ts';
import { listedAttributes, readCreator } from './creators.ts';
import { keyItem, keys, listed } from './keys.ts';
import { getItem, queryAll, queryPage } from './read.ts';
import { type Ledger, LISTED, TTL } from './table.ts';
import { ABSENT, type Condition, put, transact, update } from './transaction.ts';
import { write } from './write.ts';

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
/** A key that was revoked stays in the list so long, and then vanishes. */
export const REVOKED_KEPT_MS = 30 * 86_400_000;

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
const HOLDS: Condition = { expression: 'attribute_exists(pk) AND attribute_not_exists(revokedAt)' };
const listOf = (handle: string | undefined) => listed.apiKey(handle ?? OPERATOR, '').listPk;

/** Whether a text has the form of a key's id. */
export const isKeyId = (value: string) => /^key_[0-9A-Za-z]{16}$/.test(value);

/**
 * Make a key. The token is known to whoever calls this alone. The same randomness again gives the same key again.
 * @param terms `handle` of the creator whose key it is, left out for the operator's
 * @param random 32 bytes are asked of it
 * @throws ApiKeyError when there is no such creator, the name is none, or the owner has too many keys; AllowanceError
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
  const owner = handle ?? OPERATOR;
  const item = {
    ...keyItem(keys.apiKey(hash)),
    ...key.toItem(made),
    ...listedAttributes(listed.apiKey(owner, made.id)),
  };
  await countKeys(ledger, handle);
  const [there, full, spent] =
    (await transact(ledger, [
      put(ledger.table, item, ABSENT),
      update(ledger.table, keys.apiKeyCount(owner), { add: { count: { N: '1' } }, condition: ROOM }),
      takeAllowance(ledger.table, 'keys', owner, now),
    ])) ?? [];
  if (there) return { token, key: key.fromItem(there.Item!) };
  if (full) throw new ApiKeyError(`there are ${MOST_KEYS} keys already, which is the most; revoke one first`);
  if (spent) throw new AllowanceError('keys', owner, now);
  return { token, key: made };
}

/** That an owner has room for a key more, and that what is counted is counted. */
const ROOM: Condition = {
  expression: '#count < :most',
  names: { '#count': 'count' },
  values: { ':most': { N: String(MOST_KEYS) } },
};

/** See that an owner's keys are counted: those of before there was a count are, once. */
async function countKeys(ledger: Ledger, handle: string | undefined): Promise<void> {
  const at = keys.apiKeyCount(handle ?? OPERATOR);
  if (await getItem(ledger, at, { consistent: true })) return;
  const holding = (await listKeys(ledger, handle)).filter(({ revokedAt }) => !revokedAt);
  await write(ledger, put(ledger.table, { ...keyItem(at), count: { N: String(holding.length) } }, ABSENT));
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

const ofOwner = (handle: string | undefined, after = '') => ({
  IndexName: LISTED,
  KeyConditionExpression: 'listPk = :owner AND listSk > :after',
  // No id is before a space, and a condition takes no empty text.
  ExpressionAttributeValues: { ':owner': { S: listOf(handle) }, ':after': { S: after || ' ' } },
});

/** The keys of a creator, or without a handle the operator's; revoked ones too. The index may be a moment behind. */
export async function listKeys(ledger: Ledger, handle: string | undefined): Promise<ApiKey[]> {
  const found: ApiKey[] = [];
  for await (const item of queryAll(ledger, ofOwner(handle))) found.push(key.fromItem(item));
  return found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/** A page of them by id, those after `after`; `next` to pass as `after` when there are more. */
export async function listKeysPage(
  ledger: Ledger,
  handle: string | undefined,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<{ keys: ApiKey[]; next?: string }> {
  const { items, lastKey } = await queryPage(ledger, { ...ofOwner(handle, after), Limit: limit });
  const page = items.map(key.fromItem);
  const last = page.at(-1)?.id;
  return { keys: page, ...(lastKey && last !== undefined && { next: last }) };
}

/**
 * Revoke a key by its id: from the answer on it opens nothing. Again is harmless, and keeps the time. It stays listed for
 * {@link REVOKED_KEPT_MS}.
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
  await countKeys(ledger, handle);
  const at = { pk: found.pk!.S!, sk: found.sk!.S! };
  const set = {
    revokedAt: moment.write(now)!,
    [TTL]: { N: String(Math.ceil((now.getTime() + REVOKED_KEPT_MS) / 1000)) },
  };
  const [revoked] =
    (await transact(ledger, [
      update(ledger.table, at, { set, condition: HOLDS }),
      update(ledger.table, keys.apiKeyCount(handle ?? OPERATOR), { add: { count: { N: '-1' } } }),
    ])) ?? [];
  // Another was quicker, and the index a moment behind.
  return revoked?.Item ? key.fromItem(revoked.Item) : { ...before, revokedAt: now };
}
