import { escapeUnshown } from '../../shared/contract/shownText.ts';
import { ABSENCE_FRESHNESS } from './freshness.ts';
import { KEYED_KINDS } from './keyedKinds.ts';
import { type Representation, represent } from './representation.ts';

/** The kinds of problem, each with its status and what it means in general (`title` of RFC 9457). */
const KINDS = {
  'bad-value': [400, 'A value in the request is not acceptable'],
  'unknown-creator': [404, 'There is no such creator'],
  'unknown-option': [404, 'The creator has no such tip option'],
  'unknown-tip': [404, 'There is no such tip'],
  'unknown-invoice': [404, 'There is no such invoice'],
  'no-origin': [404, 'The service does not know its own address'],
  'unknown-path': [404, 'Nothing is at this address'],
  'method-not-allowed': [405, 'This address can only be read'],
  'not-acceptable': [406, 'The answer has none of the media types asked for'],
  'closed-creator': [410, 'The creator takes tips here no more'],
  'too-many-connections': [429, 'This address holds as many connections as one may'],
  'live-full': [503, 'There are as many live connections as the service takes'],
  'invoice-pending': [503, 'The invoice is being made'],
  'table-unavailable': [503, 'The ledger cannot be read at the moment'],
  internal: [500, 'Something went wrong here'],
} as const satisfies Record<string, readonly [number, string]>;

const ALL_KINDS = { ...KINDS, ...KEYED_KINDS };

export type ProblemKind = keyof typeof ALL_KINDS;

/** The name space of our problem types. It names, it does not resolve: RFC 9457, 3.1.1 allows that. */
const TYPE_PREFIX = 'urn:problem-type:ampjar:';

const SHOWN_LENGTH = 40;

/** A value for an error: cut, so that a long one can't blow up the answer, and not within a surrogate pair. */
const cut = (value: string) =>
  value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH).replace(/[\ud800-\udbff]$/, '')}…` : value;

/** What can be said of the value that caused a problem. `value` is left out where it may be a secret. */
interface Cause {
  readonly field: string;
  readonly value?: string;
  readonly expected: string;
}

/** A request that can't be answered as asked, and why, in the terms of RFC 9457. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: ProblemKind;
  readonly status: number;
  readonly title: string;
  readonly given: Cause | undefined;
  readonly headers: Record<string, string>;

  constructor(kind: ProblemKind, detail: string, cause?: Cause, headers: Record<string, string> = {}) {
    super(detail);
    this.kind = kind;
    [this.status, this.title] = ALL_KINDS[kind];
    this.given = cause && { ...cause, ...(cause.value === undefined ? {} : { value: cut(cause.value) }) };
    this.headers = headers;
  }
}

/** A value as an error tells of it: text in quotes, and of what is none which sort it is. */
function shown(value: unknown): string {
  if (value === undefined) return 'what was given';
  if (typeof value === 'string') return escapeUnshown(JSON.stringify(cut(value)));
  if (typeof value === 'object') return escapeUnshown(cut(JSON.stringify(value)));
  return `the ${typeof value} ${value}`;
}

/**
 * A value that the request gave and that is not what its field takes.
 * @param value text, any JSON that stands in a text's place, or undefined where it is better not told
 */
export function badValue(field: string, value: unknown, expected: string): Problem {
  return new Problem('bad-value', `${field}: ${shown(value)} is not ${expected}.`, {
    field,
    ...(value !== undefined && { value: typeof value === 'string' ? value : JSON.stringify(value) }),
    expected,
  });
}

/** How long a problem may be kept: what is absent for a short while, all else not at all. */
export const problemFreshness = (problem: Problem) =>
  problem.kind === 'unknown-creator' || problem.kind === 'closed-creator' ? ABSENCE_FRESHNESS : 'no-store';

/** What a problem says of itself. @see RFC 9457 */
export const problemBody = (problem: Problem) => ({
  type: TYPE_PREFIX + problem.kind,
  title: problem.title,
  status: problem.status,
  detail: problem.message,
  ...problem.given,
});

/** A problem as `application/problem+json`. `headers` are those of all answers at that address. */
export function problemJson(problem: Problem, headers: Record<string, string> = {}): Representation {
  return represent({
    status: problem.status,
    type: 'application/problem+json',
    body: JSON.stringify(problemBody(problem)),
    cacheControl: problemFreshness(problem),
    headers: { ...problem.headers, ...headers },
  });
}

/** A problem in the form that wallets know, who ask below `/.well-known/` for what other services have there. @see LUD-01 */
export function problemLnurl(problem: Problem, headers: Record<string, string> = {}): Representation {
  return represent({
    status: problem.status,
    type: 'application/json',
    body: JSON.stringify({ status: 'ERROR', reason: problem.message }),
    cacheControl: problemFreshness(problem),
    headers: { ...problem.headers, ...headers },
  });
}

const FAULT_RETRY_SECONDS = '1';

/**
 * What to tell of an error: itself, if it is a problem of the request; else that the table can't be read (an error of
 * the SDK, which carries `$metadata`) or that something broke here, with nothing of what.
 */
export function asProblem(error: unknown, report: (error: unknown) => void): Problem {
  if (error instanceof Problem) return error;
  report(error);
  return error instanceof Error && '$metadata' in error
    ? new Problem('table-unavailable', 'The table did not answer; ask again in a moment.', undefined, {
        'retry-after': FAULT_RETRY_SECONDS,
      })
    : new Problem('internal', 'The answer could not be made. It is not the fault of the request.');
}
