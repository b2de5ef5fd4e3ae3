import { createHash } from 'node:crypto';
import { bookedSets, is32Bytes, type Ledger, readInvoiceRequest } from '../../shared/ledger/index.ts';
import { bolt11Audit } from '../audit/bolt11Audit.ts';
import { ownerOnWord } from '../invoices/adopt.ts';
import type { Owner, Unverified } from '../invoices/attribution.ts';
import type { Memos } from '../invoices/memo.ts';
import type { Settlement } from '../lnd/contract.ts';
import { hex, type InvoiceMessage, toInvoice } from '../lnd/messages.ts';
import { isReplyTo, replyClaimIn } from '../requests/replyClaim.ts';
import { isTime, type PaymentHandler, type SaidPayment } from './handler.ts';
import { cleanComment } from './payerText.ts';

/** The one payment of a BOLT11 invoice, as lnd tells of it. Bytes as lnd gave them, unchecked. */
export interface Bolt11Settlement extends Settlement {
  readonly preimage: Uint8Array;
  /** Of each HTLC, in msat. */
  readonly parts: readonly bigint[];
}

/** The payment of a settled BOLT11 invoice. */
const toSettlement = (raw: InvoiceMessage): Bolt11Settlement => ({
  ...toInvoice(raw),
  setId: hex(raw.r_hash),
  preimage: raw.r_preimage,
  settleIndex: BigInt(raw.settle_index),
  settledAt: BigInt(raw.settle_date),
  amountMsat: BigInt(raw.amt_paid_msat),
  parts: raw.htlcs.filter(({ state }) => state === 'SETTLED').map(({ amt_msat }) => BigInt(amt_msat)),
});

/**
 * Whose a paid BOLT11 invoice is, with what the payer wrote. The memo says which request it answers, and is believed when it verifies or
 * when that request says so, too: a request that is gone by now is not needed to tell whose the money is.
 * @returns undefined when nobody asked for it here, or it is booked on other grounds: when its request was there, or on an operator's word
 */
async function ownerOf(
  { ledger, memos }: { ledger: Ledger; memos: Memos },
  { memo, setId, creationDate }: Bolt11Settlement,
): Promise<Owner | { refused: string } | Unverified | undefined> {
  const claim = replyClaimIn({ memo });
  if (!claim) return undefined;
  const found = await readInvoiceRequest(ledger, claim.requestId);
  const request = isReplyTo(found, claim, setId) ? found : undefined;
  const unverified = request ? undefined : memos.disproof(claim, creationDate);
  if (unverified !== undefined)
    return (await bookedSets(ledger, memos.node, [setId])).has(setId) ? undefined : { unverified };
  const owner = request
    ? { handle: request.handle, optionId: request.optionId }
    : await ownerOnWord(ledger, claim);
  if ('refused' in owner) return owner;
  const message = cleanComment(request?.comment);
  return { ...owner, ...(message && { message }) };
}

/** Why a payment is not what it says, if so: the preimage hashes to the payment hash, the parts sum to the amount. */
function faultOf(settlement: Bolt11Settlement): string | undefined {
  const { setId, paymentAddr, amountMsat, settledAt, parts } = settlement;
  if (!is32Bytes(setId)) return 'payment hash is not 32 bytes';
  if (!is32Bytes(paymentAddr)) return 'payment address is not 32 bytes';
  if (!isPreimage(settlement)) return 'preimage does not hash to the payment hash';
  if (amountMsat <= 0n) return 'no amount';
  if (parts.reduce((sum, part) => sum + part, 0n) !== amountMsat)
    return 'amounts of the HTLCs do not sum to the amount paid';
  if (!isTime(settledAt)) return 'no time of settlement';
  return undefined;
}

const isPreimage = ({ preimage, setId }: Bolt11Settlement) =>
  createHash('sha256').update(preimage).digest('hex') === setId;

/** What a paid BOLT11 invoice says of the payment itself. */
function saidOf(settlement: Bolt11Settlement): SaidPayment {
  const { paymentAddr, setId, preimage, amountMsat, settleIndex, settledAt, parts } = settlement;
  return {
    via: 'bolt11',
    setId,
    paymentAddr,
    amountMsat,
    settleIndex,
    settledAt: new Date(Number(settledAt) * 1000),
    shards: parts.length,
    ...(isPreimage(settlement) && { preimage: hex(preimage) }),
  };
}

/** Payments to invoices that someone asked for: the request tells whose they are, or the invoice's memo. */
export const bolt11: PaymentHandler<Bolt11Settlement> = {
  firstIsReplayed: false,
  isIn: ({ is_amp, is_keysend }) => !is_amp && !is_keysend,
  read: toSettlement,
  idIn: ({ r_hash = new Uint8Array() }) => hex(r_hash),
  verify(settlement) {
    const fault = faultOf(settlement);
    return { said: saidOf(settlement), ...(fault !== undefined && { fault }) };
  },
  owners: (parts) => ({
    of: (settlement) => parts.patiently(() => ownerOf(parts, settlement)),
    onWord: (settlement) => ownerOnWord(parts.ledger, replyClaimIn(settlement)!),
  }),
  audit: bolt11Audit,
};
