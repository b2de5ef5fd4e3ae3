const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long after one failed try comes the next: three days in all. */
export const BACKOFF_MS = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  1 * HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  ...[12, 12, 12, 12, 8].map((hours) => hours * HOUR),
] as const;

/** A wait is up to so much longer or shorter, so that what failed together doesn't come back together. */
const JITTER = 0.2;

/** A receiver that wants to be left alone for longer is asked after that all the same. */
export const MOST_REST_MS = 12 * HOUR;

/** An endpoint that did nothing but fail for so long is switched off. */
export const OFF_AFTER_MS = 5 * DAY;
/** Not for one bad try after days without an event: the same delivery must have failed so often. */
const OFF_AFTER_TRIES = 3;

/** What came of a POST. */
export type Answer =
  | { readonly status: number; readonly retryAfter?: string; readonly durationMs: number }
  | { readonly error: string; readonly durationMs: number };

/** What is to be done after a try. */
export type Verdict =
  | { readonly is: 'done' }
  | { readonly is: 'again'; readonly due: Date; readonly restUntil?: Date }
  | { readonly is: 'failed'; readonly reason: string; readonly restUntil?: Date };

/**
 * What follows from a receiver's answer: 2xx alone is success.
 * @param tries how many were made before this one
 * @param random a fraction from 0 to 1, for the jitter
 */
export function verdictOn(answer: Answer, tries: number, now: Date, random: number): Verdict {
  if ('status' in answer && answer.status >= 200 && answer.status < 300) return { is: 'done' };
  if (isGone(answer)) return { is: 'failed', reason: 'the receiver answered 410 Gone' };
  const rest = 'status' in answer ? restOf(answer.retryAfter, now) : undefined;
  const resting = rest && { restUntil: rest };
  const wait = BACKOFF_MS[tries];
  if (wait === undefined) {
    return { is: 'failed', reason: `none of ${tries + 1} tries over three days succeeded`, ...resting };
  }
  const own = now.getTime() + jittered(wait, random);
  // After its rest a receiver isn't met by all that waited at once, either.
  const asked = rest ? rest.getTime() + random * Math.min(wait, MINUTE) : 0;
  return { is: 'again', due: new Date(Math.ceil(Math.max(own, asked))), ...resting };
}

const jittered = (ms: number, random: number) => ms * (1 - JITTER + 2 * JITTER * random);

/** Whether a receiver says that it is gone for good. */
export const isGone = (answer: Answer) => 'status' in answer && answer.status === 410;

/** IMF-fixdate, the one form of a date that RFC 9110 (5.6.7) lets a sender write. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Until when a Retry-After header wants the sender to wait, seconds or a date (RFC 9110, 10.2.3); at most
 * {@link MOST_REST_MS}. Undefined without one, and for one that can't be read or is over.
 */
export function restOf(retryAfter: string | undefined, now: Date): Date | undefined {
  const text = retryAfter?.trim() ?? '';
  const untilMs = /^\d{1,10}$/.test(text)
    ? now.getTime() + Number(text) * SECOND
    : HTTP_DATE.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (!(untilMs > now.getTime())) return undefined;
  return new Date(Math.min(untilMs, now.getTime() + MOST_REST_MS));
}

/** Why an endpoint is to be switched off after a failed try, or undefined when it isn't. */
export function offReason(
  answer: Answer,
  { tries, failingSince, now }: { tries: number; failingSince: Date | undefined; now: Date },
): string | undefined {
  if (isGone(answer)) return 'it answered 410 Gone';
  if (!failingSince || tries + 1 < OFF_AFTER_TRIES) return undefined;
  if (now.getTime() - failingSince.getTime() < OFF_AFTER_MS) return undefined;
  return `nothing but failures since ${failingSince.toISOString()}`;
}
