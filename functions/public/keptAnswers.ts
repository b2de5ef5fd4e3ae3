import type { Representation } from '../http/representation.ts';
import type { AnswerCache } from './answerCache.ts';

/** Addresses remembered at most, and the longest: nobody asks twice at a longer one but to fill the memory. */
const MOST = 1_000;
const LONGEST = 300;

/** Answers of a cache by what was asked, word for word: no route, name or option has to be looked at. */
export interface KeptAnswers {
  /** The answer to a request, if it is there. */
  to(request: Request): Representation | undefined;
  /** Remember that a request is answered by what the cache has under a key, now or later. */
  remember(request: Request, key: string): void;
}

/** The whole address and the media types that are liked: all of a request that an answer depends on. */
const asked = (request: Request) => `${request.url}\n${request.headers.get('accept')}`;

export function keptAnswers(cache: AnswerCache<Representation>): KeptAnswers {
  const keys = new Map<string, string>();
  return {
    to(request) {
      const key = request.method === 'GET' ? keys.get(asked(request)) : undefined;
      return key === undefined ? undefined : cache.get(key);
    },
    remember(request, key) {
      const words = asked(request);
      if (request.method !== 'GET' || words.length > LONGEST) return;
      if (keys.size >= MOST) keys.delete(keys.keys().next().value as string);
      keys.set(words, key);
    },
  };
}
