/** How long a redirection may be kept, a day: it follows from the address alone. */
const REDIRECTION_FRESHNESS = 'public, max-age=86400';

/** Where a path has a handle. */
const BEFORE_HANDLE = /^(\/@|\/v1\/creators\/|\/\.well-known\/lnurlp\/)([^/]+)/;

/** The path of a request as it came, percent-encoded. */
export function pathOf({ url }: Request): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  return /^[^?#]*/.exec(url.slice(start))![0];
}

/** A segment with nothing encoded that may stand there as it is. @see RFC 3986, 3.3 */
function plainSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return encodeURIComponent(decodeURIComponent(segment)).replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, (code) =>
      decodeURIComponent(code),
    );
  } catch {
    return segment;
  }
}

const inLowerCase = (handle: string) =>
  handle.replace(/%[0-9A-F]{2}|[A-Z]+/g, (part) => (part.startsWith('%') ? part : part.toLowerCase()));

/**
 * The one spelling of a path: handles in lower case, nothing encoded without need, no slash doubled or at the end. An encoded slash
 * stays what it is, a part of a name. The one of a canonical path is itself.
 */
export function canonicalPath(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '');
  return `/${segments.map(plainSegment).join('/')}`.replace(
    BEFORE_HANDLE,
    (_, before, handle) => before + inLowerCase(handle),
  );
}

/**
 * Where a request leads that spells its path otherwise: to the canonical one of the same origin, with the query as it came. An edge
 * keeps this by path and by what it passes on of a query, and what it passes on is all that there is in it.
 * @param headersAt further headers of all answers at a path
 * @returns undefined for one that is spelled right, or doesn't read
 */
export function redirection(
  request: Request,
  headersAt: (path: string) => Record<string, string> = () => ({}),
): Response | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  const path = pathOf(request);
  const canonical = canonicalPath(path);
  if (canonical === path) return undefined;
  const query = /\?[^#]*/.exec(request.url)?.[0] ?? '';
  return new Response(null, {
    status: 308,
    headers: {
      location: canonical + query,
      'cache-control': REDIRECTION_FRESHNESS,
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
      ...headersAt(canonical),
    },
  });
}
