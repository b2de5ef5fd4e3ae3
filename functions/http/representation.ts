import { createHash } from 'node:crypto';
import { likesPages } from './accept.ts';

/**
 * An answer made ready once: bytes, headers and tag. It may be given to any number of requests, so nothing in it
 * depends on who asked.
 */
export interface Representation {
  readonly body: string | Uint8Array;
  readonly etag: string;
  readonly found: { readonly status: number; readonly headers: Record<string, string> };
  readonly notModified: { readonly status: 304; readonly headers: Record<string, string> };
  /** The same for who would rather have a page, where there is one. */
  readonly forPeople?: () => Representation;
}

/** On every answer: any site may read it, and no browser guesses its type. */
const COMMON = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, retry-after, allow',
  'x-content-type-options': 'nosniff',
};

/** A strong tag (RFC 9110, 8.8.3) from the bytes of the body, 132 bits of SHA-256. */
const strongTag = (body: string | Uint8Array) =>
  `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;

/**
 * Make an answer ready.
 * @param content status (200 if left out), body and its media type, `Cache-Control`, further headers in lower case
 */
export function represent(content: {
  body: string | Uint8Array;
  type: string;
  cacheControl: string;
  status?: number;
  headers?: Record<string, string>;
}): Representation {
  const etag = strongTag(content.body);
  const headers = { ...COMMON, 'cache-control': content.cacheControl, etag, ...content.headers };
  return {
    body: content.body,
    etag,
    found: { status: content.status ?? 200, headers: { 'content-type': content.type, ...headers } },
    notModified: { status: 304, headers },
  };
}

/**
 * Whether `If-None-Match` names the tag: RFC 9110, 13.1.2, with the weak comparison that it asks for, since a cache
 * that compresses weakens our tag.
 */
const namesTag = (ifNoneMatch: string, etag: string) =>
  ifNoneMatch === etag ||
  ifNoneMatch.trim() === '*' ||
  ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);

/** The response to a request, in the form that it asks for. */
export function respondTo({ headers }: Request, answer: Representation): Response {
  const given = answer.forPeople && likesPages(headers.get('accept')) ? answer.forPeople() : answer;
  return respond(given, headers.get('if-none-match'));
}

/** The response to one request: the whole answer, or 304 to who has it. */
export function respond(answer: Representation, ifNoneMatch: string | null): Response {
  if (ifNoneMatch !== null && answer.found.status === 200 && namesTag(ifNoneMatch, answer.etag)) {
    return new Response(null, answer.notModified);
  }
  return new Response(answer.body, answer.found);
}
