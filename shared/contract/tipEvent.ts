import type { Tip } from '../ledger/index.ts';

/** The version of the event's schema; it grows when a receiver of the old one would misread the new. */
export const EVENT_VERSION = 1;

/**
 * A tip that was settled, as receivers are told of it: the body of a webhook and an entry of the events feed.
 * @see docs/events.md
 */
export interface TipEvent {
  /** `tip_settled_` and the set id: the same for a tip whenever it is told of. */
  readonly id: string;
  readonly type: 'tip.settled';
  readonly version: typeof EVENT_VERSION;
  /** When the tip was settled, ISO 8601 in UTC. */
  readonly timestamp: string;
  readonly data: {
    readonly handle: string;
    /** The number of this tip among its creator's, from 1 and without a hole, in decimal digits. */
    readonly sequence: string;
    /** hex: the set id of an AMP payment, the payment hash of a BOLT11 one. */
    readonly setId: string;
    readonly via: 'amp' | 'bolt11';
    /** The id that the public feed names the tip by. */
    readonly tipId: string;
    readonly optionId: string;
    readonly paymentAddr: string;
    /** The public key of the node that was paid, hex. */
    readonly payee: string;
    readonly amountMsat: string;
    readonly settledAt: string;
    readonly shards: number;
    readonly message?: string;
    readonly sender?: string;
    /** Below the minimum that the creator had set: kept out of the feed, the live page and webhooks. */
    readonly belowMinimum?: true;
  };
}

/** The id of a tip's event: what a receiver knows repeats by. */
export const eventId = (setId: string) => `tip_settled_${setId}`;

/** The event of a tip; depends on nothing but its row. */
export function tipEvent(tip: Tip, tipId: string): TipEvent {
  const { handle, setId, via, optionId, paymentAddr, shards, message, sender } = tip;
  const settledAt = tip.settledAt.toISOString();
  return {
    id: eventId(setId),
    type: 'tip.settled',
    version: EVENT_VERSION,
    timestamp: settledAt,
    data: {
      handle,
      sequence: String(tip.sequence),
      setId,
      via,
      tipId,
      optionId,
      paymentAddr,
      payee: tip.node,
      amountMsat: String(tip.amountMsat),
      settledAt,
      shards,
      ...(message !== undefined && { message }),
      ...(sender !== undefined && { sender }),
      ...(tip.dust && { belowMinimum: true as const }),
    },
  };
}
