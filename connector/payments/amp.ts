import { verifySet } from '../../shared/amp/index.ts';
import { is32Bytes } from '../../shared/ledger/index.ts';
import { ampAudit } from '../audit/ampAudit.ts';
import { adoptOnWord } from '../invoices/adopt.ts';
import { Attribution } from '../invoices/attribution.ts';
import { ampClaimIn } from '../invoices/memo.ts';
import type { Settlement } from '../lnd/contract.ts';
import { type HtlcMessage, hex, type InvoiceMessage, recordsOf, toInvoice } from '../lnd/messages.ts';
import { isTime, type PaymentHandler, type SaidPayment } from './handler.ts';
import { payerText } from './payerText.ts';

/** An HTLC of an AMP set, as lnd tells of it. Bytes as lnd gave them, unchecked. */
export interface Shard {
  readonly amountMsat: bigint;
  readonly share: Uint8Array;
  readonly childIndex: number;
  readonly hash: Uint8Array;
  readonly preimage: Uint8Array;
  readonly setId: string;
  /** Seconds since 1970. */
  readonly resolvedAt: bigint;
  /** What the payer sent along, by record type. */
  readonly records: ReadonlyMap<bigint, Uint8Array>;
}

/** One settled AMP payment, as lnd tells of it, with the invoice that it was paid to. */
export interface AmpSettlement extends Settlement {
  readonly shards: readonly Shard[];
}

/**
 * The one settled set in a message of lnd's. Top-level index, date and amounts are not the set's own for AMP (lnd
 * invoices/update.go), so they are not looked at. A message with several sets tells of an invoice, not of a payment.
 */
export function toSettlement(raw: InvoiceMessage): AmpSettlement | undefined {
  const sets = Object.entries(raw.amp_invoice_state);
  const [setId, set] = sets[0] ?? [];
  if (sets.length !== 1 || setId === undefined || set?.state !== 'SETTLED') return undefined;
  return {
    ...toInvoice(raw),
    setId,
    settleIndex: BigInt(set.settle_index),
    settledAt: BigInt(set.settle_time),
    amountMsat: BigInt(set.amt_paid_msat),
    // A set may have had HTLCs that failed before it settled; they paid nothing.
    shards: raw.htlcs.filter(({ state }) => state === 'SETTLED').map(toShard),
  };
}

const toShard = (htlc: HtlcMessage): Shard => ({
  amountMsat: BigInt(htlc.amt_msat),
  share: htlc.amp?.root_share ?? new Uint8Array(),
  childIndex: htlc.amp?.child_index ?? 0,
  hash: htlc.amp?.hash ?? new Uint8Array(),
  preimage: htlc.amp?.preimage ?? new Uint8Array(),
  setId: hex(htlc.amp?.set_id ?? new Uint8Array()),
  resolvedAt: BigInt(htlc.resolve_time),
  records: recordsOf(htlc),
});

/** The HTLCs of a set, at most: two sides of a channel hold 483 each, and a payer uses few channels. */
const MOST_SHARDS = 10_000;

/**
 * Verify a settlement: its shares XOR to a root from which every preimage and hash follows, all shards name the set, and
 * their amounts sum to what lnd says was paid (lnd amp/child.go, amp/derivation.go).
 * @returns the set, or the reason why it can't be booked
 */
export function verifySettlement(settlement: AmpSettlement): { set: SaidPayment } | { refused: string } {
  const { setId, paymentAddr, amountMsat, settleIndex, shards } = settlement;
  if (!is32Bytes(setId)) return { refused: 'set id is not 32 bytes' };
  if (!is32Bytes(paymentAddr)) return { refused: 'payment address is not 32 bytes' };
  if (shards.length === 0) return { refused: 'no settled shards' };
  if (shards.length > MOST_SHARDS) return { refused: `more than ${MOST_SHARDS} shards` };
  if (shards.some((shard) => shard.setId !== setId)) return { refused: 'a shard of another set' };
  if (shards.some((shard) => shard.amountMsat <= 0n)) return { refused: 'a shard without an amount' };
  const sum = shards.reduce((total, shard) => total + shard.amountMsat, 0n);
  if (sum !== amountMsat) return { refused: 'amounts of shards do not sum to the amount paid' };
  try {
    const verified = verifySet(shards);
    if (!verified.ok) return { refused: `shares do not reconstruct: ${verified.reason}` };
  } catch (error) {
    return { refused: `shares do not reconstruct: ${(error as Error).message}` };
  }
  const seconds =
    settlement.settledAt || shards.map(({ resolvedAt }) => resolvedAt).sort((a, b) => (a < b ? 1 : -1))[0]!;
  if (!isTime(seconds)) return { refused: 'no time of settlement' };
  return {
    set: {
      via: 'amp',
      setId,
      paymentAddr,
      amountMsat,
      settleIndex,
      settledAt: new Date(Number(seconds) * 1000),
      shards: shards.length,
      ...payerText(shards.map((shard) => shard.records)),
    },
  };
}

/** Payments to static invoices: the invoice is in the table, or is found again by its memo. */
export const amp: PaymentHandler<AmpSettlement> = {
  firstIsReplayed: true,
  isIn: ({ is_amp }) => is_amp,
  read: toSettlement,
  idIn({ amp_invoice_state = {} }) {
    const [id, ...others] = Object.keys(amp_invoice_state);
    return others.length === 0 ? id : undefined;
  },
  verify(settlement) {
    const verified = verifySettlement(settlement);
    if ('set' in verified) return { said: verified.set };
    const { setId, amountMsat, paymentAddr, settleIndex, settledAt, shards } = settlement;
    const said: SaidPayment = {
      ...{ via: 'amp', setId, amountMsat, paymentAddr, settleIndex },
      settledAt: new Date(Number(settledAt) * 1000),
      shards: shards.length,
      ...payerText(shards.map(({ records }) => records)),
    };
    return { said, fault: verified.refused };
  },
  owners(parts) {
    const attribution = new Attribution(parts);
    return {
      of: (settlement) => attribution.of(settlement),
      onWord: (settlement) => adoptOnWord(parts, settlement, ampClaimIn(settlement)!),
    };
  },
  audit: ampAudit,
};
