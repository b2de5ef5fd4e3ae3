import {
  type EventToQuarantine,
  type NewTip,
  type PaymentKind,
  paymentToQuarantine,
} from '../../shared/ledger/index.ts';
import type { Attributed, Owner, Unverified } from '../invoices/attribution.ts';
import type { SettledPayment, Settlement, Unreadable } from '../lnd/contract.ts';
import { eventJson } from '../lnd/messages.ts';
import type { Owners } from './handler.ts';
import { HANDLERS } from './kinds.ts';

/** A message that can't be read, as it is set aside. */
const unreadableEntry = ({ reason, raw, via, setId }: Unreadable): EventToQuarantine => ({
  reason,
  event: eventJson(raw),
  ...(via && { via }),
  ...(setId !== undefined && { setId, facts: '' }),
});

/** What is to be written of a payment: a tip, an event to set aside, or nothing, for it is not ours or not believed to be. */
export const entryOf = (
  payment: SettledPayment,
  owner: Attributed,
): NewTip | EventToQuarantine | Unverified | undefined =>
  !owner || 'unverified' in owner ? owner : ownedEntryOf(payment, owner);

/** The same of what lnd told, read or not. @param owners of each kind */
export const receivedEntryOf = async (
  payment: SettledPayment | Unreadable,
  owners: Readonly<Record<PaymentKind, Owners<Settlement>>>,
): Promise<NewTip | EventToQuarantine | Unverified | undefined> =>
  'reason' in payment
    ? unreadableEntry(payment)
    : entryOf(payment, await owners[payment.kind].of(payment.settlement));

/** What is to be written of a payment to an invoice of ours. */
export function ownedEntryOf(
  { kind, settlement, raw }: SettledPayment,
  owner: Owner | { readonly refused: string },
): NewTip | EventToQuarantine {
  const { said, fault } = HANDLERS[kind].verify(settlement);
  const event = eventJson(raw);
  if ('refused' in owner) return paymentToQuarantine(said, { reason: owner.refused, event });
  if (fault !== undefined) return paymentToQuarantine(said, { reason: fault, event });
  return { ...said, ...owner, event };
}
