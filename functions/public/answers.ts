import type { Representation } from '../http/representation.ts';
import { type AnswerCache, answerCache } from './answerCache.ts';
import { sharedReads } from './sharedReads.ts';

/**
 * How often the table is read: once a request; once for all requests of one turn of the event loop; or not at all
 * while an answer is younger than its own `max-age`.
 */
export type Reads = 'each' | 'shared' | 'cached';

/** Give the answer of a key, made by `render` if there is none to share. */
export type Answers = (key: string, render: () => Promise<Representation>) => Promise<Representation>;

/** Answers kept at most; a page is the largest, at some 20 kB. */
const KEPT_ANSWERS = 1_000;

/** The way to answer that `reads` names, and the cache that it keeps answers in, if it does. */
export function answersBy(
  reads: Reads,
  clock: () => Date,
): { answers: Answers; cache?: AnswerCache<Representation> } {
  if (reads === 'each') return { answers: (_, render) => render() };
  const shared = sharedReads<Representation>();
  if (reads === 'shared') return { answers: shared };
  const cache = answerCache<Representation>(KEPT_ANSWERS, clock);
  const answers: Answers = async (key, render) =>
    cache.get(key) ??
    shared(key, async () => {
      const answer = await render();
      cache.put(key, answer, answer.maxAge);
      return answer;
    });
  return { answers, cache };
}
