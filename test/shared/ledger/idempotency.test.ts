import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLAIM_MS, KEPT_MS } from '../../../shared/ledger/idempotency.ts';
import {
  type Claim,
  claimedRandom,
  claimRequest,
  keepAnswer,
  releaseClaim,
  seal,
  unseal,
  yieldClaim,
} from '../../../shared/ledger/index.ts';
import { NOW, openBook, scan } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
beforeAll(async () => {
  book = await openBook();
});
afterAll(() => book.close());

let named = 0;
const newKey = () => `key ${++named}`;
const random = (length: number) => Uint8Array.from(randomBytes(length));
const later = (ms: number) => new Date(NOW.getTime() + ms);
const claim = (key: string, ms = 0, requestHash = 'hash') =>
  claimRequest(book.ledger, { keyId: 'key_a', key, requestHash }, later(ms), random);
const mine = async (...args: Parameters<typeof claim>): Promise<Claim> => {
  const claimed = await claim(...args);
  if (claimed.is !== 'mine') throw new Error(`the request is ${claimed.is}`);
  return claimed.claim;
};
const TOKEN = 'ampjar_token';
const OTHER = 'ampjar_another';

describe('a request under an idempotency key', () => {
  it('is its first caller’s until the claim runs out, then the next one’s, with the same seed and time', async () => {
    const key = newKey();
    const first = await mine(key);
    expect(first).toMatchObject({ again: false, createdAt: NOW });
    expect(await claim(key, CLAIM_MS - 1)).toEqual({ is: 'busy', until: later(CLAIM_MS) });
    const second = await mine(key, CLAIM_MS);
    expect(second).toStrictEqual({ ...first, again: true, claimedUntil: later(2 * CLAIM_MS) });
  });

  it('is one caller’s of many at once, at first and when a claim ran out', async () => {
    const key = newKey();
    for (const ms of [0, CLAIM_MS]) {
      const claims = await Promise.all(Array.from({ length: 10 }, () => claim(key, ms)));
      expect(claims.filter(({ is }) => is === 'mine')).toHaveLength(1);
      expect(claims.filter(({ is }) => is === 'busy')).toHaveLength(9);
    }
  });

  it('is not another request’s', async () => {
    const key = newKey();
    await mine(key);
    expect(await claim(key, 0, 'another')).toEqual({ is: 'other' });
    expect(await claim(key, CLAIM_MS, 'another')).toEqual({ is: 'other' });
  });

  it('is answered the same until a day is over, and then new', async () => {
    const key = newKey();
    const first = await mine(key);
    const sealed = new Uint8Array([1, 2, 3]);
    await keepAnswer(book.ledger, first, { status: 201, sealed });
    expect(await claim(key, KEPT_MS - 1_000)).toEqual({ is: 'answered', status: 201, sealed });
    const next = await mine(key, KEPT_MS + 1_000);
    expect(next.again).toBe(false);
    expect(next.seed).not.toEqual(first.seed);
  });

  it('takes no answer from an attempt that was overtaken', async () => {
    const key = newKey();
    const slow = await mine(key);
    const quick = await mine(key, CLAIM_MS);
    await keepAnswer(book.ledger, slow, { status: 201, sealed: new Uint8Array([1]) });
    expect((await claim(key, CLAIM_MS)).is).toBe('busy');
    await keepAnswer(book.ledger, quick, { status: 201, sealed: new Uint8Array([2]) });
    await yieldClaim(book.ledger, slow, later(CLAIM_MS));
    await releaseClaim(book.ledger, slow, later(CLAIM_MS));
    expect(await claim(key, CLAIM_MS)).toMatchObject({ is: 'answered', sealed: new Uint8Array([2]) });
  });

  it('that broke off may be tried at once, as the same; that did nothing, as new', async () => {
    const broken = await mine(newKey());
    await yieldClaim(book.ledger, broken, later(5));
    expect(await mine(broken.key, 5)).toMatchObject({ again: true, seed: broken.seed });
    const nothing = await mine(newKey());
    await releaseClaim(book.ledger, nothing, later(5));
    const next = await mine(nothing.key, 5);
    expect(next.again).toBe(false);
    expect(next.seed).not.toEqual(nothing.seed);
  });

  it('vanishes from the table after a day', async () => {
    await mine('vanishing');
    const item = (await scan(book.ledger)).find(({ sk }) => sk?.S === 'vanishing')!;
    expect(Number(item.ttl?.N)).toBe(Math.ceil((NOW.getTime() + KEPT_MS) / 1000));
  });
});

describe('the randomness of a claim', () => {
  it('comes again in the same order to the same bearer, and to nobody else', async () => {
    const first = await mine(newKey());
    const draw = (of: Claim, token: string) => {
      const next = claimedRandom(of, token);
      return [next(16), next(16), next(32)].map((bytes) => Buffer.from(bytes).toString('hex'));
    };
    const drawn = draw(first, TOKEN);
    expect(new Set(drawn).size).toBe(3);
    expect(draw(await mine(first.key, CLAIM_MS), TOKEN)).toEqual(drawn);
    expect(draw(first, OTHER)).not.toEqual(drawn);
    expect(draw(await mine(newKey()), TOKEN)).not.toEqual(drawn);
  });
});

describe('a sealed answer', () => {
  const at = { keyId: 'key_a', key: 'one' };
  const content = JSON.stringify({ token: 'ampjar_secret', name: '🍯' });

  it('is opened by who has the token, at its place', () => {
    expect(unseal(TOKEN, at, seal(TOKEN, at, content))).toBe(content);
    expect(Buffer.from(seal(TOKEN, at, content)).toString('latin1')).not.toContain('ampjar_secret');
  });

  it('is opened by nobody else, nowhere else, and not when a byte of it was changed', () => {
    const sealed = seal(TOKEN, at, content);
    expect(() => unseal(OTHER, at, sealed)).toThrow();
    expect(() => unseal(TOKEN, { ...at, key: 'two' }, sealed)).toThrow();
    expect(() => unseal(TOKEN, { ...at, keyId: 'key_b' }, sealed)).toThrow();
    for (let byte = 0; byte < sealed.length; byte++) {
      const changed = Uint8Array.from(sealed, (value, where) => (where === byte ? value ^ 1 : value));
      expect(() => unseal(TOKEN, at, changed), `${byte}`).toThrow();
    }
  });
});
