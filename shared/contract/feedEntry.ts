import { type Creator, encodeCursor, publicTipId, type Tip } from '../ledger/index.ts';

/** A tip as the public may see it: an entry of the feed, and what open pages are told. */
export interface FeedEntry {
  /** The public id, from which no set id can be found. */
  readonly id: string;
  /** Where it stands in the feed. */
  readonly cursor: string;
  /** Millisatoshi, in decimal digits. */
  readonly amountMsat: string;
  /** In UTC, rounded down to the minute. */
  readonly settledAt: string;
  readonly optionId: string;
  readonly message?: string | undefined;
  readonly sender?: string | undefined;
}

const MINUTE_MS = 60_000;

/** A time for the public: rounded down to the minute, so that it can't be matched with a payer's own log. */
const roundToMinute = (time: Date) =>
  new Date(Math.floor(time.getTime() / MINUTE_MS) * MINUTE_MS).toISOString();

/** What the public may know of a tip: never its set id, and words only where the creator shows them. */
const publicTip = (tip: Tip, shows: Creator['shows']): FeedEntry => ({
  id: publicTipId(tip),
  cursor: encodeCursor(tip.handle, tip.sequence),
  amountMsat: tip.amountMsat.toString(),
  settledAt: roundToMinute(tip.settledAt),
  optionId: tip.optionId,
  ...(shows === 'messages' && tip.message !== undefined ? { message: tip.message } : {}),
  ...(shows === 'messages' && tip.sender !== undefined ? { sender: tip.sender } : {}),
});

/**
 * Whether the public may know that a creator has tips at all. If not, no answer may depend on one: neither on how many there are nor on
 * when they came, be it by a cursor alone.
 */
export const showsTips = (creator: Creator): boolean => creator.shows !== 'nothing';

/** Tips of a feed as the creator lets the public see them, in their order. */
export const publicTips = (creator: Creator, tips: readonly Tip[]): FeedEntry[] =>
  showsTips(creator) ? tips.map((tip) => publicTip(tip, creator.shows)) : [];

/** The cursor after which a page goes on that has shown nothing yet: that of the newest tip, if the public may know of it. */
export const startCursor = (creator: Creator, newest: Tip | undefined): string | undefined =>
  showsTips(creator) ? encodeCursor(creator.handle, newest?.sequence ?? 0n) : undefined;
