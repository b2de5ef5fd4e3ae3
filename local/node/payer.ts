import { hash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { type AmpRecord, type MppRecord, type Random, splitPayment } from '../../shared/amp/index.ts';
import { BLOCK_HEIGHT, type HtlcFailure, type Peer, type Resolution } from './channel.ts';
import { encodePayload } from './onion.ts';
import type { PaymentPlan } from './payment-plan.ts';
import { RpcError } from './rpc-error.ts';
import type { NodeStore } from './store.ts';

/** One HTLC of a payment. Times are milliseconds since 1970. */
export interface Attempt {
  attemptId: number;
  /** where it went to, and what its last hop was told */
  dest: string;
  amountMsat: bigint;
  cltvExpiry: number;
  mpp?: MppRecord;
  amp?: AmpRecord;
  customRecords: ReadonlyMap<bigint, Uint8Array>;
  status: 'IN_FLIGHT' | 'SUCCEEDED' | 'FAILED';
  sentAt: number;
  resolvedAt: number;
  preimage?: Uint8Array;
  failure?: HtlcFailure;
}

/** lnd's reasons for a payment that failed. */
export type FailureReason =
  | 'FAILURE_REASON_NONE'
  | 'FAILURE_REASON_TIMEOUT'
  | 'FAILURE_REASON_NO_ROUTE'
  | 'FAILURE_REASON_ERROR'
  | 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS';

/** An outgoing payment. */
export interface Payment {
  /** hex; the set id of an AMP payment */
  paymentHash: string;
  amountMsat: bigint;
  paymentRequest: string;
  paymentIndex: number;
  /** milliseconds since 1970 */
  createdAt: number;
  status: 'IN_FLIGHT' | 'SUCCEEDED' | 'FAILED';
  failureReason: FailureReason;
  attempts: Attempt[];
}

const REASONS: Partial<Record<HtlcFailure, FailureReason>> = {
  INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS: 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS',
  MPP_TIMEOUT: 'FAILURE_REASON_TIMEOUT',
  TEMPORARY_CHANNEL_FAILURE: 'FAILURE_REASON_NO_ROUTE',
  TEMPORARY_NODE_FAILURE: 'FAILURE_REASON_NO_ROUTE',
};

/** lnd adds blocks to the expiry, so that one mined on the way does no harm (routing, BlockPadding). */
const BLOCK_PADDING = 3;

/** An HTLC that is ready to be sent. */
type Shard = { hash: Uint8Array; amountMsat: bigint; mpp?: MppRecord; amp?: AmpRecord };

/** The paying side of a node. */
export class Payer {
  readonly #store: NodeStore;
  readonly #peers: ReadonlyMap<string, Peer>;
  readonly #clock: () => number;
  readonly #random: Random;
  readonly #nextPaymentIndex: () => number;
  readonly #nextAttemptId: () => number;
  readonly #inFlight = new Set<string>();

  constructor(store: NodeStore, peers: ReadonlyMap<string, Peer>, clock: () => number, random: Random) {
    this.#store = store;
    this.#peers = peers;
    this.#clock = clock;
    this.#random = random;
    this.#nextPaymentIndex = store.numbers('paymentIndex');
    this.#nextAttemptId = store.numbers('attemptId');
  }

  /**
   * Send a payment to its end: onion payloads are written and sent over the channel, and each preimage that comes back is
   * hashed and compared.
   * @param onUpdate hears of the payment before it is sent, in flight, and at its end
   * @returns it, succeeded or failed
   * @throws RpcError when a payment that isn't AMP was made before, or is on its way
   */
  async pay(plan: PaymentPlan, onUpdate: (payment: Payment) => void = () => undefined): Promise<Payment> {
    const { identity, shards } = this.#shards(plan);
    const payment: Payment = {
      paymentHash: identity,
      amountMsat: plan.amountMsat,
      paymentRequest: plan.paymentRequest,
      // lnd counts payments from 1 on.
      paymentIndex: this.#nextPaymentIndex() + 1,
      createdAt: this.#clock(),
      status: 'IN_FLIGHT',
      failureReason: 'FAILURE_REASON_NONE',
      attempts: [],
    };
    const once = plan.way.kind !== 'amp';
    if (once) await this.#begin(identity);
    onUpdate(payment);
    const peer = this.#peers.get(plan.dest);
    const failures =
      peer === undefined ? ['no peer'] : await this.#send(peer, plan, shards, payment, onUpdate);
    payment.status = failures.length === 0 ? 'SUCCEEDED' : 'FAILED';
    if (failures.length > 0) payment.failureReason = reasonOf(failures);
    if (once) await this.#end(identity, failures.length === 0);
    onUpdate(payment);
    return payment;
  }

  #shards({ way, amountMsat, shards }: PaymentPlan): { identity: string; shards: Shard[] } {
    if (way.kind === 'amp') {
      const setId = this.#random(32);
      const { paymentAddr } = way;
      const random = this.#random;
      const split = splitPayment({
        totalMsat: amountMsat,
        shards,
        root: random(32),
        setId,
        paymentAddr,
        random,
      });
      return { identity: Buffer.from(setId).toString('hex'), shards: split };
    }
    const identity = Buffer.from(way.paymentHash).toString('hex');
    const shard = { hash: way.paymentHash };
    if (way.kind === 'keysend') return { identity, shards: [{ ...shard, amountMsat }] };
    const mpp: MppRecord = { paymentAddr: way.paymentAddr, totalMsat: amountMsat };
    const count = BigInt(shards);
    const parts = Array.from({ length: shards }, (_, i) => {
      const larger = BigInt(i) < amountMsat % count ? 1n : 0n;
      return { ...shard, amountMsat: amountMsat / count + larger, mpp };
    });
    return { identity, shards: parts };
  }

  async #begin(paymentHash: string): Promise<void> {
    if (this.#store.paymentMark(paymentHash) === 'succeeded') {
      throw new RpcError('invoice is already paid', status.ALREADY_EXISTS);
    }
    if (this.#inFlight.has(paymentHash))
      throw new RpcError('payment is in transition', status.ALREADY_EXISTS);
    this.#inFlight.add(paymentHash);
    await this.#store.markPayment(paymentHash, 'in flight');
  }

  async #end(paymentHash: string, succeeded: boolean): Promise<void> {
    await this.#store.markPayment(paymentHash, succeeded ? 'succeeded' : 'failed');
    this.#inFlight.delete(paymentHash);
  }

  async #send(
    peer: Peer,
    { dest, finalCltvDelta, customRecords }: PaymentPlan,
    shards: readonly Shard[],
    payment: Payment,
    onUpdate: (payment: Payment) => void,
  ): Promise<string[]> {
    const cltvExpiry = BLOCK_HEIGHT + finalCltvDelta + BLOCK_PADDING;
    const ends: Promise<void>[] = [];
    for (const { hash: paymentHash, amountMsat, mpp, amp } of shards) {
      // One HTLC a turn: the shards of payments that are made at once alternate in the channel.
      if (ends.length > 0) await Promise.resolve();
      const hop = { cltvExpiry, amountMsat, ...(mpp && { mpp }), ...(amp && { amp }), customRecords };
      const attempt: Attempt = {
        ...hop,
        dest,
        attemptId: this.#nextAttemptId(),
        status: 'IN_FLIGHT',
        sentAt: this.#clock(),
        resolvedAt: 0,
      };
      payment.attempts.push(attempt);
      const resolution = peer.receive({ paymentHash, amountMsat, cltvExpiry, onion: encodePayload(hop) });
      ends.push(resolution.then((end) => this.#resolve(attempt, paymentHash, end)));
    }
    onUpdate(payment);
    await Promise.all(ends);
    return payment.attempts.flatMap(({ failure, status }) =>
      status === 'FAILED' ? [failure ?? 'wrong preimage'] : [],
    );
  }

  #resolve(attempt: Attempt, paymentHash: Uint8Array, end: Resolution): void {
    attempt.resolvedAt = this.#clock();
    if ('failure' in end) {
      attempt.status = 'FAILED';
      attempt.failure = end.failure;
      return;
    }
    const holds = Buffer.compare(hash('sha256', end.preimage, 'buffer'), paymentHash) === 0;
    attempt.status = holds ? 'SUCCEEDED' : 'FAILED';
    if (holds) attempt.preimage = end.preimage;
  }
}

const reasonOf = (failures: readonly string[]): FailureReason => {
  const [first] = failures;
  if (first === 'no peer') return 'FAILURE_REASON_NO_ROUTE';
  return REASONS[first as HtlcFailure] ?? 'FAILURE_REASON_ERROR';
};
