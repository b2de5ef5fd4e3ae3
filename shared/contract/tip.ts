import type * as z from 'zod';
import { type Creator, encodeCursor, publicTipId, type Tip } from '../ledger/index.ts';
import type { feedEntrySchema, receiptSchema, tipEventSchema, tipSchema } from './tipSchemas.ts';

/** A tip as its creator is told of it. */
export type TipBody = Readonly<z.infer<typeof tipSchema>>;
/** A tip that was settled, as receivers are told of it: the body of a webhook, and an entry of the events feed. */
export type TipEvent = Readonly<Omit<z.infer<typeof tipEventSchema>, 'data'>> & { readonly data: TipBody };
/** A tip for who holds its set id. */
export type Receipt = Readonly<z.infer<typeof receiptSchema>>;
/** A tip as the public may see it. */
export type FeedEntry = Readonly<z.infer<typeof feedEntrySchema>>;

/** The words of a payer, as far as there are any. */
const words = ({ message, sender }: Tip) => ({
  ...(message !== undefined && { message }),
  ...(sender !== undefined && { sender }),
});

/** All that a tip's creator may know of it. */
export const tipBody = (tip: Tip): TipBody => ({
  handle: tip.handle,
  sequence: String(tip.sequence),
  setId: tip.setId,
  via: tip.via,
  tipId: publicTipId(tip),
  optionId: tip.optionId,
  paymentAddr: tip.paymentAddr,
  payee: tip.node,
  amountMsat: String(tip.amountMsat),
  settledAt: tip.settledAt.toISOString(),
  shards: tip.shards,
  ...words(tip),
  ...(tip.dust && { belowMinimum: true as const }),
});

/** The id of a tip's event: what a receiver knows repeats by. */
export const eventId = (setId: string) => `tip_settled_${setId}`;

/** The event of a tip; depends on nothing but its row. */
export const tipEvent = (tip: Tip): TipEvent => ({
  id: eventId(tip.setId),
  type: 'tip.settled',
  version: 1,
  timestamp: tip.settledAt.toISOString(),
  data: tipBody(tip),
});

/** What who holds a tip's set id may know of it: its payer, or whom the payer gave it. */
export function receipt(tip: Tip): Receipt {
  const { setId, tipId: id, sequence: _, via: __, belowMinimum: ___, ...rest } = tipBody(tip);
  return { setId, id, ...rest };
}

const MINUTE_MS = 60_000;

/** A time for the public: rounded down to the minute, so that it can't be matched with a payer's own log. */
const roundToMinute = (time: Date) =>
  new Date(Math.floor(time.getTime() / MINUTE_MS) * MINUTE_MS).toISOString();

/** What the public may know of a tip: never its set id, and words only where the creator shows them. */
const feedEntry = (tip: Tip, shows: Creator['shows']): FeedEntry => ({
  id: publicTipId(tip),
  cursor: encodeCursor(tip.handle, tip.sequence),
  amountMsat: String(tip.amountMsat),
  settledAt: roundToMinute(tip.settledAt),
  optionId: tip.optionId,
  ...(shows === 'messages' && words(tip)),
});

/**
 * Whether the public may know that a creator has tips at all. If not, no answer may depend on one: neither on how many there are nor on
 * when they came, be it by a cursor alone.
 */
export const showsTips = (creator: Creator): boolean => creator.shows !== 'nothing';

/** Tips of a feed as the creator lets the public see them, in their order. */
export const publicTips = (creator: Creator, tips: readonly Tip[]): FeedEntry[] =>
  showsTips(creator) ? tips.map((tip) => feedEntry(tip, creator.shows)) : [];

/** The cursor after which a page goes on that has shown nothing yet: that of the newest tip, if the public may know of it. */
export const startCursor = (creator: Creator, newest: Tip | undefined): string | undefined =>
  showsTips(creator) ? encodeCursor(creator.handle, newest?.sequence ?? 0n) : undefined;
