/** How long an answer may be used, in seconds. */
interface Freshness {
  readonly maxAge: number;
  readonly sMaxAge: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

/** A browser asks again after a short while, an edge cache holds on to it, for a day if the origin is down. */
const INVOICE: Freshness = { maxAge: 5, sMaxAge: 60, staleWhileRevalidate: 300, staleIfError: 86_400 };

/** A page has the invoice and the newest tips on it. */
const PAGE: Freshness = { ...INVOICE, sMaxAge: 10, staleWhileRevalidate: 60 };

/** What changes with each tip, and what a payer's erased words must vanish from soon. */
const FEED: Freshness = { maxAge: 2, sMaxAge: 5, staleWhileRevalidate: 30, staleIfError: 300 };

const ONE_YEAR = 31_536_000;

const write = (freshness: Freshness) =>
  [
    'public',
    `max-age=${freshness.maxAge}`,
    `s-maxage=${freshness.sMaxAge}`,
    `stale-while-revalidate=${freshness.staleWhileRevalidate}`,
    `stale-if-error=${freshness.staleIfError}`,
  ].join(', ');

/**
 * Seconds for which an answer with this invoice may be seen. An answer of the process's own cache is up to
 * `INVOICE.maxAge` old when it leaves, so that much is taken off.
 */
const secondsLeft = (expiresAt: Date, now: Date) =>
  Math.floor((expiresAt.getTime() - now.getTime()) / 1000) - INVOICE.maxAge;

/**
 * Freshness cut down so that the longest use, `s-maxage` and then the longest `stale-*` (RFC 5861), ends before the
 * invoice does.
 */
function within(freshness: Freshness, left: number): string {
  if (left <= 0) return 'no-store';
  const sMaxAge = Math.min(freshness.sMaxAge, Math.floor(left / 2));
  const stale = left - sMaxAge;
  return write({
    maxAge: Math.min(freshness.maxAge, sMaxAge),
    sMaxAge,
    staleWhileRevalidate: Math.min(freshness.staleWhileRevalidate, stale),
    staleIfError: Math.min(freshness.staleIfError, stale),
  });
}

/** `Cache-Control` of an answer with a payable invoice in it, which no cache may show after the invoice's expiry. */
export const invoiceFreshness = (expiresAt: Date, now: Date) => within(INVOICE, secondsLeft(expiresAt, now));

/** `Cache-Control` of a tip page: an invoice and the newest tips. */
export const pageFreshness = (expiresAt: Date, now: Date) => within(PAGE, secondsLeft(expiresAt, now));

/**
 * `Cache-Control` of what an address names for good: usable as long as the invoice is, and never asked for again. An edge that
 * is told nothing of errors would go on with it while the function is down.
 */
export function immutableFreshness(expiresAt: Date, now: Date): string {
  const left = secondsLeft(expiresAt, now);
  return left <= 0 ? 'no-store' : `public, max-age=${Math.min(left, ONE_YEAR)}, stale-if-error=0, immutable`;
}

/** `Cache-Control` of a code that leads to an invoice when it is paid: there is none in it to expire. */
export const CODE_FRESHNESS = write(INVOICE);

/** `Cache-Control` of feed and totals. */
export const FEED_FRESHNESS = write(FEED);

/**
 * `Cache-Control` of the tips after a cursor: many pages that lost their connection at once share an answer, and it is no
 * older than a page may be behind.
 */
export const AFTER_FRESHNESS = write({ maxAge: 1, sMaxAge: 1, staleWhileRevalidate: 0, staleIfError: 0 });

/** `Cache-Control` of a profile: it has totals in it, and no invoice. */
export const PROFILE_FRESHNESS = write({ ...FEED, maxAge: 5, sMaxAge: 10 });

/** `Cache-Control` of the service's own description, which changes with a release. */
export const DOCUMENT_FRESHNESS = 'public, max-age=300, stale-if-error=86400';

/** `Cache-Control` of "no such creator": short, for there may be one in a moment. */
export const ABSENCE_FRESHNESS = 'public, max-age=5, s-maxage=10';

/** `Cache-Control` of what only one reader may have. */
export const PRIVATE = 'private, no-store';
