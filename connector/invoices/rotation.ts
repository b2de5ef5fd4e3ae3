import { readAmpInvoice } from '../../shared/bolt11/index.ts';
import {
  type CurrentInvoice,
  type Lease,
  type Ledger,
  type MintRequest,
  readInvoices,
  type TipOption,
} from '../../shared/ledger/index.ts';
import type { Lnd } from '../lnd/contract.ts';

const WEEK_MS = 7 * 86_400_000;
const HOUR_MS = 3_600_000;

/** What rotation looks at. */
export interface RotationParts {
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly lnd: Lnd;
  readonly clock: () => Date;
  readonly routeHints: boolean;
  /** Payments that an invoice takes before it is replaced. */
  readonly rotateAfter: number;
  /** How long it is kept at least, all the same; an hour unless told. */
  readonly rotateRestMs?: number;
}

/** Why an option needs a new invoice. */
export type Reason = 'none' | 'amount' | 'expiry' | 'payments' | 'gone' | 'hints' | 'asked' | 'moved';

/**
 * When an invoice is to be replaced for its age: a week before its expiry, longer than any cache holds it, or at three
 * quarters of a short life.
 */
export function renewalOf({ createdAt, expiresAt }: { createdAt: Date; expiresAt: Date }): Date {
  const lifeMs = expiresAt.getTime() - createdAt.getTime();
  return new Date(expiresAt.getTime() - Math.min(WEEK_MS, lifeMs / 4));
}

/**
 * When to look at a new invoice again: when it is to be renewed, but not within an hour (half of a short life), or a clock
 * that is far ahead of lnd's would have one minted after another.
 */
export const nextLook = (invoice: { createdAt: Date; expiresAt: Date }, now: Date): Date => {
  const lifeMs = invoice.expiresAt.getTime() - invoice.createdAt.getTime();
  const restMs = Math.min(HOUR_MS, lifeMs / 2);
  return new Date(Math.max(renewalOf(invoice).getTime(), now.getTime() + restMs));
};

/** When an invoice may be replaced for anything but its age: an hour after it was made, so that rotation can't run away. */
export const earliestRotation = ({ createdAt }: { createdAt: Date }, restMs = HOUR_MS): Date =>
  new Date(createdAt.getTime() + restMs);

/**
 * Whether an option needs a new invoice now, and why. Wants only say that someone should look: what is true is read here,
 * so a mint request that comes twice or late does nothing.
 */
export async function reasonToMint(
  { ledger, lease, lnd, clock, rotateAfter, rotateRestMs, routeHints }: RotationParts,
  option: TipOption,
  current: CurrentInvoice | undefined,
  hintless: Hintless,
  { replaces }: Pick<MintRequest, 'replaces'> = {},
): Promise<Reason | undefined> {
  if (!current) return 'none';
  if (current.paymentAddr === replaces) return 'asked';
  if (current.payee !== lease.node) return 'moved';
  if (current.amountMsat !== option.amountMsat) return 'amount';
  if (renewalOf(current) <= clock()) return 'expiry';
  const state = await lnd.ampState(current.paymentAddr);
  if (!state || state.cancelled) return 'gone';
  if (earliestRotation(current, rotateRestMs) > clock()) return undefined;
  const [invoice] = await readInvoices(ledger, [current.paymentAddr]);
  if (invoice && invoice.count >= BigInt(rotateAfter)) return 'payments';
  if (!routeHints) return undefined;
  const channels = await lnd.privateChannels();
  const inVain = hintsOf(current.paymentRequest).length === 0 && hintless.with === String(channels);
  return !inVain && hintsAreStale(current.paymentRequest, channels) ? 'hints' : undefined;
}

/**
 * The unannounced channels with which lnd was asked for hints last and gave none: it hints at those alone whose other end
 * is known to the network (lnd lnrpc/invoicesrpc/addinvoice.go). Asking again would end the same.
 */
export interface Hintless {
  with?: string | undefined;
}

const hintsOf = (paymentRequest: string) => readAmpInvoice(paymentRequest).routeHints;

/** Keep in mind what became of asking for hints. */
export async function rememberHints({ lnd, routeHints }: RotationParts, hintless: Hintless, minted: string) {
  if (routeHints)
    hintless.with = hintsOf(minted).length === 0 ? String(await lnd.privateChannels()) : undefined;
}

/**
 * Whether payers are led to channels that are no more, or to none though there are some.
 * @param channels the open unannounced channels, each as all the short channel ids that it goes by
 */
export function hintsAreStale(paymentRequest: string, channels: readonly (readonly string[])[]): boolean {
  const routeHints = hintsOf(paymentRequest);
  if (routeHints.length === 0) return channels.length > 0;
  return routeHints.some((hinted) => !channels.some((ids) => ids.includes(hinted)));
}
