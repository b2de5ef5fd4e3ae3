import type { LookupAddress } from 'node:dns';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { untilAborted, withDeadline } from '../../shared/concurrency/untilAborted.ts';
import { isLoopbackAddress, isPublicAddress } from '../ssrf/addresses.ts';
import { dns, type Resolve } from '../ssrf/resolve.ts';
import { checkWebhookUrl, hostOf, isLocalhost, WebhookUrlError } from '../ssrf/urls.ts';
import type { Answer } from './policy.ts';

/** A message to a receiver, signed. */
export interface Message {
  readonly url: string;
  readonly headers: Record<string, string>;
  /** JSON */
  readonly body: string;
}

/** Posts a message, and tells what came of it; it doesn't throw. An aborted signal ends it at once. */
export type Post = (message: Message, signal: AbortSignal) => Promise<Answer>;

export interface PostOptions {
  /** Let this machine be posted to: for development. */
  readonly allowLoopback?: boolean;
  readonly resolve?: Resolve;
  /** Certificate authorities instead of the usual ones, PEM. */
  readonly ca?: string;
  /** Milliseconds, steady: for durations. */
  readonly steadyMs?: () => number;
  readonly deadlineMs?: number;
}

/** From the look at DNS to the last byte of the answer. */
export const DEADLINE_MS = 10_000;
/** An event is 2 kB at most, for what a payer writes is bounded. */
const MOST_BODY = 65_536;
/** Of an answer's headers Node throws beyond this, and of its body nothing more is read. */
const MOST_ANSWER_HEADERS = 16_384;
const MOST_ANSWER_BODY = 16_384;
/** The status is known by then, so that a body that doesn't end holds nothing up. */
const ANSWER_BODY_MS = 1_000;
/** Informational answers (1xx) before the answer, of which any number may come (RFC 9110, 15.2), and Node bounds none. */
const MOST_INFORMATION = 16;
const SWITCHING_PROTOCOLS = 101;

const ASK_DNS = dns();

/** Thrown where a receiver only says that its answer is still to come. */
class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** Thrown where a name leads to an address that isn't posted to. */
class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/**
 * Makes the function that posts webhooks: to public addresses alone, one connection for each message, straight to the
 * address that was checked. No proxy is asked, whatever the environment says, and no redirect is followed.
 */
export function poster(options: PostOptions = {}): Post {
  const { deadlineMs = DEADLINE_MS, steadyMs = () => performance.now(), ca } = options;
  // Made once: to read the authorities takes longer than a handshake.
  const secureContext = createSecureContext({ ...(ca !== undefined && { ca }) });
  return (message, stopped) =>
    withDeadline(stopped, deadlineMs, async (signal) => {
      const began = steadyMs();
      const durationMs = () => Math.max(0, Math.round(steadyMs() - began));
      try {
        const { status, retryAfter } = await exchange(message, { ...options, secureContext }, signal);
        return { status, ...(retryAfter !== undefined && { retryAfter }), durationMs: durationMs() };
      } catch (error) {
        const late = signal.aborted && !stopped.aborted;
        return { error: late ? `no answer within ${deadlineMs} ms` : told(error), durationMs: durationMs() };
      }
    });
}

async function exchange(
  message: Message,
  options: PostOptions & { secureContext: SecureContext },
  signal: AbortSignal,
) {
  const { allowLoopback = false, secureContext } = options;
  signal.throwIfAborted();
  // It was checked when it was stored; the rules may have changed since.
  const url = new URL(checkWebhookUrl(message.url, { allowLoopback }));
  const addresses = await untilAborted(addressesOf(hostOf(url), options, signal), signal);
  const body = Buffer.from(message.body);
  if (body.length > MOST_BODY) throw new RangeError(`the event is longer than ${MOST_BODY} bytes`);
  const { request } = url.protocol === 'https:' ? https : http;
  // To check certificates is said here, since the environment could say otherwise.
  const tls = { secureContext, rejectUnauthorized: true };
  const sent = request(url, {
    method: 'POST',
    // Neither kept open nor shared: a pool would have no part in what is checked here.
    agent: false,
    lookup: lookupOf(addresses),
    ...tls,
    maxHeaderSize: MOST_ANSWER_HEADERS,
    headers: {
      'content-type': 'application/json',
      'content-length': body.length,
      'user-agent': 'Ampjar-Webhooks/1',
      ...message.headers,
    },
  });
  // Once the protocol changes Node lets go of the socket: it ends with the request no more, and an error of its would be nobody's.
  let socket: Socket | undefined;
  sent.once('socket', (its) => {
    socket = its.on('error', () => {});
  });
  try {
    const answer = await untilAborted(answerOf(sent, body), signal);
    await endOf(answer, signal);
    return { status: answer.statusCode!, retryAfter: answer.headers['retry-after'] };
  } finally {
    sent.destroy();
    socket?.destroy();
  }
}

/**
 * The addresses of a host, all of which must be ones that are posted to: of a name that leads here and there, some
 * connection would end at the wrong one.
 * @throws AddressRefusedError, or what the resolver throws
 */
async function addressesOf(
  host: string,
  options: PostOptions,
  signal: AbortSignal,
): Promise<LookupAddress[]> {
  const { allowLoopback = false, resolve = ASK_DNS } = options;
  const addresses = isIP(host)
    ? [host]
    : allowLoopback && isLocalhost(host)
      ? ['127.0.0.1', '::1']
      : await resolve(host, signal);
  const allowed = (address: string) =>
    isPublicAddress(address) || (allowLoopback && isLoopbackAddress(address));
  // Not where to: that could be what a private zone says of a name, which is none of its owner's business.
  if (!addresses.every(allowed)) {
    throw new AddressRefusedError(`${host} leads to what is no address of the public internet`);
  }
  if (addresses.length === 0) throw new AddressRefusedError(`${host} leads to no address`);
  return addresses.map((address) => ({ address, family: isIP(address) }));
}

/** Gives the connection the addresses that were checked and asks nobody else. */
const lookupOf =
  (addresses: LookupAddress[]): LookupFunction =>
  (_host, { all }, callback) => {
    if (all) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };

/**
 * The answer with its headers. One that changes the protocol (101), which nobody asked for, is an answer like any other; Node
 * gives no response for it, nor an error. Whatever else a socket does without a word is ended by the deadline.
 */
const answerOf = (sent: ClientRequest, body: Buffer) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    let informed = 0;
    sent.on('information', () => {
      if (++informed > MOST_INFORMATION)
        reject(new NoAnswerError(`more than ${MOST_INFORMATION} informational answers (1xx), and no other`));
    });
    sent.once('response', resolve);
    sent.once('upgrade', resolve);
    sent.on('error', reject);
    sent.once('close', () =>
      reject(new NoAnswerError('the receiver ended the connection without an answer')),
    );
    sent.end(body);
  });

/** Reads what little of the answer is let in, so that a well-behaved receiver sees it taken. */
const endOf = (answer: IncomingMessage, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    // However it ends: the status counts, and it is here.
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ANSWER_BODY_MS);
    signal.addEventListener('abort', end);
    let read = 0;
    answer.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read > MOST_ANSWER_BODY) end();
    });
    for (const event of ['end', 'error', 'close']) answer.on(event, end);
    // The deadline came, or a protocol was changed, before there was anybody to hear of it.
    if (signal.aborted || answer.statusCode === SWITCHING_PROTOCOLS) end();
  });

const MOST_TOLD = 200;

/** What went wrong, for the endpoint's owner: no text of the receiver's, whose certificate names could be any. */
function told(error: unknown): string {
  if (isOurs(error)) return error.message.slice(0, MOST_TOLD);
  const { code, name } = first(error) as { code?: unknown; name?: unknown };
  const word = typeof code === 'string' ? code : String(name);
  return `${SAID[word] ?? 'the connection failed'} (${word.slice(0, 60)})`;
}

const isOurs = (error: unknown): error is Error =>
  [AddressRefusedError, WebhookUrlError, NoAnswerError, RangeError].some((kind) => error instanceof kind);

/** Of a connection that was tried at several addresses, the first failure. */
const first = (error: unknown): object =>
  error instanceof AggregateError && error.errors[0] instanceof Error
    ? error.errors[0]
    : error instanceof Error
      ? error
      : {};

const SAID: Record<string, string> = {
  ECONNREFUSED: 'nobody listens at the address',
  ECONNRESET: 'the receiver broke the connection',
  EPIPE: 'the receiver broke the connection',
  EHOSTUNREACH: 'there is no way to the address',
  ENETUNREACH: 'there is no way to the address',
  ENOTFOUND: 'the name is not known to DNS',
  ENODATA: 'the name has no address in DNS',
  ETIMEOUT: 'DNS did not answer',
  ESERVFAIL: 'DNS could not answer',
  HPE_HEADER_OVERFLOW: `the answer's headers are longer than ${MOST_ANSWER_HEADERS} bytes`,
  CERT_SIGNATURE_FAILURE: 'the certificate is not from a known authority',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is not from a known authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is not from a known authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate chain is not complete, or not from a known authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate chain is not complete, or not from a known authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  AbortError: 'the sender stopped',
};
