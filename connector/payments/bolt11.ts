import { createHash } from 'node:crypto';
import {
  type AsideEvent,
  type Ask,
  bookedSets,
  is32Bytes,
  type Ledger,
  type NewTip,
  paymentAside,
  readAsk,
} from '../../shared/ledger/index.ts';
import { ownerOnWord } from '../invoices/adopt.ts';
import type { Unverified } from '../invoices/attribution.ts';
import { type Claim, claimIn, type Memos } from '../invoices/memo.ts';
import { eventJson } from '../lnd/client.ts';
import type { LndInvoice, PlainSettlement, ToldPlain } from '../lnd/contract.ts';
import { isTime } from './amp.ts';
import { cleanComment } from './payerText.ts';

/** What the memo of a plain invoice says of an ask, true or not. */
export function plainClaimIn({ memo }: Pick<LndInvoice, 'memo'>): AskClaim | undefined {
  const claim = claimIn(memo);
  return claim?.askId === undefined ? undefined : { ...claim, askId: claim.askId };
}
export type AskClaim = Claim & { readonly askId: string };

/** Whether an ask is the one that an invoice answers, whatever that one's memo proves. */
export const isAnswerTo = (ask: Ask | undefined, claim: Claim, paymentHash: string): ask is Ask =>
  ask?.paymentHash === paymentHash && ask.optionId === claim.optionId;

/** Whose a payment is, with what its payer wrote. */
type Owner = Pick<NewTip, 'handle' | 'optionId' | 'message'>;

/**
 * What is to be written of a paid plain invoice: a tip, an event to set aside, or nothing, for nobody asked for it here or it is booked
 * on other grounds: when its ask was there, or on an operator's word.
 */
export async function plainEntryOf(
  parts: { ledger: Ledger; memos: Memos },
  told: ToldPlain,
): Promise<NewTip | AsideEvent | Unverified | undefined> {
  const { ledger, memos } = parts;
  const owner = await plainOwnerOf(parts, told.settlement);
  if (owner && !('unverified' in owner)) return ownedEntryOf(told, owner);
  const setId = hex(told.settlement.paymentHash);
  return owner && (await bookedSets(ledger, memos.node, [setId])).has(setId) ? undefined : owner;
}

/** What is to be written of a paid plain invoice whose owner is known. */
export function ownedEntryOf(
  { settlement, raw }: ToldPlain,
  owner: Owner | { refused: string },
): NewTip | AsideEvent {
  const event = eventJson(raw);
  const { paymentAddr, amountMsat } = settlement;
  const refused = faultOf(settlement) ?? ('refused' in owner ? owner.refused : undefined);
  if (refused !== undefined || 'refused' in owner)
    return paymentAside(
      { setId: hex(settlement.paymentHash), paymentAddr, amountMsat },
      { reason: refused!, event },
    );
  return { ...plainSetOf(settlement), ...owner, event };
}

/**
 * Whose a paid plain invoice is, with what the payer wrote. The memo says which ask it answers, and is believed when it verifies or when
 * that ask says so, too: an ask that is gone by now is not needed to tell whose the money is.
 * @returns undefined when nobody asked for it here
 */
export async function plainOwnerOf(
  { ledger, memos }: { ledger: Ledger; memos: Memos },
  { memo, paymentHash, creationDate }: PlainSettlement,
): Promise<Owner | { refused: string } | Unverified | undefined> {
  const claim = plainClaimIn({ memo });
  if (!claim) return undefined;
  const found = await readAsk(ledger, claim.askId);
  const ask = isAnswerTo(found, claim, hex(paymentHash)) ? found : undefined;
  const unverified = ask ? undefined : memos.disproof(claim, creationDate);
  if (unverified !== undefined) return { unverified };
  const owner = ask ? { handle: ask.handle, optionId: ask.optionId } : await ownerOnWord(ledger, claim);
  if ('refused' in owner) return owner;
  const message = cleanComment(ask?.comment);
  return { ...owner, ...(message && { message }) };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Why a payment is not what it says, if so: the preimage hashes to the payment hash, the parts sum to the amount. */
export function faultOf(settlement: PlainSettlement): string | undefined {
  const { paymentHash, paymentAddr, amountMsat, settledAt, parts } = settlement;
  if (paymentHash.length !== 32) return 'payment hash is not 32 bytes';
  if (!is32Bytes(paymentAddr)) return 'payment address is not 32 bytes';
  if (!isPreimage(settlement)) return 'preimage does not hash to the payment hash';
  if (amountMsat <= 0n) return 'no amount';
  if (parts.reduce((sum, part) => sum + part, 0n) !== amountMsat)
    return 'amounts of the HTLCs do not sum to the amount paid';
  if (!isTime(settledAt)) return 'no time of settlement';
  return undefined;
}

/** What a paid plain invoice says of the payment itself. */
export function plainSetOf(settlement: PlainSettlement) {
  const { paymentAddr, paymentHash, preimage, amountMsat, settleIndex, settledAt, parts } = settlement;
  return {
    via: 'bolt11' as const,
    setId: hex(paymentHash),
    paymentAddr,
    amountMsat,
    settleIndex,
    settledAt: new Date(Number(settledAt) * 1000),
    shards: parts.length,
    ...(isPreimage(settlement) && { preimage: hex(preimage) }),
  };
}

const isPreimage = ({ preimage, paymentHash }: PlainSettlement) =>
  createHash('sha256').update(preimage).digest().equals(paymentHash);
