import { type AsideEvent, type NewTip, paymentAside } from '../../shared/ledger/index.ts';
import type { Attributed, Unverified } from '../invoices/attribution.ts';
import { eventJson } from '../lnd/client.ts';
import type { Told, Unreadable } from '../lnd/contract.ts';
import { verifySettlement } from './amp.ts';

/** A message that can't be read, as it is set aside. */
export const asideOf = ({ reason, raw, setId }: Unreadable): AsideEvent => ({
  reason,
  event: eventJson(raw),
  ...(setId !== undefined && { setId, facts: '' }),
});

/** What is to be written of a settlement: a tip, an event to set aside, or nothing, for it is not ours or not believed to be. */
export function entryOf(
  { settlement, raw }: Told,
  owner: Attributed,
): NewTip | AsideEvent | Unverified | undefined {
  if (!owner || 'unverified' in owner) return owner;
  const event = eventJson(raw);
  const aside = (reason: string) => paymentAside(settlement, { reason, event });
  if ('refused' in owner) return aside(owner.refused);
  const verified = verifySettlement(settlement);
  if ('refused' in verified) return aside(verified.refused);
  return { ...verified.set, handle: owner.handle, optionId: owner.optionId, event };
}
