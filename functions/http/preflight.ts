/** What can be done at an address that anyone may read. */
export const READING = 'GET, HEAD, OPTIONS';

/**
 * What clients send of themselves or by their libraries' habit, for browsers that don't know `*` yet; it admits all else, as the headers
 * by which tracing libraries mark every request.
 */
const ADMITTED = [
  'accept',
  'accept-language',
  'cache-control',
  'content-type',
  'if-modified-since',
  'if-none-match',
  'last-event-id',
  'pragma',
  'range',
  'x-requested-with',
  '*',
];

/**
 * The answer to a browser that asks whether another site's page may read (CORS preflight), and to `OPTIONS` at large: the same at every
 * public address, whether something is there or not. A header that is sent along changes nothing, and is no reason to refuse.
 * @see https://fetch.spec.whatwg.org/#http-access-control-allow-headers
 */
export const preflight = () =>
  new Response(null, {
    status: 204,
    headers: {
      allow: READING,
      'access-control-allow-origin': '*',
      'access-control-allow-methods': READING,
      'access-control-allow-headers': ADMITTED.join(', '),
      'access-control-max-age': '86400',
      'cache-control': 'public, max-age=86400',
    },
  });
