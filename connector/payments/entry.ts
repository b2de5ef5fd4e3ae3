import { type AsideEvent, type NewTip, paymentAside } from '../../shared/ledger/index.ts';
import type { Attributed, Owner, Unverified } from '../invoices/attribution.ts';
import type { SettledPayment, Unreadable } from '../lnd/contract.ts';
import { eventJson } from '../lnd/messages.ts';
import { HANDLERS } from './kinds.ts';

/** A message that can't be read, as it is set aside. */
export const unreadableEntry = ({ reason, raw, via, setId }: Unreadable): AsideEvent => ({
  reason,
  event: eventJson(raw),
  ...(via && { via }),
  ...(setId !== undefined && { setId, facts: '' }),
});

/** What is to be written of a payment: a tip, an event to set aside, or nothing, for it is not ours or not believed to be. */
export const entryOf = (
  payment: SettledPayment,
  owner: Attributed,
): NewTip | AsideEvent | Unverified | undefined =>
  !owner || 'unverified' in owner ? owner : ownedEntryOf(payment, owner);

/** What is to be written of a payment to an invoice of ours. */
export function ownedEntryOf(
  { kind, settlement, raw }: SettledPayment,
  owner: Owner | { readonly refused: string },
): NewTip | AsideEvent {
  const { said, fault } = HANDLERS[kind].verify(settlement);
  const event = eventJson(raw);
  if ('refused' in owner) return paymentAside(said, { reason: owner.refused, event });
  if (fault !== undefined) return paymentAside(said, { reason: fault, event });
  return { ...said, ...owner, event };
}
