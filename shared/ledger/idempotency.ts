import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { bytes, type Item, moment, type Of, oneOf, optional, record, small, text } from './codec.ts';
import { keyItem, keys } from './keys.ts';
import { type Ledger, TTL } from './table.ts';
import { equals, put, update } from './transaction.ts';
import { write } from './write.ts';

/** How long an answer is kept for who asks again. */
export const KEPT_MS = 24 * 3_600_000;
/** So long one attempt has the request for itself; longer than any handler may run. */
export const CLAIM_MS = 30_000;

const attempt = record({
  requestHash: text,
  status: oneOf('claimed', 'done'),
  /** When the request came first. */
  createdAt: moment,
  claimedUntil: moment,
  /** What the ids of this request follow from, so that a second attempt makes the same things and not more. */
  seed: bytes,
  /** The answer: HTTP status, and headers and body, sealed. */
  answerStatus: optional(small),
  sealed: optional(bytes),
});
type Attempt = Of<typeof attempt.fields>;

/** A request that is this caller's to carry out. */
export interface Claim {
  readonly keyId: string;
  readonly key: string;
  readonly seed: Uint8Array;
  /** When the request came first; an earlier time than now when an attempt before broke off. */
  readonly createdAt: Date;
  readonly claimedUntil: Date;
  /** An attempt before broke off, and may have done all or nothing of it. */
  readonly again: boolean;
}

/** What a request with an idempotency key meets. */
export type Claimed =
  | { readonly is: 'mine'; readonly claim: Claim }
  | { readonly is: 'answered'; readonly status: number; readonly sealed: Uint8Array }
  /** Under the same key came another request. */
  | { readonly is: 'other' }
  /** It is being carried out; nobody else does before `until`. */
  | { readonly is: 'busy'; readonly until: Date };

const inSeconds = (at: Date) => ({ N: String(Math.ceil(at.getTime() / 1000)) });

/**
 * Claim a request under its idempotency key: of any number at once one gets it.
 * @param requestHash stands for all of the request that matters
 * @param random 32 bytes are asked of it for a request that is new
 */
export async function claimRequest(
  ledger: Ledger,
  { keyId, key, requestHash }: { keyId: string; key: string; requestHash: string },
  now: Date,
  random: (length: number) => Uint8Array,
): Promise<Claimed> {
  const until = new Date(now.getTime() + CLAIM_MS);
  const fresh: Attempt = {
    requestHash,
    status: 'claimed',
    createdAt: now,
    claimedUntil: until,
    seed: random(32),
  };
  const item: Item = {
    ...keyItem(keys.idempotency(keyId, key)),
    ...attempt.toItem(fresh),
    [TTL]: inSeconds(new Date(now.getTime() + KEPT_MS)),
  };
  // DynamoDB deletes what has expired within days, not at once.
  const free = {
    expression: 'attribute_not_exists(pk) OR #ttl <= :now',
    names: { '#ttl': TTL },
    values: { ':now': { N: String(Math.floor(now.getTime() / 1000)) } },
  };
  const written = await write(ledger, put(ledger.table, item, free));
  const mine = (of: Attempt, again: boolean): Claimed => ({
    is: 'mine',
    claim: { keyId, key, seed: of.seed, createdAt: of.createdAt, claimedUntil: until, again },
  });
  if (written.done) return mine(fresh, false);
  const before = attempt.fromItem(written.was!);
  if (before.requestHash !== requestHash) return { is: 'other' };
  if (before.status === 'done')
    return { is: 'answered', status: before.answerStatus!, sealed: before.sealed! };
  if (before.claimedUntil > now) return { is: 'busy', until: before.claimedUntil };
  const taken = await write(
    ledger,
    update(ledger.table, keys.idempotency(keyId, key), {
      set: { claimedUntil: moment.write(until)! },
      condition: equals('claimedUntil', moment.write(before.claimedUntil)!),
    }),
  );
  return taken.done ? mine(before, true) : { is: 'busy', until };
}

const ofClaim = ({ claimedUntil }: Claim) => equals('claimedUntil', moment.write(claimedUntil)!);

/** Keep the answer for who asks again. An attempt that was overtaken keeps nothing: the one after it did the same. */
export async function keepAnswer(
  ledger: Ledger,
  claim: Claim,
  answer: { status: number; sealed: Uint8Array },
): Promise<void> {
  const set = {
    status: { S: 'done' },
    answerStatus: small.write(answer.status)!,
    sealed: bytes.write(answer.sealed)!,
  };
  const at = keys.idempotency(claim.keyId, claim.key);
  await write(ledger, update(ledger.table, at, { set, condition: ofClaim(claim) }));
}

/** Let the next one try at once, for this attempt broke off and nobody knows how far it came. */
export async function yieldClaim(ledger: Ledger, claim: Claim, now: Date): Promise<void> {
  const set = { claimedUntil: moment.write(now)! };
  const at = keys.idempotency(claim.keyId, claim.key);
  await write(ledger, update(ledger.table, at, { set, condition: ofClaim(claim) }));
}

/** Let the key be used anew: nothing was done, and what stood in the way passes by itself. */
export async function releaseClaim(ledger: Ledger, claim: Claim, now: Date): Promise<void> {
  const set = { [TTL]: { N: String(Math.floor(now.getTime() / 1000)) } };
  const at = keys.idempotency(claim.keyId, claim.key);
  await write(ledger, update(ledger.table, at, { set, condition: ofClaim(claim) }));
}

/**
 * Random bytes that a second attempt at the same request gets again, in the same order. They follow from the seed in the table
 * and from the bearer's token, which the table does not know: neither alone tells a secret that was made of them.
 */
export function claimedRandom(claim: Claim, token: string): (length: number) => Uint8Array {
  let asked = 0;
  return (length) =>
    new Uint8Array(hkdfSync('sha256', token, claim.seed, `ampjar randomness ${asked++}`, length));
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const sealingKey = (token: string, claim: { keyId: string; key: string }) =>
  Buffer.from(hkdfSync('sha256', token, '', `ampjar stored answer of ${claim.keyId} to ${claim.key}`, 32));

/**
 * Seal an answer so that only the bearer of the token can have it again: it may show a secret that the table must not know.
 * AES-256-GCM (NIST SP 800-38D) under a key of this one record (HKDF, RFC 5869). The nonce follows from the content, so that
 * sealing two contents under one nonce can't happen.
 */
export function seal(token: string, claim: { keyId: string; key: string }, content: string): Uint8Array {
  const secret = sealingKey(token, claim);
  const nonce = createHmac('sha256', secret).update(content).digest().subarray(0, NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce);
  return Buffer.concat([nonce, cipher.update(content, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** What was sealed. @throws Error when it was changed, or was another's */
export function unseal(token: string, claim: { keyId: string; key: string }, sealed: Uint8Array): string {
  const all = Buffer.from(sealed);
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(token, claim), all.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(all.subarray(-TAG_BYTES));
  const content = all.subarray(NONCE_BYTES, -TAG_BYTES);
  return Buffer.concat([decipher.update(content), decipher.final()]).toString('utf8');
}
