import { checkBytes32, checkU32, checkU64 } from './argument.ts';
import { reconstructSet } from './child.ts';
import type { AmpRecord, MppRecord } from './record.ts';
import { isZeroShare } from './share.ts';

/** An HTLC that came in with AMP and MPP records in its onion. */
export interface IncomingHtlc {
  /** names the HTLC at this node, as channel and HTLC index do */
  key: string;
  /** 32 bytes, the payment hash it is locked to */
  hash: Uint8Array;
  amountMsat: bigint;
  amp: AmpRecord;
  mpp: MppRecord;
}

/** A set that is whole. What it paid may be more than the total it announced, never less. */
export interface WholeSet<H extends IncomingHtlc = IncomingHtlc> {
  setId: Uint8Array;
  paymentAddr: Uint8Array;
  totalMsat: bigint;
  paidMsat: bigint;
  /** in order of arrival, each with the preimage that settles it */
  htlcs: (H & { preimage: Uint8Array })[];
}

/** Why one HTLC is sent back while its set stays as it was. */
export type RefusalReason =
  | 'blank set id'
  | 'no total'
  | 'payment address disagrees'
  | 'total disagrees'
  | 'key in use';

/** What is to be done after an HTLC came in. */
export type CollectorOutcome<H extends IncomingHtlc = IncomingHtlc> =
  | { state: 'held'; missingMsat: bigint }
  | { state: 'refused'; reason: RefusalReason }
  | { state: 'failed'; reason: 'hash mismatch'; htlcs: H[] }
  | { state: 'whole'; set: WholeSet<H> };

interface HeldSet<H extends IncomingHtlc> {
  since: number;
  paidMsat: bigint;
  htlcs: H[];
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const sameHtlc = (a: IncomingHtlc, b: IncomingHtlc): boolean =>
  a.amountMsat === b.amountMsat &&
  a.mpp.totalMsat === b.mpp.totalMsat &&
  a.amp.childIndex === b.amp.childIndex &&
  same(a.hash, b.hash) &&
  same(a.mpp.paymentAddr, b.mpp.paymentAddr) &&
  same(a.amp.rootShare, b.amp.rootShare) &&
  same(a.amp.setId, b.amp.setId);

const check = (htlc: IncomingHtlc): void => {
  checkBytes32('hash', htlc.hash);
  checkU64('amountMsat', htlc.amountMsat, 1n);
  checkBytes32('mpp.paymentAddr', htlc.mpp.paymentAddr);
  checkU64('mpp.totalMsat', htlc.mpp.totalMsat);
  checkBytes32('amp.rootShare', htlc.amp.rootShare);
  checkBytes32('amp.setId', htlc.amp.setId);
  checkU32('amp.childIndex', htlc.amp.childIndex);
};

/**
 * The receiver's side: holds the HTLCs of each set until their sum reaches the total, and derives preimages then and only
 * then. A set leaves the collector when it is whole, fails, expires or is dropped, and nothing of it is remembered: whether
 * a set id was settled before, and whether a total is enough for the invoice, is for the caller to know before {@link add}.
 * @see BOLT 4, "Basic Multi-Part Payments"; lnd invoices/update.go
 */
export class SetCollector<H extends IncomingHtlc = IncomingHtlc> {
  readonly #sets = new Map<string, HeldSet<H>>();
  readonly #byKey = new Map<string, H>();

  /** How many sets are held. */
  get size(): number {
    return this.#sets.size;
  }

  /**
   * Take in an HTLC. One that is held already and comes again unaltered changes nothing.
   * @param at when it came, in milliseconds
   * @throws ArgumentError for a field of the wrong length or range
   */
  add(htlc: H, at: number): CollectorOutcome<H> {
    check(htlc);
    const { amp, mpp } = htlc;
    if (isZeroShare(amp.setId)) return { state: 'refused', reason: 'blank set id' };
    if (mpp.totalMsat === 0n) return { state: 'refused', reason: 'no total' };
    const id = Buffer.from(amp.setId).toString('hex');
    const held = this.#sets.get(id);

    const known = this.#byKey.get(htlc.key);
    if (known !== undefined) {
      if (held === undefined || !sameHtlc(known, htlc)) return { state: 'refused', reason: 'key in use' };
      return { state: 'held', missingMsat: mpp.totalMsat - held.paidMsat };
    }

    const first = held?.htlcs[0];
    if (first !== undefined) {
      if (!same(first.mpp.paymentAddr, mpp.paymentAddr)) {
        return { state: 'refused', reason: 'payment address disagrees' };
      }
      if (first.mpp.totalMsat !== mpp.totalMsat) return { state: 'refused', reason: 'total disagrees' };
    }

    const set = held ?? { since: at, paidMsat: 0n, htlcs: [] };
    set.htlcs.push(htlc);
    set.paidMsat += htlc.amountMsat;
    this.#sets.set(id, set);
    this.#byKey.set(htlc.key, htlc);
    if (set.paidMsat < mpp.totalMsat) return { state: 'held', missingMsat: mpp.totalMsat - set.paidMsat };

    this.#forget(id, set);
    return settle(set);
  }

  /**
   * Let go of every set whose first HTLC came before a time; gives their HTLCs, all to be failed (BOLT 4: `mpp_timeout`, after
   * at least 60 seconds).
   * @param before in milliseconds, on the clock that {@link add} was given
   */
  expire(before: number): H[] {
    const failed: H[] = [];
    for (const [id, set] of this.#sets) {
      if (set.since >= before) continue;
      this.#forget(id, set);
      failed.push(...set.htlcs);
    }
    return failed;
  }

  /** Let go of one set, whatever the reason; gives its HTLCs, none when it isn't held. */
  drop(setId: Uint8Array): H[] {
    checkBytes32('setId', setId);
    const id = Buffer.from(setId).toString('hex');
    const set = this.#sets.get(id);
    if (set === undefined) return [];
    this.#forget(id, set);
    return set.htlcs;
  }

  #forget(id: string, set: HeldSet<H>): void {
    this.#sets.delete(id);
    for (const htlc of set.htlcs) this.#byKey.delete(htlc.key);
  }
}

const settle = <H extends IncomingHtlc>({ htlcs, paidMsat }: HeldSet<H>): CollectorOutcome<H> => {
  const { children } = reconstructSet(
    htlcs.map(({ amp }) => ({ share: amp.rootShare, childIndex: amp.childIndex })),
  );
  if (htlcs.some((htlc, i) => !same(htlc.hash, children[i]!.hash))) {
    return { state: 'failed', reason: 'hash mismatch', htlcs };
  }
  const { amp, mpp } = htlcs[0]!;
  const { setId } = amp;
  const { paymentAddr, totalMsat } = mpp;
  const settled = htlcs.map((htlc, i) => ({ ...htlc, preimage: children[i]!.preimage }));
  return { state: 'whole', set: { setId, paymentAddr, totalMsat, paidMsat, htlcs: settled } };
};
