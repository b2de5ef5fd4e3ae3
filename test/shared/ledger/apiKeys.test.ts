import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenFrom } from '../../../shared/ledger/apiKeys.ts';
import {
  ApiKeyError,
  addCreator,
  createKey,
  isKeyId,
  isToken,
  listKeys,
  noteUse,
  readKeyByToken,
  revokeKey,
} from '../../../shared/ledger/index.ts';
import { NOW, openBook, scan } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
beforeAll(async () => {
  book = await openBook();
  await addCreator(book.ledger, { handle: 'alice', name: 'Alice' }, NOW);
});
afterAll(() => book.close());

const random = (length: number) => randomBytes(length);
const make = (more: { handle?: string; scope?: 'read' | 'write'; name?: string } = {}) =>
  createKey(book.ledger, { scope: 'write', name: 'Test', ...more }, NOW, random);
const HOUR = 3_600_000;
const later = (ms: number) => new Date(NOW.getTime() + ms);

/** The checksum as a scanner for leaked secrets would look at it, from the definition alone. */
function looksLikeAKey(token: string) {
  const match = /^ampjar_([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/.exec(token);
  if (!match) return false;
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const told = [...match[2]!].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
  return told === crc32(match[1]!);
}

describe('the token of a key', () => {
  it('has a form and a checksum that tell it from all else', () => {
    for (let at = 0; at < 200; at++) {
      const token = tokenFrom(randomBytes(32));
      expect(looksLikeAKey(token)).toBe(true);
      expect(isToken(token)).toBe(true);
    }
  });

  it('is always the same for the same bytes', () => {
    expect(tokenFrom(new Uint8Array(32))).toBe(
      `ampjar_${'0'.repeat(30)}${tokenFrom(new Uint8Array(32)).slice(-6)}`,
    );
    expect(looksLikeAKey(tokenFrom(new Uint8Array(32).fill(255)))).toBe(true);
  });

  it('with a letter changed anywhere is none', () => {
    const token = tokenFrom(randomBytes(32));
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'x' ? 'y' : 'x';
      expect(isToken(token.slice(0, at) + other + token.slice(at + 1)), `${at}`).toBe(false);
    }
    for (const text of [
      '',
      'ampjar_',
      token.slice(1),
      `${token}a`,
      `${token}\n`,
      ` ${token}`,
      token.toUpperCase(),
    ])
      expect(isToken(text), text).toBe(false);
  });

  it('holds more than 128 random bits, which no two keys share', async () => {
    const tokens = new Set(Array.from({ length: 500 }, () => tokenFrom(randomBytes(32))));
    expect(tokens.size).toBe(500);
    expect(30 * Math.log2(62)).toBeGreaterThan(128);
  });
});

describe('a key', () => {
  it('is known by its token, and the table holds no token', async () => {
    const { token, key } = await make({ handle: 'alice', scope: 'read', name: 'Overlay' });
    expect(key).toStrictEqual({
      id: key.id,
      handle: 'alice',
      scope: 'read',
      name: 'Overlay',
      createdAt: NOW,
    });
    expect(isKeyId(key.id)).toBe(true);
    expect(await readKeyByToken(book.ledger, token)).toStrictEqual(key);
    const items = JSON.stringify(await scan(book.ledger));
    expect(items).not.toContain(token);
    expect(items).not.toContain(token.slice(7, 37));
    expect(items).toContain(createHash('sha256').update(token).digest('hex'));
    expect(JSON.stringify(key)).not.toContain(createHash('sha256').update(token).digest('hex'));
  });

  it('made again of the same randomness is the same key', async () => {
    const bytes = randomBytes(32);
    const same = () => createKey(book.ledger, { scope: 'read', name: 'Same' }, NOW, () => bytes);
    const first = await same();
    expect(await same()).toStrictEqual(first);
    expect((await listKeys(book.ledger, undefined)).filter(({ name }) => name === 'Same')).toHaveLength(1);
  });

  it('is not known by another token, however it is made', async () => {
    await make();
    for (const token of ['', 'x', 'ampjar_', tokenFrom(randomBytes(32))])
      expect(await readKeyByToken(book.ledger, token)).toBeUndefined();
  });

  it.each([
    [{ handle: 'nobody' }, 'handle: there is no creator "nobody"'],
    [{ name: ' ' }, 'name: " " is not 1 to 60 characters in one line, which can be seen'],
    [{ name: 'x'.repeat(61) }, 'is not 1 to 60 characters in one line, which can be seen'],
    [{ name: 'a\nb' }, 'is not 1 to 60 characters in one line, which can be seen'],
  ])('is not made of %j', async (terms, message) => {
    await expect(make(terms)).rejects.toThrow(ApiKeyError);
    await expect(make(terms)).rejects.toThrow(message);
  });

  it('opens nothing once it is revoked, and stays in the list of its owner with the first time', async () => {
    const { token, key } = await make({ handle: 'alice' });
    expect(await revokeKey(book.ledger, 'alice', key.id, later(1))).toStrictEqual({
      ...key,
      revokedAt: later(1),
    });
    expect(await revokeKey(book.ledger, 'alice', key.id, later(2))).toMatchObject({ revokedAt: later(1) });
    expect(await readKeyByToken(book.ledger, token)).toBeUndefined();
    expect((await listKeys(book.ledger, 'alice')).find(({ id }) => id === key.id)?.revokedAt).toEqual(
      later(1),
    );
  });

  it('is another’s to revoke by no id', async () => {
    const { token, key } = await make();
    expect(await revokeKey(book.ledger, 'alice', key.id, NOW)).toBeUndefined();
    expect(await revokeKey(book.ledger, undefined, 'key_0000000000000000', NOW)).toBeUndefined();
    expect(await readKeyByToken(book.ledger, token)).toStrictEqual(key);
  });

  it('notes its use once an hour, and a use that comes with a revocation does not undo it', async () => {
    const { token } = await make({ name: 'Used' });
    const use = async (ms: number) => {
      const key = (await readKeyByToken(book.ledger, token))!;
      await noteUse(book.ledger, token, key, later(ms));
      return (await readKeyByToken(book.ledger, token))?.lastUsedAt;
    };
    expect(await use(0)).toEqual(later(0));
    expect(await use(HOUR - 1)).toEqual(later(0));
    expect(await use(HOUR)).toEqual(later(HOUR));
    const seen = (await readKeyByToken(book.ledger, token))!;
    await revokeKey(book.ledger, undefined, seen.id, later(3 * HOUR));
    await noteUse(book.ledger, token, seen, later(3 * HOUR));
    expect(await readKeyByToken(book.ledger, token)).toBeUndefined();
  });

  it('that is used at once in many places is written once', async () => {
    const { token, key } = await make({ name: 'Busy' });
    const times = Array.from({ length: 5 }, (_, at) => later(at));
    await Promise.all(times.map((time) => noteUse(book.ledger, token, key, time)));
    const { lastUsedAt } = (await readKeyByToken(book.ledger, token))!;
    expect(times).toContainEqual(lastUsedAt);
    await noteUse(book.ledger, token, key, later(10));
    expect((await readKeyByToken(book.ledger, token))?.lastUsedAt).toEqual(lastUsedAt);
  });
});
