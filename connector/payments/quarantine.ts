import { gunzipSync } from 'node:zlib';
import {
  bookedSets,
  bookTips,
  closeQuarantined,
  is32Bytes,
  type Lease,
  type Ledger,
  type NewTip,
  PAYMENT_KIND_NAMES,
  type QuarantinedEvent,
} from '../../shared/ledger/index.ts';
import { impatiently } from '../invoices/attribution.ts';
import { readMemos } from '../invoices/memo.ts';
import type { LndEvent, SettledPayment, Settlement } from '../lnd/contract.ts';
import type { Log } from '../log.ts';
import { readKeptEvent } from './events.ts';
import { isTime } from './handler.ts';
import { HANDLERS } from './kinds.ts';

/** An event that can't be booked even by an operator; the message says why. */
export class QuarantineError extends Error {
  override readonly name = 'QuarantineError';
}

/** The event as JSON; cut when it was too large for an item. */
export const eventOf = ({ event }: QuarantinedEvent): string => gunzipSync(event).toString();

/** What a quarantined event tells of its payment, as far as it can be read. @throws QuarantineError */
function paymentOf(quarantined: QuarantinedEvent): SettledPayment {
  const only = (why: string) => new QuarantineError(`${why}: it can only be dismissed`);
  const { cutFrom, via: word } = quarantined;
  if (cutFrom !== undefined) throw only(`the event was cut to its start, from ${cutFrom} bytes`);
  const kind = PAYMENT_KIND_NAMES.find((each) => each === word);
  if (word !== undefined && kind === undefined) throw only(`this release knows no payment of kind ${word}`);
  let event: LndEvent;
  try {
    event = readKeptEvent(eventOf(quarantined), kind);
  } catch {
    throw only('the event is no message of lnd’s');
  }
  if (event.kind === 'unreadable') throw only(event.reason);
  if (event.kind === 'other') throw only('the event does not tell of one settled payment');
  return event;
}

/** What is told of its payment, where it can be read. */
export function settlementOf(quarantined: QuarantinedEvent): Settlement | undefined {
  try {
    return paymentOf(quarantined).settlement;
  } catch (error) {
    if (error instanceof QuarantineError) return undefined;
    throw error;
  }
}

/**
 * Book an event that was set aside, of whatever kind its payment is. One that verifies by now, for its creator is there again, is booked
 * like any other; one that doesn't is booked on the operator's word, which the row keeps.
 * @param note why, in the operator's words
 * @throws QuarantineError, LeaseLostError
 */
export async function bookQuarantined(
  {
    ledger,
    log,
    clock,
    random,
  }: { ledger: Ledger; log: Log; clock: () => Date; random: (length: number) => Uint8Array },
  lease: Lease,
  quarantined: QuarantinedEvent,
  note: string,
): Promise<NewTip> {
  const memos = await readMemos(ledger, lease.node, random);
  const { kind, settlement } = paymentOf(quarantined);
  const { said, fault } = HANDLERS[kind].verify(settlement);
  const owners = HANDLERS[kind].owners(impatiently({ ledger, lease, memos, log, clock }));
  const { setId, amountMsat } = said;
  if (!is32Bytes(setId))
    throw new QuarantineError('its set id or payment hash is not 32 bytes: it can only be dismissed');
  if (amountMsat <= 0n)
    throw new QuarantineError(`its amount is ${amountMsat} msat: it can only be dismissed`);
  if ((await bookedSets(ledger, lease.node, [setId])).has(setId))
    throw new QuarantineError(`set ${setId} is booked already: it can only be dismissed`);
  const proven = await owners.of(settlement);
  const unverified = proven && 'unverified' in proven ? proven.unverified : undefined;
  const whose = proven && 'unverified' in proven ? await owners.onWord(settlement) : proven;
  if (!whose || 'refused' in whose)
    throw new QuarantineError(
      `whose it is can't be told: ${whose?.refused ?? 'its invoice is not one of ours'}`,
    );
  const tip: NewTip = {
    ...said,
    ...(fault !== undefined && !isTime(settlement.settledAt) && { settledAt: clock() }),
    ...whose,
    event: eventOf(quarantined),
    ...((fault ?? unverified) && { override: note }),
  };
  await bookTips(ledger, lease, { tips: [tip], quarantined: [] });
  await closeQuarantined(ledger, lease, { id: quarantined.id, status: 'booked', note, now: clock() });
  return tip;
}
