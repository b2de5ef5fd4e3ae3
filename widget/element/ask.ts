import type { Tip } from '../../shared/browser/scripts/follow.ts';
import { widget as text } from '../../shared/browser/text/index.ts';

/** What the widget reads of a creator's profile (docs/http.md). */
export interface Creator {
  readonly handle: string;
  readonly name: string;
  readonly shows: 'nothing' | 'amounts' | 'messages';
  readonly lightningAddress: string | null;
  readonly options: readonly Option[];
  readonly live: 'sse' | { readonly realtime: string; readonly host: string } | null;
}

export interface Option {
  readonly id: string;
  readonly label: string;
  /** msat, decimal digits; null if the payer decides. */
  readonly amountMsat: string | null;
  readonly lnurl: string | null;
}

export interface Invoice {
  readonly paymentRequest: string;
  readonly paymentAddr: string;
  readonly expiresAt: string;
}

export interface Feed {
  readonly tips: readonly Tip[];
  readonly newestCursor: string;
}

const TIMEOUT_MS = 10_000;

/** What the service did not answer, in words for a reader. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
}

/** Read JSON of the service. @throws Trouble; an AbortError once `signal` is aborted */
export async function ask<T>(url: string, signal: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    if (answer.ok) return await answer.json();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Trouble(text.unreachable);
  }
  if (answer.status === 404) throw new Trouble(text.unknown);
  if (answer.status === 410) throw new Trouble(text.closed);
  if (answer.status === 503) throw new Trouble(text.pending);
  throw new Trouble(text.failed);
}
