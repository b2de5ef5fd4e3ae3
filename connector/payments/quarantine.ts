import { gunzipSync } from 'node:zlib';
import {
  type Aside,
  bookedSets,
  bookTips,
  closeAside,
  is32Bytes,
  type Lease,
  type Ledger,
  type NewTip,
} from '../../shared/ledger/index.ts';
import { type Adopting, adoptOnWord, ampClaimIn, ownerOnWord } from '../invoices/adopt.ts';
import { attributionOnce, type Unverified } from '../invoices/attribution.ts';
import { readMemos } from '../invoices/memo.ts';
import type { LndEvent } from '../lnd/contract.ts';
import type { Log } from '../log.ts';
import { isTime, verifySettlement } from './amp.ts';
import { faultOf, plainClaimIn, plainOwnerOf, plainSetOf } from './bolt11.ts';
import { readKeptEvent } from './keptEvents.ts';
import { payerText } from './payerText.ts';

/** An event that can't be booked even by an operator; the message says why. */
export class AsideError extends Error {
  override readonly name = 'AsideError';
}

/** The event of an aside as JSON; cut when it was too large for an item. */
export const eventOf = ({ event }: Aside): string => gunzipSync(event).toString();

/** A payment that an event tells of: each kind is verified, attributed and booked in its own way. */
type Payment = Exclude<LndEvent, { kind: 'unreadable' | 'other' }>;

/** What an aside tells of a payment, as far as it can be read. @throws AsideError */
function paymentOf(aside: Aside): Payment {
  const only = (why: string) => new AsideError(`${why}: it can only be dismissed`);
  const { cutFrom } = aside;
  if (cutFrom !== undefined) throw only(`the event was cut to its start, from ${cutFrom} bytes`);
  let event: LndEvent;
  try {
    event = readKeptEvent(eventOf(aside));
  } catch {
    throw only('the event is no message of lnd’s');
  }
  if (event.kind === 'unreadable') throw only(event.reason);
  if (event.kind === 'other') throw only('the event does not tell of one settled payment');
  return event;
}

/** What is told of an aside's payment, where it can be read. */
export function settlementOf(aside: Aside): Payment['settlement'] | undefined {
  try {
    return paymentOf(aside).settlement;
  } catch (error) {
    if (error instanceof AsideError) return undefined;
    throw error;
  }
}

/** How a payment of a kind is booked by hand. */
interface Claim {
  /** Set id or payment hash, hex. */
  readonly setId: string;
  /** Whose it is. */
  owner(): Promise<
    Pick<NewTip, 'handle' | 'optionId' | 'message'> | { refused: string } | Unverified | undefined
  >;
  /** And when its memo does not verify, on an operator's word. */
  ownerOnWord(): Promise<Pick<NewTip, 'handle' | 'optionId'> | { refused: string }>;
  /** Why it is not what it says, if so. */
  readonly fault: string | undefined;
  /** What it says of itself, true or not. */
  readonly set: Omit<NewTip, 'handle' | 'optionId' | 'event'>;
}

type Parts = Omit<Adopting, 'patiently'>;

function claimOf(payment: Payment, parts: Parts): Claim {
  const { amountMsat, paymentAddr, settleIndex, settledAt } = payment.settlement;
  switch (payment.kind) {
    case 'amp': {
      const { settlement } = payment;
      const verified = verifySettlement(settlement);
      const said = {
        ...{ via: 'amp' as const, setId: settlement.setId, amountMsat, paymentAddr, settleIndex },
        settledAt: timeOf(settledAt, parts.clock),
        shards: settlement.shards.length,
        ...payerText(settlement.shards.map(({ records }) => records)),
      };
      return {
        setId: settlement.setId,
        owner: () => attributionOnce(parts).of(settlement),
        ownerOnWord: () => adoptOnWord(parts, settlement, ampClaimIn(settlement)!),
        ...('set' in verified
          ? { fault: undefined, set: verified.set }
          : { fault: verified.refused, set: said }),
      };
    }
    case 'plain': {
      const { settlement } = payment;
      const set = { ...plainSetOf(settlement), settledAt: timeOf(settledAt, parts.clock) };
      const owner = () => plainOwnerOf(parts, settlement);
      const onWord = () => ownerOnWord(parts.ledger, plainClaimIn(settlement)!);
      return { setId: set.setId, owner, ownerOnWord: onWord, fault: faultOf(settlement), set };
    }
  }
}

const timeOf = (seconds: bigint, clock: () => Date) =>
  isTime(seconds) ? new Date(Number(seconds) * 1000) : clock();

/**
 * Book an event that was set aside, of whatever kind its payment is. One that verifies by now, for its creator is there again, is booked
 * like any other; one that doesn't is booked on the operator's word, which the row keeps.
 * @param note why, in the operator's words
 * @throws AsideError, LeaseLostError
 */
export async function bookAside(
  {
    ledger,
    log,
    clock,
    random,
  }: { ledger: Ledger; log: Log; clock: () => Date; random: (length: number) => Uint8Array },
  lease: Lease,
  aside: Aside,
  note: string,
): Promise<NewTip> {
  const memos = await readMemos(ledger, lease.node, random);
  const payment = claimOf(paymentOf(aside), { ledger, lease, memos, log, clock });
  const { setId, fault, set } = payment;
  if (!is32Bytes(setId))
    throw new AsideError('its set id or payment hash is not 32 bytes: it can only be dismissed');
  const { amountMsat } = set;
  if (amountMsat <= 0n) throw new AsideError(`its amount is ${amountMsat} msat: it can only be dismissed`);
  if ((await bookedSets(ledger, lease.node, [setId])).has(setId))
    throw new AsideError(`set ${setId} is booked already: it can only be dismissed`);
  const told = await payment.owner();
  const unverified = told && 'unverified' in told ? told.unverified : undefined;
  const whose = told && 'unverified' in told ? await payment.ownerOnWord() : told;
  if (!whose || 'refused' in whose)
    throw new AsideError(`whose it is can't be told: ${whose?.refused ?? 'its invoice is not one of ours'}`);
  const tip: NewTip = {
    ...set,
    ...whose,
    event: eventOf(aside),
    ...((fault ?? unverified) && { override: note }),
  };
  await bookTips(ledger, lease, { tips: [tip], asides: [] });
  await closeAside(ledger, lease, { id: aside.id, status: 'booked', note, now: clock() });
  return tip;
}
