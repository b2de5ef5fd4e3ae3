import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import { bounded } from '../../shared/concurrency/bounded.ts';
import type { TipEvent } from '../../shared/contract/tip.ts';
import type { Ledger } from '../../shared/ledger/index.ts';
import { type LiveMessage, liveMessages } from './message.ts';
import { Sha256 } from './sha256.ts';

/** What AppSync takes in one request. @see https://docs.aws.amazon.com/appsync/latest/eventapi/publish-http.html */
const MOST_EVENTS = 5;
const MOST_AT_ONCE = 8;
const ATTEMPTS = 4;
const TIMEOUT_MS = 3_000;
const SHOWN_LENGTH = 200;

/** What publishing to AppSync Events needs. */
export interface AppSyncOptions {
  readonly ledger: Ledger;
  /** The HTTP endpoint: `https://<domain>/event`. */
  readonly url: string;
  readonly region: string;
  /** Those of the role that may publish; `client.config.credentials` of any client of the SDK. */
  readonly credentials: AwsCredentialIdentityProvider;
  readonly clock: () => Date;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  readonly fetch?: typeof globalThis.fetch;
}

/** AppSync did not take what was published. */
export class AppSyncError extends Error {
  override readonly name = 'AppSyncError';
  readonly channel: string;
  /** The HTTP status; undefined where no answer came, 200 where single events were refused. */
  readonly status: number | undefined;
  constructor(channel: string, status: number | undefined, answer: string) {
    super(`channel ${channel}: ${status ?? 'no answer'}: ${answer.slice(0, SHOWN_LENGTH)}`);
    this.channel = channel;
    this.status = status;
  }
  /** Whether another attempt may do better. */
  get passes() {
    return this.status === undefined || this.status === 200 || this.status === 429 || this.status >= 500;
  }
}

/** The channel of a creator's tips. */
export const channelOf = (handle: string) => `/tips/${handle}`;

/**
 * Publish events to AppSync Events: a creator's tips go to the channel `/tips/<handle>`, signed (SigV4), at most five in a
 * request, in their order. What fails in passing is tried again, {@link ATTEMPTS} times in all; a creator whose channel
 * fails holds up no other.
 * @throws AppSyncError when something was not taken; the events may then be published again, for a tip's id tells repeats
 */
export function appSyncPublisher(options: AppSyncOptions): (events: readonly TipEvent[]) => Promise<void> {
  const { ledger, region, credentials, clock, sleep, random, fetch = globalThis.fetch } = options;
  const url = new URL(options.url);
  const signer = new SignatureV4({ service: 'appsync', region, credentials, sha256: Sha256 });

  const signed = (body: string) =>
    signer.sign(
      {
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: {},
        headers: { host: url.host, 'content-type': 'application/json' },
        body,
      },
      { signingDate: clock() },
    );

  /** Send once. Gives back those that AppSync refused singly. */
  const post = async (channel: string, texts: string[]): Promise<{ left: string[]; why?: AppSyncError }> => {
    const body = JSON.stringify({ channel, events: texts });
    const { headers } = await signed(body);
    // `host` is fetch's own to send; it is the one that was signed.
    const { host: _, ...sent } = headers;
    const attempt = { method: 'POST', headers: sent, body, redirect: 'error' } as const;
    let status: number | undefined;
    try {
      const response = await fetch(url, { ...attempt, signal: AbortSignal.timeout(TIMEOUT_MS) });
      status = response.status;
      const answer = await response.text();
      if (status !== 200) return { left: texts, why: new AppSyncError(channel, status, answer) };
      const { failed = [] } = JSON.parse(answer) as { failed?: { index: number }[] };
      if (failed.length === 0) return { left: [] };
      const left = failed.map(({ index }) => texts[index]!);
      return { left, why: new AppSyncError(channel, status, answer) };
    } catch (error) {
      return { left: texts, why: new AppSyncError(channel, status, String(error)) };
    }
  };

  const send = async (channel: string, texts: string[]) => {
    let left = texts;
    for (let attempt = 1; left.length > 0; attempt++) {
      const { why, ...more } = await post(channel, left);
      left = more.left;
      if (!why) return;
      if (!why.passes || attempt === ATTEMPTS) throw why;
      await sleep(2 ** attempt * 50 * (0.5 + random() / 2));
    }
  };

  const sendAll = async ([handle, messages]: [string, LiveMessage[]]) => {
    const texts = messages.map(({ text }) => text);
    for (let at = 0; at < texts.length; at += MOST_EVENTS)
      await send(channelOf(handle), texts.slice(at, at + MOST_EVENTS));
  };

  return async (events) => {
    const failures: unknown[] = [];
    await bounded(MOST_AT_ONCE, [...(await liveMessages(ledger, events))], (ofCreator) =>
      sendAll(ofCreator).catch((error: unknown) => failures.push(error)),
    );
    if (failures.length > 0) throw failures[0];
  };
}
