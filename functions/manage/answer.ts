import { type Problem, problemBody } from '../http/problem.ts';

/** What a request is answered with, as data, so that it can be kept. */
export interface Answer {
  readonly status: number;
  /** JSON, or nothing. */
  readonly body?: string;
  readonly headers: Record<string, string>;
}

/** On every answer. No page of another site may read it, so there is no word of CORS; an address may hold a set id. */
const COMMON = {
  'cache-control': 'private, no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The strong tag of a version (RFC 9110, 8.8.3). */
export const etagOf = (version: bigint) => `"${version}"`;

/** An answer with a JSON body; `version` is that of what it shows, and becomes its `ETag`. */
export const give = (
  body: object,
  {
    status = 200,
    version,
    headers = {},
  }: { status?: number; version?: bigint; headers?: Record<string, string> } = {},
): Answer => ({
  status,
  body: JSON.stringify(body),
  headers: {
    'content-type': 'application/json',
    ...(version !== undefined && { etag: etagOf(version) }),
    ...headers,
  },
});

/** Done, and nothing more to say. */
export const done = (version?: bigint): Answer => ({
  status: 204,
  headers: version === undefined ? {} : { etag: etagOf(version) },
});

/** A problem as an answer. */
export const giveProblem = (problem: Problem): Answer => ({
  status: problem.status,
  body: JSON.stringify(problemBody(problem)),
  headers: { 'content-type': 'application/problem+json', ...problem.headers },
});

/** The response to a request, or 304 to who has it already. */
export function respond({ status, body, headers }: Answer, ifNoneMatch?: string): Response {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (status === 200 && headers.etag && (tags?.includes(headers.etag) || ifNoneMatch?.trim() === '*'))
    return new Response(null, { status: 304, headers: { ...COMMON, etag: headers.etag } });
  return new Response(body ?? null, { status, headers: { ...COMMON, ...headers } });
}
