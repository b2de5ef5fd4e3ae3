import type { Batcher } from '../../shared/concurrency/batcher.ts';
import type { TtlCache } from '../../shared/concurrency/ttlCache.ts';
import { TOO_MANY_INVOICE_REQUESTS } from '../../shared/contract/limits.ts';
import { lightningAddress, MOST_COMMENT, payMetadata, payRequestPath } from '../../shared/contract/lnurl.ts';
import { MAX_BOLT11_MSAT, parseMsat, payableWithin } from '../../shared/contract/money.ts';
import { cleanText } from '../../shared/contract/shownText.ts';
import {
  type Creator,
  type InvoiceRequest,
  type Ledger,
  type NewInvoiceRequest,
  openOptionId,
  readInvoiceRequest,
  readTip,
  type TipOption,
} from '../../shared/ledger/index.ts';
import type { InvoiceWaiter } from './invoiceWaiter.ts';

/** What a wallet is told when it can't have what it asked for. @see LUD-06 */
export class LnurlError extends Error {
  override readonly name = 'LnurlError';
}

/** What the pay requests are made of. */
export interface PayParts {
  /** The origin that wallets reach this by, without a slash at the end. */
  readonly baseUrl: string;
  readonly clock: () => Date;
  readonly steadyMs: () => number;
  readonly creators: TtlCache<Creator | undefined>;
  /** Writes invoice requests, those of one moment together. */
  readonly invoiceRequests: Batcher<NewInvoiceRequest, unknown>;
  readonly answers: InvoiceWaiter;
  /** Whether an invoice more may be asked for, of this creator and in all; if so, it counts. */
  readonly mayRequest: (handle: string) => boolean;
  readonly random: (length: number) => Uint8Array;
  /** Tell the connector of an invoice request. It finds it without, but later. */
  readonly hint: (requestId: string, node: string | undefined) => Promise<void>;
}

const LEAST_MSAT = 1_000n;
/** A tenth of a bitcoin, where the creator has set no other bound. */
const MOST_MSAT = 10_000_000_000n;

async function openOption({ creators }: PayParts, handle: string, optionId: string | undefined) {
  const creator = await creators.of(handle);
  if (creator?.status !== 'active') throw new LnurlError(`there is no creator ${handle} who takes tips here`);
  const wanted = optionId ?? openOptionId(handle);
  const option = creator.options.find(({ id }) => id === wanted);
  if (!option) throw new LnurlError(`${handle} has no such tip option`);
  return { creator, option, ...boundsOf(creator, option) };
}

/** What may be asked for: a fixed amount, or whole satoshi within limits, which were not always refused when they had a part of one. */
function boundsOf({ leastMsat = LEAST_MSAT, mostMsat = MOST_MSAT }: Creator, { amountMsat }: TipOption) {
  if ((amountMsat ?? leastMsat) > MAX_BOLT11_MSAT)
    throw new LnurlError('this amount is too large for LNURL; the AMP code on the page takes it');
  if (amountMsat !== undefined) return { least: amountMsat, most: amountMsat };
  const asked = mostMsat > MAX_BOLT11_MSAT ? MAX_BOLT11_MSAT : mostMsat;
  const { leastMsat: least, mostMsat: most } = payableWithin({ leastMsat, mostMsat: asked });
  if (least > most) throw new LnurlError('no whole number of satoshi lies within what this creator takes');
  return { least, most };
}

const metadataOf = ({ handle, name }: Creator, { label, amountMsat }: TipOption, baseUrl: string) =>
  payMetadata(
    amountMsat === undefined ? `Tip ${name}` : `Tip ${name}: ${label}`,
    lightningAddress(handle, baseUrl),
  );

/** The pay request of a creator's option, the open one if none is named. @see LUD-06, LUD-12, LUD-16 */
export async function payRequest(parts: PayParts, handle: string, optionId: string | undefined) {
  const { baseUrl } = parts;
  const { creator, option, least, most } = await openOption(parts, handle, optionId);
  // In the path, for there are wallets that put their own query in place of a callback's.
  const named = optionId === undefined ? '' : `/${optionId}`;
  return {
    tag: 'payRequest',
    callback: new URL(`${payRequestPath(handle)}/callback${named}`, baseUrl).href,
    minSendable: Number(least),
    maxSendable: Number(most),
    metadata: metadataOf(creator, option, baseUrl).metadata,
    commentAllowed: MOST_COMMENT,
  };
}

/** A wallet is told within 5 seconds that no invoice comes. */
const PATIENCE_MS = 4_500;

/**
 * Ask the connector for an invoice by the table, and wait for it.
 * @param client stands for who asks
 * @throws LnurlError
 * @see LUD-06, LUD-11, LUD-12, LUD-21
 */
export async function invoiceFor(
  parts: PayParts,
  {
    handle,
    optionId,
    amount,
    comment,
    client,
  }: {
    handle: string;
    optionId: string | undefined;
    amount: string | undefined;
    comment: string | undefined;
    client: string;
  },
) {
  const { invoiceRequests, baseUrl, clock, steadyMs, random, hint, answers, mayRequest } = parts;
  const untilMs = steadyMs() + PATIENCE_MS;
  const amountMsat = readAmount(amount);
  const { creator, option, least, most } = await openOption(parts, handle, optionId);
  if (amountMsat < least || amountMsat > most)
    throw new LnurlError(`amount: ${amountMsat} msat is not from ${least} to ${most} msat`);
  if (comment !== undefined && [...comment].length > MOST_COMMENT)
    throw new LnurlError(`comment: it is longer than ${MOST_COMMENT} characters`);
  if (!mayRequest(handle)) throw new LnurlError(TOO_MANY_INVOICE_REQUESTS);
  const written = cleanText(comment ?? '');
  const { descriptionHash } = metadataOf(creator, option, baseUrl);
  const id = Buffer.from(random(16)).toString('base64url');
  await invoiceRequests.do({
    id,
    handle,
    optionId: option.id,
    amountMsat,
    descriptionHash,
    client,
    createdAt: clock(),
    ...(written && { comment: written }),
  });
  // The table is what counts; a hint that gets lost costs a moment, and one that is slow nothing.
  void hint(id, creator.node).catch(() => {});
  const ask = await answers.of(id, untilMs);
  if (ask?.status === 'refused') throw new LnurlError(ask.reason ?? 'refused');
  if (ask?.paymentRequest === undefined)
    throw new LnurlError(
      'no invoice came in time: the node, or what connects it with this service, does not answer; try again later',
    );
  // No successAction: "paid" is all that it could say, and there are wallets that pay nothing that has one.
  return {
    pr: ask.paymentRequest,
    routes: [],
    disposable: false,
    verify: new URL(`/lnurl/verify/${id}`, baseUrl).href,
  };
}

function readAmount(amount: string | undefined): bigint {
  try {
    return parseMsat('amount', amount ?? '');
  } catch (error) {
    throw new LnurlError((error as Error).message);
  }
}

/** Whether an invoice was paid, and the proof, for who holds the address. @see LUD-21 */
export async function verification(ledger: Ledger, id: string) {
  const ask: InvoiceRequest | undefined = /^[\w-]{22}$/.test(id)
    ? await readInvoiceRequest(ledger, id)
    : undefined;
  if (ask?.paymentRequest === undefined) throw new LnurlError('Not found');
  const tip = await readTip(ledger, ask.paymentHash!);
  return {
    status: 'OK',
    settled: tip !== undefined,
    preimage: tip?.preimage ?? null,
    pr: ask.paymentRequest,
  };
}
