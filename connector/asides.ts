import { gunzipSync } from 'node:zlib';
import {
  type Aside,
  bookedSets,
  bookTips,
  closeAside,
  is32Bytes,
  type Lease,
  type Ledger,
  type NewTip,
} from '../shared/ledger/index.ts';
import { attributionOnce } from './attribution.ts';
import type { Told } from './lnd.ts';
import { settlementOfEvent } from './lndGrpc.ts';
import type { Log } from './log.ts';
import { payerText } from './payerText.ts';
import { isTime, verifySettlement } from './settlement.ts';

/** An event that can't be booked even by an operator; the message says why. */
export class AsideError extends Error {
  override readonly name = 'AsideError';
}

/** The event of an aside as JSON; cut when it was too large for an item. */
export const eventOf = ({ event }: Aside): string => gunzipSync(event).toString();

/** What an aside tells of a payment, as far as it can be read. */
export function settlementOf(aside: Aside): Told | undefined {
  try {
    return settlementOfEvent(eventOf(aside));
  } catch {
    return undefined;
  }
}

/**
 * Book an event that was set aside. One that verifies by now, for its creator is there again, is booked like any other;
 * one that doesn't is booked on the operator's word, which the row keeps.
 * @param note why, in the operator's words
 * @throws AsideError, LeaseLostError
 */
export async function bookAside(
  { ledger, log, clock }: { ledger: Ledger; log: Log; clock: () => Date },
  lease: Lease,
  aside: Aside,
  note: string,
): Promise<NewTip> {
  const told = settlementOf(aside);
  if (!told) throw new AsideError('the event does not tell of one settled payment: it can only be dismissed');
  const { settlement } = told;
  const { setId, amountMsat } = settlement;
  if (!is32Bytes(setId)) throw new AsideError('its set id is not 32 bytes: it can only be dismissed');
  if (amountMsat <= 0n) throw new AsideError(`its amount is ${amountMsat} msat: it can only be dismissed`);
  if ((await bookedSets(ledger, lease.node, [setId])).has(setId))
    throw new AsideError(`set ${setId} is booked already: it can only be dismissed`);
  const owner = await attributionOnce({ ledger, lease, log, clock }).of(settlement);
  if (!owner || 'refused' in owner)
    throw new AsideError(`whose it is can't be told: ${owner?.refused ?? 'its invoice is not one of ours'}`);
  const verified = verifySettlement(settlement);
  const set = 'set' in verified ? verified.set : { ...unverified(told, clock()), override: note };
  const tip: NewTip = { ...set, handle: owner.handle, optionId: owner.optionId, event: eventOf(aside) };
  await bookTips(ledger, lease, { tips: [tip], asides: [] });
  await closeAside(ledger, lease, { id: aside.id, status: 'booked', note, now: clock() });
  return tip;
}

const unverified = ({ settlement }: Told, now: Date) => {
  const { setId, paymentAddr, amountMsat, settleIndex, settledAt, shards } = settlement;
  return {
    via: 'amp' as const,
    setId,
    paymentAddr,
    amountMsat,
    settleIndex,
    settledAt: isTime(settledAt) ? new Date(Number(settledAt) * 1000) : now,
    shards: shards.length,
    ...payerText(shards.map(({ records }) => records)),
  };
};
