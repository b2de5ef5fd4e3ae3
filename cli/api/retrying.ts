const FIRST_MS = 250;
const LONGEST_MS = 30_000;

/** Who is told to come back later than this is told so, and no longer waited for. */
export const MOST_WAIT_MS = 60_000;

/**
 * How long to wait after a try: twice as long each time, up to half a minute, and half of it by chance, so that many don't come
 * back together.
 * @param attempt from 1
 * @param chance from 0 to 1
 */
export const backoffMs = (attempt: number, chance: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 20)) * (0.5 + chance / 2);

/** What a `Retry-After` asks for, in seconds or as a date, in milliseconds from now. @see RFC 9110, 10.2.3 */
export function retryAfterMs(value: string | null, now: Date): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

const PASSING_STATUSES = [429, 500, 502, 503, 504];
const PASSING_PROBLEMS = ['in-progress', 'changed'];

/** Whether the same request may be answered otherwise in a moment. */
export function isPassing(status: number, body: unknown): boolean {
  if (PASSING_STATUSES.includes(status)) return true;
  const { type } = Object(body) as { type?: unknown };
  return (
    status === 409 && typeof type === 'string' && PASSING_PROBLEMS.some((kind) => type.endsWith(`:${kind}`))
  );
}
