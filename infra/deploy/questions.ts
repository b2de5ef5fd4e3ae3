import { ORIGIN_SECRET_HEADER } from '../../shared/contract/edgeHeaders.ts';

/** What a deployment is asked at its end, and how it must answer. */
export interface Question {
  /** As it stands in the request line, character by character. */
  readonly path: string;
  readonly method?: 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** How the media type begins; any, unless told. */
  readonly type?: string;
  /** What the function must have understood: it says so in its answer, or in where it leads. */
  readonly arrived?: string;
}

const JSON_TYPE = { accept: 'application/json' };
/** No handle has this form. */
const NOBODY = 'nobody--here';
/** A handle. Whether anybody has it does not matter: what is asked of them has a fault that is looked at first. */
const ANYBODY = 'anybody';

/**
 * Characters that signatures are known to differ about, as clients write them, and what they mean in a query and in a path.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (UriEncode)
 */
const SPELLINGS: readonly { written: string; query: string; path?: string; isMoved?: true }[] = [
  { written: 'a+b', query: 'a b', path: 'a+b' },
  { written: "(hi)!*'", query: "(hi)!*'", path: "(hi)!*'" },
  // These a path is led away from, to how it is written here.
  { written: '%c3%a9', query: 'é', path: 'é', isMoved: true },
  { written: '%C3%A9', query: 'é', path: 'é' },
  { written: 'a%20b', query: 'a b', path: 'a b' },
  { written: '%2B%40%3D', query: '+@=', path: '+@=', isMoved: true },
  { written: '@x,y;z:$', query: '@x,y;z:$', path: '@x,y;z:$' },
  { written: '~-._', query: '~-._', path: '~-._' },
  // Not within a path: servers differ about what a segment is.
  { written: '%2F%26', query: '/&' },
];

/** Where a spelling comes to each function, and whose answer says what it made of it. */
const PLACES: readonly {
  part: 'path' | 'query';
  at: (written: string) => string;
  status: number;
}[] = [
  { part: 'path', at: (written) => `/v1/invoices/${written}`, status: 400 },
  // CloudFront passes on parameters that it keeps answers by, and elsewhere the whole query.
  { part: 'query', at: (written) => `/v1/creators/${ANYBODY}/tips?limit=${written}`, status: 400 },
  { part: 'query', at: (written) => `/@${ANYBODY}/overlay?seconds=${written}`, status: 400 },
  {
    part: 'query',
    at: (written) => `/.well-known/lnurlp/${ANYBODY}/callback?amount=${written}`,
    status: 200,
  },
];

const SPELT: readonly Question[] = PLACES.flatMap(({ part, at, status }) =>
  SPELLINGS.flatMap(({ written, isMoved, ...means }) => {
    const arrived = means[part];
    if (arrived === undefined) return [];
    const given = part === 'path' && isMoved ? 308 : status;
    return [{ path: at(written), headers: JSON_TYPE, status: given, arrived }];
  }),
);

/** What readers and wallets ask at the edge, with every spelling that occurs. */
export const EDGE_QUESTIONS: readonly Question[] = [
  { path: '/openapi.json', status: 200, type: 'application/json' },
  { path: '/openapi.json', method: 'HEAD', status: 200, type: 'application/json' },
  { path: `/@${NOBODY}`, headers: { accept: 'text/html' }, status: 404, type: 'text/html' },
  { path: `/@${NOBODY}`, method: 'HEAD', status: 404 },
  { path: `/@${NOBODY}/overlay?size=large&seconds=9`, status: 404 },
  {
    path: `/.well-known/lnurlp/${NOBODY}?comment=%C3%A9%20%2B%40%2F`,
    status: 200,
    type: 'application/json',
  },
  { path: '/widget.js', status: 200, type: 'text/javascript' },
  ...SPELT,
];

/** What strangers ask at a function's own URL, past the edge: nothing is told them. */
export const STRANGERS_QUESTIONS: readonly Question[] = [
  { path: '/openapi.json', status: 403 },
  { path: `/.well-known/lnurlp/${NOBODY}`, status: 403 },
  { path: '/openapi.json', headers: { [ORIGIN_SECRET_HEADER]: 'a'.repeat(43) }, status: 403 },
];
