import { createECDH, createHash, randomBytes } from 'node:crypto';
import {
  type AmpState,
  highest,
  type Lnd,
  type LndEvent,
  type LndInvoice,
  type NodeInfo,
  type SettledPayment,
  type Unreadable,
} from '../../connector/lnd/contract.ts';
import { toEvent } from '../../connector/payments/events.ts';
import { deriveChild, splitPayment } from '../../shared/amp/index.ts';
import { type Network, signAmpInvoice } from '../../shared/bolt11/index.ts';
import { failedHtlc, lndHtlc, lndMessage } from '../lndMessages.ts';

/** A message of a payer (TLV record 34349334). */
export const MESSAGE = 34349334n;

const recordKey = (type: bigint) => {
  const key = Buffer.alloc(8);
  key.writeBigUInt64LE(type);
  return key.toString('latin1');
};

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** What to pay. */
export interface Paying {
  amountMsat?: bigint;
  shards?: number;
  records?: ReadonlyMap<bigint, Uint8Array>;
}

/**
 * A settled message as gRPC brings it, with shares that reconstruct, and with a shard that failed. Amounts and index at the top are the
 * invoice's, as lnd has them: not the payment's.
 */
export function settledMessage(
  invoice: LndInvoice,
  settleIndex: bigint,
  settledAt: bigint,
  { amountMsat = 1_000n, shards = 1, records = new Map() }: Paying = {},
): any {
  const root = randomBytes(32);
  const setId = randomBytes(32);
  const paymentAddr = Buffer.from(invoice.paymentAddr, 'hex');
  const split = splitPayment({
    totalMsat: amountMsat,
    shards,
    root,
    setId,
    paymentAddr,
    random: randomBytes,
  });
  const customRecords = Object.fromEntries([...records].map(([type, value]) => [recordKey(type), value]));
  const htlcs = split.map(({ amountMsat: amount, amp }) => {
    const { preimage, hash } = deriveChild(root, amp.rootShare, amp.childIndex);
    return lndHtlc({
      amountMsat: amount,
      totalMsat: amountMsat,
      resolvedAt: settledAt,
      amp: {
        root_share: Buffer.from(amp.rootShare),
        set_id: setId,
        child_index: amp.childIndex,
        hash: Buffer.from(hash),
        preimage: Buffer.from(preimage),
      },
      records: customRecords,
    });
  });
  return lndMessage(
    {
      ...invoice,
      isAmp: true,
      paymentAddr,
      paymentHash: randomBytes(32),
      preimage: Buffer.alloc(0),
      valueMsat: 0n,
    },
    {
      setId: hex(setId),
      settleIndex,
      settledAt,
      amountMsat,
      paidMsat: 123_456_789n,
      htlcs: [...htlcs, failedHtlc(htlcs[0]!)],
    },
  );
}

/** A paid plain invoice as gRPC brings it, with a part that failed; it can't be paid in part, but over. */
export function settledPlainMessage(
  { memo, addIndex = 5n, creationDate, paymentAddr }: Partial<LndInvoice> & Pick<LndInvoice, 'memo'>,
  settleIndex: bigint,
  settledAt: bigint,
  { amountMsat = 2_100n, shards = 1 }: Omit<Paying, 'records'> = {},
): any {
  const preimage = randomBytes(32);
  const each = amountMsat / BigInt(shards);
  const amounts = Array.from({ length: shards }, (_, at) =>
    at === 0 ? amountMsat - each * BigInt(shards - 1) : each,
  );
  const htlcs = amounts.map((amount) =>
    lndHtlc({ amountMsat: amount, totalMsat: amountMsat, resolvedAt: settledAt, amp: null }),
  );
  return lndMessage(
    {
      isAmp: false,
      memo,
      paymentRequest: 'lnbcrt1',
      paymentAddr: paymentAddr === undefined ? randomBytes(32) : Buffer.from(paymentAddr, 'hex'),
      paymentHash: createHash('sha256').update(preimage).digest(),
      preimage,
      addIndex,
      creationDate: creationDate ?? settledAt,
      valueMsat: amountMsat,
    },
    {
      setId: '',
      settleIndex,
      settledAt,
      amountMsat,
      paidMsat: amountMsat,
      htlcs: [...htlcs, failedHtlc(htlcs[0]!)],
    },
  );
}

/** Set id and state of a message that tells of one set. */
export const setOf = (message: any): [string, any] => Object.entries<any>(message.amp_invoice_state)[0]!;
export const setIdOf = (message: any): string => setOf(message)[0];
export const indexOf = (message: any): bigint => BigInt(setOf(message)[1].settle_index);

/**
 * An lnd that plays what a test wants it to tell, true or not: its books and what its subscription brings are filled
 * apart from each other.
 */
export class PlayedLnd implements Lnd {
  // Kept as it is: ECDH gives a private key back without its leading zero bytes.
  readonly #privateKey = randomBytes(32);
  network: Network = 'regtest';
  synced = true;
  readonly node: string;
  /** What was minted here, or is said to have been. */
  readonly invoices: LndInvoice[] = [];
  /** Settled messages that the books hold, in the order of settlement. */
  readonly books: any[] = [];
  /** Settled messages that a subscription replays. */
  readonly replayed: any[] = [];
  readonly channels: string[][] = [];
  /** Payment addresses of invoices that were cancelled. */
  readonly cancelled = new Set<string>();
  readonly #listeners = new Set<(message: any) => void>();
  /** Settle indexes that subscriptions were asked to begin after. */
  readonly subscribed: bigint[] = [];
  /** Payment addresses whose sets were asked for. */
  readonly lookedAt: string[] = [];
  lookedUp = 0;
  /** What its clock is ahead of the connector's. */
  aheadMs = 0;
  /** Refuses, or changes, what is to be minted. */
  onMint: (memo: string) => void = () => {};
  readonly #now: () => number;
  #settleIndex = 0n;

  constructor(now: () => number) {
    this.#now = now;
    const curve = createECDH('secp256k1');
    curve.setPrivateKey(this.#privateKey);
    this.node = curve.getPublicKey('hex', 'compressed');
  }

  async getInfo(): Promise<NodeInfo> {
    return { node: this.node, network: this.network, synced: this.synced };
  }

  async addAmpInvoice({
    memo,
    amountMsat,
    expirySeconds,
  }: Parameters<Lnd['addAmpInvoice']>[0]): Promise<LndInvoice> {
    this.onMint(memo);
    const paymentAddr = randomBytes(32);
    const paymentRequest = signAmpInvoice(
      {
        network: this.network,
        paymentHash: randomBytes(32),
        paymentAddr,
        ...(amountMsat !== undefined && { amountMsat }),
        description: memo,
        createdAt: new Date(this.#now() + this.aheadMs),
        expirySeconds,
      },
      this.#privateKey,
    );
    const addIndex = BigInt(this.invoices.length + 1);
    const creationDate = BigInt(Math.floor((this.#now() + this.aheadMs) / 1000));
    const invoice = { paymentRequest, paymentAddr: hex(paymentAddr), memo, addIndex, creationDate };
    this.invoices.push(invoice);
    return invoice;
  }

  /** Mint past the connector. */
  mint(memo: string, amountMsat?: bigint): Promise<LndInvoice> {
    return this.addAmpInvoice({ memo, amountMsat, expirySeconds: 31_536_000, routeHints: false });
  }

  /** lnd forgets an invoice and what was paid to it. */
  forget(paymentAddr: string): void {
    const at = this.invoices.findIndex((each) => each.paymentAddr === paymentAddr);
    this.invoices.splice(at, 1);
  }

  invoice(paymentAddr: string): LndInvoice {
    return this.invoices.find((each) => each.paymentAddr === paymentAddr)!;
  }

  /** A message of a payment that is as it should be; nobody is told of it yet. */
  message(invoice: LndInvoice, paying: Paying = {}): any {
    const now = BigInt(Math.floor(this.#now() / 1000));
    return settledMessage(invoice, ++this.#settleIndex, now, paying);
  }

  /** Skip settle indexes, or go back. */
  setIndex(last: bigint): void {
    this.#settleIndex = last;
  }

  /** Bring a message on the subscriptions that run. */
  tell(message: any): void {
    for (const listen of this.#listeners) listen(message);
  }

  /** Settle as lnd does: in its books, for later subscriptions, and told. */
  settle(message: any): any {
    this.books.push(message);
    this.replayed.push(message);
    this.tell(message);
    return message;
  }

  pay(invoice: LndInvoice, paying: Paying = {}): any {
    return this.settle(this.message(invoice, paying));
  }

  get isListenedTo(): boolean {
    return this.#listeners.size > 0;
  }

  async listAmpInvoices(after: bigint, most: number) {
    const invoices = this.invoices.filter(({ addIndex }) => addIndex > after).slice(0, most);
    return { invoices, last: invoices.at(-1)?.addIndex, settledUpTo: highest(this.books.map(indexOf)) };
  }

  async ampState(paymentAddr: string): Promise<AmpState | undefined> {
    this.lookedAt.push(paymentAddr);
    if (!this.invoices.some((each) => each.paymentAddr === paymentAddr)) return undefined;
    const sets = this.books
      .filter((message) => hex(message.payment_addr) === paymentAddr)
      .flatMap((message) =>
        Object.entries<any>(message.amp_invoice_state).map(([setId, state]) => ({
          setId,
          settleIndex: BigInt(state.settle_index),
          amountMsat: BigInt(state.amt_paid_msat),
        })),
      );
    return { sets, cancelled: this.cancelled.has(paymentAddr) };
  }

  async lookUpSet(setId: string): Promise<SettledPayment | Unreadable | undefined> {
    this.lookedUp++;
    const raw = this.books.find((message) => setIdOf(message) === setId);
    if (!raw) return undefined;
    const event = toEvent(raw);
    return event.kind === 'other' ? undefined : event;
  }

  async invoiceFrom(addIndex: bigint) {
    const first = this.invoices.find((each) => each.addIndex >= addIndex);
    return first && { addIndex: first.addIndex, mark: first.paymentAddr };
  }

  async addBolt11Invoice(): Promise<never> {
    throw new Error('no plain invoice is asked for here');
  }

  async listBolt11Invoices() {
    return { invoices: [], last: undefined };
  }

  async privateChannels() {
    return this.channels;
  }

  async *settlements(settleIndex: bigint, signal: AbortSignal): AsyncGenerator<LndEvent> {
    this.subscribed.push(settleIndex);
    const waiting: any[] =
      settleIndex > 0n ? this.replayed.filter((message) => indexOf(message) > settleIndex) : [];
    let wake = () => {};
    const listen = (message: any) => {
      waiting.push(message);
      wake();
    };
    const abort = () => wake();
    this.#listeners.add(listen);
    signal.addEventListener('abort', abort);
    try {
      while (!signal.aborted) {
        const message = waiting.shift();
        if (message !== undefined) yield toEvent(message);
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      this.#listeners.delete(listen);
      signal.removeEventListener('abort', abort);
    }
  }

  close(): void {}
}
