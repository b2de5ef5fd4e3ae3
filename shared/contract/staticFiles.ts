/**
 * Cache-Control of what keeps its name while its content changes, as the widget's loader: a release is everywhere within
 * minutes, and an origin that is down is not missed for a day.
 */
export const LOADER_FRESHNESS = 'public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400';

/** Cache-Control of a file whose name is made of its content: it never changes (RFC 8246). */
export const HASHED_FRESHNESS = 'public, max-age=31536000, immutable';
