import { CreatorChangedError, WebhookChangedError } from '../../shared/ledger/index.ts';
import { badValue, Problem } from '../http/problem.ts';
import { etagOf } from './answer.ts';

/** What `If-Match` demands: that the tag is one of these, or nothing but that the thing is there. */
export type Precondition = 'any' | ReadonlySet<string>;

export const IF_MATCH_FORM = /^\s*(\*|(W\/)?"[\x21\x23-\x7e]*"(\s*,\s*(W\/)?"[\x21\x23-\x7e]*")*)\s*$/;
const EXPECTED = 'the ETag of what is to be changed, or *';

/** Read an `If-Match`. Weak tags match nothing (RFC 9110, 13.1.1). @throws Problem */
export function readPrecondition(ifMatch: string | undefined): Precondition {
  if (ifMatch === undefined)
    throw new Problem('precondition-required', `If-Match: missing, expected ${EXPECTED}.`, {
      field: 'If-Match',
      expected: EXPECTED,
    });
  if (!IF_MATCH_FORM.test(ifMatch)) throw badValue('If-Match', ifMatch, EXPECTED);
  if (ifMatch.trim() === '*') return 'any';
  return new Set(ifMatch.split(',').map((tag) => tag.trim()));
}

const stale = (version: bigint) =>
  new Problem(
    'stale',
    'If-Match: it was changed since; read it again, and see whether the change still fits.',
    {
      field: 'If-Match',
      expected: etagOf(version),
    },
  );

const TRIES = 4;

/**
 * Change something under a precondition. Where any version will do, a change that meets another at the same time is tried again.
 * @param read what is there now
 * @param change demands the version that it is given, if one
 * @throws Problem
 */
export async function changing<T extends { readonly version: bigint }, C>(
  precondition: Precondition,
  read: () => Promise<T>,
  change: (version: bigint | undefined, now: T) => Promise<C>,
): Promise<C> {
  for (let attempt = 1; ; attempt++) {
    const now = await read();
    if (precondition !== 'any' && !precondition.has(etagOf(now.version))) throw stale(now.version);
    try {
      return await change(precondition === 'any' ? undefined : now.version, now);
    } catch (error) {
      if (!isCollision(error)) throw error;
      if (attempt < TRIES) continue;
      throw new Problem('changed', 'Others change the same all the time; try again in a moment.', undefined, {
        'retry-after': '1',
      });
    }
  }
}

const isCollision = (error: unknown) =>
  error instanceof CreatorChangedError || error instanceof WebhookChangedError;
