import { type PaymentLinks, paymentLinks } from '../../../shared/contract/paymentLinks.ts';
import { publicTips, showsTips } from '../../../shared/contract/tip.ts';
import {
  type Creator,
  type CurrentInvoice,
  encodeCursor,
  type Ledger,
  openOptionId,
  readCreator,
  readCreatorWithInvoice,
  readCreatorWithTotals,
  readFeed,
  readFeedAfter,
  type TipOption,
  type Totals,
} from '../../../shared/ledger/index.ts';
import { Problem } from '../../http/problem.ts';
import type { Live } from '../../pages/live.ts';
import type { CreatorBody, FeedBody, TotalsBody } from './schemas.ts';

/** The creator, if there is one who takes tips. */
export function openCreator(creator: Creator | undefined, handle: string): Creator {
  if (creator === undefined) {
    throw new Problem('unknown-creator', `handle: there is no creator ${handle}.`, {
      field: 'handle',
      value: handle,
      expected: 'the handle of a creator',
    });
  }
  if (creator.status === 'closed') {
    throw new Problem('closed-creator', `handle: ${handle} has closed and takes tips here no more.`, {
      field: 'handle',
      value: handle,
      expected: 'the handle of a creator who takes tips',
    });
  }
  return creator;
}

const optionBody = (option: TipOption, links: PaymentLinks | undefined) => ({
  id: option.id,
  label: option.label,
  amountMsat: option.amountMsat?.toString() ?? null,
  lnurl: links?.lnurl ?? null,
});

/** Sums in all and by option: those that the creator offers now in their order, then those of earlier days. */
function totalsBody(creator: Creator, totals: Totals) {
  const ids = new Set([...creator.options.map((option) => option.id), ...totals.options.keys()]);
  return {
    count: totals.count.toString(),
    amountMsat: totals.amountMsat.toString(),
    options: Array.from(ids, (id) => {
      const { count, amountMsat } = totals.options.get(id) ?? { count: 0n, amountMsat: 0n };
      return { id, count: count.toString(), amountMsat: amountMsat.toString() };
    }),
  };
}

/** A creator's profile, tip options, ways to pay, where tips are told of and, where the creator shows them, totals. */
export async function creatorBody(
  ledger: Ledger,
  handle: string,
  { baseUrl, live }: { readonly baseUrl?: string | undefined; readonly live?: Live | undefined },
): Promise<CreatorBody> {
  const found = await readCreatorWithTotals(ledger, handle);
  const creator = openCreator(found.creator, handle);
  const linksOf = (optionId: string) => (baseUrl ? paymentLinks(baseUrl, handle, optionId) : undefined);
  const links = linksOf(openOptionId(handle));
  return {
    handle: creator.handle,
    name: creator.name,
    shows: creator.shows,
    lightningAddress: links?.lightningAddress ?? null,
    lnurl: links?.lnurl ?? null,
    options: creator.options.map((option) => optionBody(option, linksOf(option.id))),
    totals: showsTips(creator) ? totalsBody(creator, found.totals) : null,
    live: live ?? null,
    createdAt: creator.createdAt.toISOString(),
  };
}

/** A creator's totals; where the creator shows nothing, `null`, which is not the same as zero. */
export async function totalsOf(ledger: Ledger, handle: string): Promise<TotalsBody> {
  const found = await readCreatorWithTotals(ledger, handle);
  const creator = openCreator(found.creator, handle);
  const { shows } = creator;
  return showsTips(creator)
    ? { shows, ...totalsBody(creator, found.totals) }
    : { shows, count: null, amountMsat: null, options: [] };
}

/** Which part of a feed: the newest tips, those before a sequence number, or those after one from the oldest on. */
export interface FeedPart {
  readonly limit: number;
  readonly before?: bigint | undefined;
  readonly after?: bigint | undefined;
}

async function readPart(ledger: Ledger, handle: string, { limit, before, after }: FeedPart) {
  if (after === undefined)
    return readFeed(ledger, handle, before === undefined ? { limit } : { limit, before });
  const { tips, more } = await readFeedAfter(ledger, handle, { after, limit });
  return { tips, next: more ? tips.at(-1)?.sequence : undefined };
}

/**
 * A part of a creator's feed. A creator who shows nothing has an empty one, and `shows` tells it from a
 * feed without tips yet.
 */
export async function feedBody(ledger: Ledger, handle: string, part: FeedPart): Promise<FeedBody> {
  const [found, { tips, next }] = await Promise.all([
    readCreator(ledger, handle),
    readPart(ledger, handle, part),
  ]);
  const creator = openCreator(found, handle);
  const shown = publicTips(creator, tips);
  const newest = part.after === undefined ? shown.at(0) : shown.at(-1);
  const more = showsTips(creator) && next !== undefined;
  return {
    shows: creator.shows,
    tips: shown,
    newestCursor: newest?.cursor ?? encodeCursor(handle, part.after ?? 0n),
    nextCursor: more ? encodeCursor(handle, next) : null,
  };
}

const RETRY_SECONDS = '5';

/** The option that is asked for: the open one, if none is named. */
export function optionOf(creator: Creator, optionId: string | undefined): TipOption {
  const wanted = optionId ?? openOptionId(creator.handle);
  const option = creator.options.find((each) => each.id === wanted);
  if (option) return option;
  throw new Problem('unknown-option', `option: ${creator.handle} has no tip option ${wanted}.`, {
    field: 'option',
    value: wanted,
    expected: `an option of ${creator.handle}, or none for an open amount`,
  });
}

/** The invoice of an option, if it is there and can be paid. */
export function payableInvoice(
  option: TipOption,
  invoice: CurrentInvoice | undefined,
  now: Date,
): CurrentInvoice {
  if (invoice && invoice.expiresAt > now) return invoice;
  const why = invoice === undefined ? 'has no invoice yet' : 'has an invoice that expired';
  throw new Problem(
    'invoice-pending',
    `option: ${option.id} ${why}; the node makes a new one as soon as it can.`,
    undefined,
    { 'retry-after': RETRY_SECONDS },
  );
}

/** The invoice that an option of a creator hands out now. */
export async function currentInvoice(
  ledger: Ledger,
  handle: string,
  optionId: string | undefined,
  now: Date,
): Promise<CurrentInvoice> {
  const found = await readCreatorWithInvoice(ledger, handle, optionId);
  const creator = openCreator(found.creator, handle);
  return payableInvoice(optionOf(creator, optionId), found.invoice, now);
}
