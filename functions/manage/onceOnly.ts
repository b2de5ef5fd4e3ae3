import { createHash } from 'node:crypto';
import {
  type Claim,
  claimedRandom,
  claimRequest,
  keepAnswer,
  type Ledger,
  releaseClaim,
  seal,
  unseal,
  yieldClaim,
} from '../../shared/ledger/index.ts';
import { Problem } from '../http/problem.ts';
import { type Answer, giveProblem } from './answer.ts';
import type { Bearer } from './bearer.ts';

/** What carrying out a request once and no more takes. */
export interface OnceParts {
  readonly ledger: Ledger;
  readonly clock: () => Date;
  readonly random: (length: number) => Uint8Array;
  readonly report: (error: unknown) => void;
}

/** What a request is carried out with, so that a second attempt makes the same things. */
export interface Attempt {
  readonly random: (length: number) => Uint8Array;
  /** When the request came first. */
  readonly now: Date;
  /** Whether an attempt before broke off, and may have done all or nothing of it. */
  readonly again: boolean;
}

/** What stands for a request: method, address and body, to the byte. */
export const requestHash = (method: string, url: string, body: string) => {
  const { pathname, search } = new URL(url);
  return createHash('sha256').update(`${method} ${pathname}${search}\n${body}`).digest('hex');
};

const inProgress = (until: Date, now: Date) =>
  new Problem(
    'in-progress',
    'Idempotency-Key: the same request is being carried out at this moment; ask again for its answer.',
    { field: 'Idempotency-Key', expected: 'a request that has ended' },
    { 'retry-after': String(Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000))) },
  );

/**
 * Carry a request out once, however often it comes under its idempotency key, and give the same answer each time.
 * @throws Problem in-progress, key-reused, and what the request meets
 */
export async function onceOnly(
  parts: OnceParts,
  bearer: Bearer,
  { key, hash }: { key: string; hash: string },
  carryOut: (attempt: Attempt) => Promise<Answer>,
): Promise<Answer> {
  const { ledger, clock, random } = parts;
  const asked = { keyId: bearer.key.id, key, requestHash: hash };
  const claimed = await claimRequest(ledger, asked, clock(), random);
  if (claimed.is === 'busy') throw inProgress(claimed.until, clock());
  if (claimed.is === 'other')
    throw new Problem('key-reused', 'Idempotency-Key: it came with another request before; take a new one.', {
      field: 'Idempotency-Key',
      value: key,
      expected: 'a key of this request alone',
    });
  if (claimed.is === 'answered') {
    const { headers, ...kept }: Answer = JSON.parse(unseal(bearer.token, asked, claimed.sealed));
    return { ...kept, headers: { ...headers, 'idempotency-replayed': 'true' } };
  }
  const { claim } = claimed;
  const attempt = { random: claimedRandom(claim, bearer.token), now: claim.createdAt, again: claim.again };
  const answer = await carryOut(attempt).catch((error) => answerTo(error, parts, claim));
  // What was done is done: a failure to keep the answer costs a second attempt, which makes nothing twice.
  const sealed = seal(bearer.token, claim, JSON.stringify(answer));
  await keepAnswer(ledger, claim, { status: answer.status, sealed }).catch(parts.report);
  return answer;
}

/** Refusals are answers, too; what passes by itself is not kept, and what broke off may be tried again. */
async function answerTo(error: unknown, parts: OnceParts, claim: Claim): Promise<Answer> {
  const { ledger, clock, report } = parts;
  const isRefusal = error instanceof Problem && error.status < 500;
  if (isRefusal && !('retry-after' in error.headers)) return giveProblem(error);
  const letGo = isRefusal && !claim.again ? releaseClaim : yieldClaim;
  await letGo(ledger, claim, clock()).catch(report);
  throw error;
}
