/** A bounded cache of answers, each with an end of its own. */
export interface AnswerCache<T> {
  get(key: string): T | undefined;
  /** Keep an answer for some seconds; none for 0. */
  put(key: string, answer: T, seconds: number): void;
}

/**
 * Keep at most `limit` answers, the oldest going first: they live for seconds, so who is asked for often is soon back. A
 * clock that was set back ends what is kept rather than prolonging it.
 * @param clock the time that ages answers
 */
export function answerCache<T>(limit: number, clock: () => Date): AnswerCache<T> {
  const kept = new Map<string, { answer: T; from: number; until: number }>();
  return {
    get(key) {
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      const now = clock().getTime();
      if (now >= entry.from && now < entry.until) return entry.answer;
      kept.delete(key);
      return undefined;
    },
    put(key, answer, seconds) {
      if (seconds <= 0) return;
      const from = clock().getTime();
      kept.delete(key);
      kept.set(key, { answer, from, until: from + seconds * 1000 });
      if (kept.size > limit) kept.delete(kept.keys().next().value as string);
    },
  };
}
