import { createHash } from 'node:crypto';
import {
  type AsideEvent,
  is32Bytes,
  type Ledger,
  type NewTip,
  paymentAside,
  readAsk,
  readOptionOwner,
} from '../shared/ledger/index.ts';
import type { PlainSettlement, ToldPlain } from './lnd.ts';
import { eventJson } from './lndGrpc.ts';
import { askIn } from './memo.ts';
import { cleanComment } from './payerText.ts';
import { isTime } from './settlement.ts';

/**
 * What is to be written of a paid plain invoice: a tip, an event to set aside, or nothing, for nobody asked for it here.
 */
export async function plainEntryOf(
  ledger: Ledger,
  { settlement, raw }: ToldPlain,
): Promise<NewTip | AsideEvent | undefined> {
  if (!askIn(settlement.memo)) return undefined;
  const event = eventJson(raw);
  const { paymentAddr, amountMsat } = settlement;
  const aside = (reason: string) =>
    paymentAside({ setId: hex(settlement.paymentHash), paymentAddr, amountMsat }, { reason, event });
  const refused = faultOf(settlement);
  if (refused) return aside(refused);
  const owner = await plainOwnerOf(ledger, settlement);
  if (!owner || 'refused' in owner) return owner && aside(owner.refused);
  return { ...plainSetOf(settlement), ...owner, event };
}

/**
 * Whose a paid plain invoice is, with what the payer wrote. The memo says which ask it answers; an ask that is gone by now is not needed
 * to tell whose the money is.
 * @returns undefined when nobody asked for it here
 */
export async function plainOwnerOf(
  ledger: Ledger,
  { memo, paymentHash }: PlainSettlement,
): Promise<Pick<NewTip, 'handle' | 'optionId' | 'message'> | { refused: string } | undefined> {
  const asked = askIn(memo);
  if (!asked) return undefined;
  const ask = await readAsk(ledger, asked.askId);
  const known = ask?.paymentHash === hex(paymentHash) && ask.optionId === asked.optionId ? ask : undefined;
  const handle = known?.handle ?? (await readOptionOwner(ledger, asked.optionId));
  if (handle === undefined)
    return { refused: 'payment to an invoice with a memo of ours, but no creator has its option' };
  const message = cleanComment(known?.comment);
  return { handle, optionId: asked.optionId, ...(message && { message }) };
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
