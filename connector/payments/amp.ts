import { verifySet } from '../../shared/amp/index.ts';
import { is32Bytes, type NewTip } from '../../shared/ledger/index.ts';
import type { Settlement } from '../lnd/contract.ts';
import { payerText } from './payerText.ts';

/** A settlement that was put together again: what is left to know is whose it is. */
export type VerifiedSet = Omit<NewTip, 'handle' | 'optionId' | 'event'>;

/** The HTLCs of a set, at most: two sides of a channel hold 483 each, and a payer uses few channels. */
const MOST_SHARDS = 10_000;
/** The end of the year 9999, in seconds since 1970. */
const LAST_SECOND = 253_402_300_799n;

/** Whether seconds since 1970, as lnd tells them, are a time at which something may have been settled. */
export const isTime = (seconds: bigint) => seconds > 0n && seconds <= LAST_SECOND;

/**
 * Verify a settlement: its shares XOR to a root from which every preimage and hash follows, all shards name the set, and
 * their amounts sum to what lnd says was paid (lnd amp/child.go, amp/derivation.go).
 * @returns the set, or the reason why it can't be booked
 */
export function verifySettlement(settlement: Settlement): { set: VerifiedSet } | { refused: string } {
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
