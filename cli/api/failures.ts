import type { ProblemBody } from './bodies.ts';

/** What was asked was refused by the API. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly problem: ProblemBody;
  constructor(status: number, problem: ProblemBody) {
    super(lineOf(problem));
    this.status = status;
    this.problem = problem;
  }
}

/** A problem in one line: the field that it is about, what is wrong, and what was expected. */
function lineOf({ detail, field, expected }: ProblemBody): string {
  const named = field === undefined || detail.includes(field) ? detail : `${field}: ${detail}`;
  return expected === undefined || detail.includes(expected)
    ? named
    : `${named.replace(/\.$/, '')}; expected ${expected}`;
}

const codeOf = (error: Error): string => {
  const { code } = (error.cause ?? error) as { code?: unknown };
  return typeof code === 'string' ? code : error.name === 'TimeoutError' ? 'timeout' : error.message;
};

/** Trying again won't help against a name that is not there, or a certificate that is not trusted. */
const LASTING =
  /^(ENOTFOUND|ERR_TLS_|ERR_INVALID_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/** No answer came: nothing listens there, or the connection broke. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly isLasting: boolean;
  constructor(url: string, error: Error) {
    super(`no answer from ${url} (${codeOf(error)})`);
    this.isLasting = LASTING.test(codeOf(error));
  }
}

/** Something answered that is not the API, or of a version that this command line does not understand. */
export class StrangeAnswerError extends Error {
  override readonly name = 'StrangeAnswerError';
  readonly status: number;
  constructor(
    url: string,
    { status, headers }: Response,
    issue?: { readonly path: readonly PropertyKey[]; readonly message: string },
  ) {
    const location = headers.get('location');
    const at = issue?.path.join('.');
    const how =
      location !== null && status >= 300 && status < 400
        ? `with a redirect to ${location}`
        : `${status} ${headers.get('content-type') ?? 'without a content type'}${at ? `, with an unexpected ${at}` : ''}`;
    super(
      `${url} answered ${how}, which is not Ampjar’s API: does --url or AMPJAR_URL name the right place?`,
    );
    this.status = status;
  }
}
