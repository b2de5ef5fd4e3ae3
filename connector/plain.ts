import { createHash } from 'node:crypto';
import {
  type AsideEvent,
  type Ask,
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
 * The memo says which ask it answers; an ask that is gone by now is not needed to tell whose the money is.
 */
export async function plainEntryOf(
  ledger: Ledger,
  { settlement, raw }: ToldPlain,
): Promise<NewTip | AsideEvent | undefined> {
  const asked = askIn(settlement.memo);
  if (!asked) return undefined;
  const event = eventJson(raw);
  const setId = hex(settlement.paymentHash);
  const { paymentAddr, amountMsat } = settlement;
  const aside = (reason: string) => paymentAside({ setId, paymentAddr, amountMsat }, { reason, event });
  const refused = faultOf(settlement);
  if (refused) return aside(refused);
  const ask = await readAsk(ledger, asked.askId);
  const known = ask?.paymentHash === setId && ask.optionId === asked.optionId ? ask : undefined;
  const handle = known?.handle ?? (await readOptionOwner(ledger, asked.optionId));
  if (handle === undefined)
    return aside('payment to an invoice with a memo of ours, but no creator has its option');
  return { ...tipOf(settlement, known), setId, handle, optionId: asked.optionId, event };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Why a payment is not what it says, if so: the preimage hashes to the payment hash, the parts sum to the amount. */
function faultOf({ paymentHash, preimage, paymentAddr, amountMsat, settledAt, parts }: PlainSettlement) {
  if (paymentHash.length !== 32) return 'payment hash is not 32 bytes';
  if (!is32Bytes(paymentAddr)) return 'payment address is not 32 bytes';
  if (!createHash('sha256').update(preimage).digest().equals(paymentHash))
    return 'preimage does not hash to the payment hash';
  if (amountMsat <= 0n) return 'no amount';
  if (parts.reduce((sum, part) => sum + part, 0n) !== amountMsat)
    return 'amounts of the HTLCs do not sum to the amount paid';
  if (!isTime(settledAt)) return 'no time of settlement';
  return undefined;
}

function tipOf(settlement: PlainSettlement, ask: Ask | undefined) {
  const { paymentAddr, preimage, amountMsat, settleIndex, settledAt, parts } = settlement;
  const message = cleanComment(ask?.comment);
  return {
    via: 'bolt11' as const,
    paymentAddr,
    amountMsat,
    settleIndex,
    settledAt: new Date(Number(settledAt) * 1000),
    shards: parts.length,
    preimage: hex(preimage),
    ...(message && { message }),
  };
}
