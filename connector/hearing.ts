import type { AsideEvent, NewTip } from '../shared/ledger/index.ts';
import type { Attributed } from './attribution.ts';
import { eventJson, type Told } from './lnd.ts';
import { verifySettlement } from './settlement.ts';

/** What is to be written of a settlement: a tip, an event to set aside, or nothing, for it is not ours. */
export function entryOf({ settlement, raw }: Told, owner: Attributed): NewTip | AsideEvent | undefined {
  if (!owner) return undefined;
  const event = eventJson(raw);
  const aside = (reason: string): AsideEvent => {
    const { setId } = settlement;
    return { reason, event, ...(/^[0-9a-f]{64}$/.test(setId) && { setId }) };
  };
  if ('refused' in owner) return aside(owner.refused);
  const verified = verifySettlement(settlement);
  if ('refused' in verified) return aside(verified.refused);
  return { ...verified.set, handle: owner.handle, optionId: owner.optionId, event };
}
