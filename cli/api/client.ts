import { withDeadline } from '../../shared/concurrency/untilAborted.ts';
import { problem } from './bodies.ts';
import { NoAnswerError, RefusedError, StrangeAnswerError } from './failures.ts';
import { type AnswerOf, type AskedOf, OPERATIONS, type OperationName } from './operations.ts';
import { backoffMs, isPassing, MOST_WAIT_MS, retryAfterMs } from './retrying.ts';

/** What asking takes. */
export interface ClientParts {
  /** Where the API answers, without a slash at the end. */
  readonly url: string;
  readonly key: string;
  readonly fetch: typeof fetch;
  readonly clock: () => Date;
  /** Ends early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** A name for a request that no other has. */
  readonly newKey: () => string;
  /** Given to try again for as long as it takes: hears, before each further try, why. Without, it is tried five times. */
  readonly patience?: (why: string) => void;
  readonly signal: AbortSignal;
}

/** An answer and the version of what it shows. */
export interface Answered<T> {
  readonly body: T;
  readonly etag: string | undefined;
}

const TRIES = 5;
/** A Lambda function answers within seconds or not at all. */
const ANSWER_MS = 30_000;

const UNSURE = 'A try before got no answer, and may have been this change.';

type Tried = { response: Response; text: string } | { lost: NoAnswerError };

/**
 * The manage API over HTTP. Requests that got no answer, or one that says later, are sent again: a POST under one
 * idempotency key, so that it is done once.
 */
export class Client {
  readonly #parts: ClientParts;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** The same, trying again for as long as it takes. */
  patient(patience: (why: string) => void): Client {
    return new Client({ ...this.#parts, patience });
  }

  /**
   * Carry out an operation.
   * @throws RefusedError when the API refuses it, NoAnswerError, StrangeAnswerError
   */
  async ask<N extends OperationName>(name: N, asked: AskedOf<N>): Promise<Answered<AnswerOf<N>>> {
    const { method, path, answer } = OPERATIONS[name];
    const { params = {}, query = {}, body, ifMatch = '*' } = asked as AskedOf<OperationName>;
    const { url, key, newKey } = this.#parts;
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, at) =>
      encodeURIComponent((params as Record<string, string>)[at]!),
    );
    const search = new URLSearchParams(
      Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const headers = {
      authorization: `Bearer ${key}`,
      accept: 'application/json, application/problem+json',
      ...(method === 'POST' && { 'idempotency-key': newKey() }),
      ...((method === 'PATCH' || method === 'DELETE') && { 'if-match': ifMatch }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const init = {
      method,
      headers,
      redirect: 'manual',
      ...(body && { body: JSON.stringify(body) }),
    } as const;
    const address = `${url}${filled}${search.size > 0 ? `?${search}` : ''}`;
    const { response, text, again } = await this.#persist(address, init);
    if (response.ok) {
      const read = answer.safeParse(jsonOf(text));
      if (!read.success) throw new StrangeAnswerError(url, response, read.error.issues[0]);
      return { body: read.data as AnswerOf<N>, etag: response.headers.get('etag') ?? undefined };
    }
    // What a try before, whose answer got lost, has deleted is not there any more.
    if (response.status === 404 && method === 'DELETE' && again && answer.safeParse(undefined).success)
      return { body: undefined as AnswerOf<N>, etag: undefined };
    const read = problem.safeParse(jsonOf(text));
    if (!read.success) throw new StrangeAnswerError(url, response);
    const detail = response.status === 412 && again ? `${read.data.detail} ${UNSURE}` : read.data.detail;
    throw new RefusedError(response.status, { ...read.data, detail });
  }

  /** Send a request until it is answered for good. `again` tells whether a try before may have been carried out. */
  async #persist(address: string, init: RequestInit) {
    const { clock, sleep, random, patience, signal } = this.#parts;
    let again = false;
    for (let attempt = 1; ; attempt++) {
      const tried = await this.#try(address, init);
      const isLast = !patience && attempt >= TRIES;
      let askedMs = 0;
      if ('lost' in tried) {
        if (isLast || (!patience && tried.lost.isLasting)) throw tried.lost;
        again = true;
        patience?.(tried.lost.message);
      } else {
        const { response, text } = tried;
        const { status, headers } = response;
        askedMs = retryAfterMs(headers.get('retry-after'), clock()) ?? 0;
        const isTooLong = !patience && askedMs > MOST_WAIT_MS;
        if (isLast || isTooLong || !isPassing(status, jsonOf(text))) return { ...tried, again };
        again ||= status >= 500;
        patience?.(`the service answered ${status}`);
      }
      await sleep(Math.max(askedMs, backoffMs(attempt, random())), signal);
      signal.throwIfAborted();
    }
  }

  async #try(address: string, init: RequestInit): Promise<Tried> {
    const { url, fetch, signal } = this.#parts;
    try {
      return await withDeadline(signal, ANSWER_MS, async (within) => {
        const response = await fetch(address, { ...init, signal: within });
        return { response, text: await response.text() };
      });
    } catch (error) {
      signal.throwIfAborted();
      return { lost: new NoAnswerError(url, error as Error) };
    }
  }
}

/** The JSON in a text; undefined for none. */
function jsonOf(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A page of some other server, which no schema takes.
    return text;
  }
}
