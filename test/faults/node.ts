import { createECDH, createHash } from 'node:crypto';
import { signAmpInvoice, signPlainInvoice } from '../../shared/bolt11/index.ts';
import { lndMessage } from '../lndMessages.ts';
import type { Shape } from './engine.ts';
import type { Random } from './random.ts';

/** An HTLC of a settled payment, in the shape of lnd's messages. */
export type Htlc = Shape;

/** A settled payment in the node's books: a set of an AMP invoice, or the one payment of a plain one. */
export interface NodeSet {
  /** hex; the payment hash of a plain one. */
  readonly setId: string;
  readonly invoice: NodeInvoice;
  /** What the node has for its amount. */
  readonly amountMsat: bigint;
  readonly htlcs: readonly Htlc[];
  /** Seconds since 1970. */
  readonly settledAt: number;
  readonly settleIndex: bigint;
  /** Cumulative over the invoice, as lnd's top-level amount. */
  readonly paidByThen: bigint;
  /** Its message can't be read. */
  readonly garbled: boolean;
}

/** An invoice in the node's books. */
export interface NodeInvoice {
  readonly isAmp: boolean;
  readonly addIndex: bigint;
  /** hex */
  readonly paymentAddr: string;
  /** Empty for a spontaneous payment. */
  readonly paymentRequest: string;
  readonly memo: string;
  readonly amountMsat: bigint | undefined;
  /** Seconds since 1970. */
  readonly creationDate: number;
  /** ms since 1970 */
  readonly expiresAt: number;
  readonly paymentHash: Buffer;
  /** Of a plain one. */
  readonly preimage: Buffer;
  readonly sets: NodeSet[];
}

interface Terms {
  readonly memo: string;
  readonly amountMsat?: bigint | undefined;
  readonly expirySeconds: number;
}

const NETWORK = 'regtest';
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** A node's books: what lnd keeps, and what its subscriptions and look-ups tell of. */
export class NodeBooks {
  readonly network = NETWORK;
  readonly pubkey: string;
  /** By payment address. */
  readonly invoices = new Map<string, NodeInvoice>();
  /** The highest settle index that it ever gave. */
  highestSettleIndex = 0n;
  readonly #sets = new Map<string, NodeSet>();
  readonly #cancelled = new Set<string>();
  /** The index of settlements: one that comes again hides the one that had it. */
  readonly #bySettleIndex = new Map<bigint, NodeSet>();
  readonly #privateKey: Buffer;
  readonly #random: Random;
  readonly #wall: () => number;
  #lastAdd = 0n;
  #lastSettle = 0n;

  /** @param wall ms since 1970 */
  constructor(random: Random, wall: () => number) {
    this.#random = random;
    this.#wall = wall;
    this.#privateKey = random.bytes(32);
    this.pubkey = pubkeyOf(this.#privateKey);
  }

  /** Make an AMP invoice, as AddInvoice does. With another key it names a payee that is not this node. */
  addInvoice(terms: Terms, privateKey = this.#privateKey): NodeInvoice {
    return this.#add(true, terms, privateKey);
  }

  addPlain(terms: Terms): NodeInvoice {
    return this.#add(false, terms, this.#privateKey);
  }

  #add(isAmp: boolean, { memo, amountMsat, expirySeconds }: Terms, privateKey: Buffer): NodeInvoice {
    const paymentAddr = this.#random.bytes(32);
    const preimage = this.#random.bytes(32);
    const paymentHash = sha256(preimage);
    const terms = {
      network: NETWORK,
      paymentHash,
      paymentAddr,
      description: memo,
      createdAt: new Date(this.#wall()),
      expirySeconds,
      ...(amountMsat !== undefined && { amountMsat }),
    } as const;
    const paymentRequest = (isAmp ? signAmpInvoice : signPlainInvoice)(terms, privateKey);
    return this.#keep(
      { isAmp, memo, amountMsat, paymentRequest, paymentHash, preimage },
      paymentAddr,
      expirySeconds,
    );
  }

  /** What a spontaneous payment makes: an invoice without a payment request. */
  addSpontaneous(): NodeInvoice {
    const none = Buffer.alloc(0);
    const terms = { isAmp: true, memo: '', amountMsat: undefined, paymentRequest: '' };
    return this.#keep({ ...terms, paymentHash: none, preimage: none }, this.#random.bytes(32), 3_600);
  }

  #keep(
    made: Pick<NodeInvoice, 'isAmp' | 'memo' | 'amountMsat' | 'paymentRequest' | 'paymentHash' | 'preimage'>,
    address: Buffer,
    expirySeconds: number,
  ): NodeInvoice {
    this.#lastAdd += 1n;
    const paymentAddr = address.toString('hex');
    const expiresAt = this.#wall() + expirySeconds * 1000;
    const creationDate = Math.floor(this.#wall() / 1000);
    const invoice = { ...made, paymentAddr, creationDate, expiresAt, addIndex: this.#lastAdd, sets: [] };
    this.invoices.set(paymentAddr, invoice);
    return invoice;
  }

  /**
   * Whether lnd takes a payment. A plain invoice is paid once; an AMP one that was paid before never ends; what was not
   * paid ends with its expiry.
   */
  isPayable(invoice: NodeInvoice): boolean {
    const { isAmp, paymentAddr, sets } = invoice;
    if (!this.invoices.has(paymentAddr)) return false;
    return sets.length > 0 ? isAmp : !this.isCancelled(invoice);
  }

  /** Whether lnd calls it cancelled: an operator cancelled it, or it expired, before anyone paid. */
  isCancelled({ paymentAddr, sets, expiresAt }: NodeInvoice): boolean {
    return sets.length === 0 && (this.#cancelled.has(paymentAddr) || expiresAt <= this.#wall());
  }

  /** An operator cancels an invoice; one that was paid lnd leaves alone. */
  cancel(paymentAddr: string): void {
    if (this.invoices.get(paymentAddr)?.sets.length === 0) this.#cancelled.add(paymentAddr);
  }

  /** Settle a payment. @param gap how many indexes are left out before it */
  settle(paid: Pick<NodeSet, 'setId' | 'invoice' | 'amountMsat' | 'htlcs' | 'garbled'>, gap = 0): NodeSet {
    const { setId, invoice, amountMsat } = paid;
    const settledAt = Math.floor(this.#wall() / 1000);
    this.#lastSettle += 1n + BigInt(gap);
    const settleIndex = this.#lastSettle;
    if (settleIndex > this.highestSettleIndex) this.highestSettleIndex = settleIndex;
    const set: NodeSet = { ...paid, settledAt, settleIndex, paidByThen: paidTo(invoice) + amountMsat };
    invoice.sets.push(set);
    this.#sets.set(setId, set);
    this.#bySettleIndex.set(settleIndex, set);
    return set;
  }

  setOf(setId: string): NodeSet | undefined {
    return this.#sets.get(setId);
  }

  /** Invoices in the order of their add indexes, a page of them. */
  page(after: bigint, most: number): NodeInvoice[] {
    return [...this.invoices.values()]
      .filter(({ addIndex }) => addIndex > after)
      .sort((a, b) => (a.addIndex < b.addIndex ? -1 : 1))
      .slice(0, most);
  }

  /**
   * What a subscription from a settle index replays, as lnd does it: nothing from 0; else its default store seeks to that
   * index and goes on behind what it finds, so that a missing index hides the settlement after it.
   */
  replay(from: bigint): NodeSet[] {
    if (from === 0n) return [];
    const all = [...this.#bySettleIndex.values()].sort((a, b) => (a.settleIndex < b.settleIndex ? -1 : 1));
    const found = all.findIndex(({ settleIndex }) => settleIndex >= from);
    return found < 0 ? [] : all.slice(found + 1);
  }

  /** What native SQL replays: first all that is not AMP, then the sets in no order. */
  replayUnordered(from: bigint, random: Random): NodeSet[] {
    if (from === 0n) return [];
    const all = [...this.#bySettleIndex.values()].filter(({ settleIndex }) => settleIndex > from);
    const isAmp = ({ invoice }: NodeSet) => invoice.isAmp;
    return [...all.filter((set) => !isAmp(set)), ...random.shuffled(all.filter(isAmp))];
  }

  /** The indexes begin at 1 again, as after a move to another store; what was settled keeps its own. */
  restartIndexes(): void {
    this.#lastSettle = 0n;
  }

  /** A copy of the books. @returns what brings it back */
  backup(): () => void {
    const invoices = [...this.invoices.values()].map((invoice) => ({ invoice, sets: [...invoice.sets] }));
    const settled = [...this.#bySettleIndex];
    const [lastAdd, lastSettle] = [this.#lastAdd, this.#lastSettle];
    return () => {
      this.invoices.clear();
      this.#sets.clear();
      this.#bySettleIndex.clear();
      for (const { invoice, sets } of invoices) {
        invoice.sets.splice(0, invoice.sets.length, ...sets);
        this.invoices.set(invoice.paymentAddr, invoice);
        for (const set of sets) this.#sets.set(set.setId, set);
      }
      for (const [index, each] of settled) this.#bySettleIndex.set(index, each);
      this.#lastAdd = lastAdd;
      this.#lastSettle = lastSettle;
    };
  }
}

/** All that an invoice was ever paid, in msat. */
export const paidTo = ({ sets }: NodeInvoice) => sets.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);

function pubkeyOf(privateKey: Uint8Array): string {
  const curve = createECDH('secp256k1');
  curve.setPrivateKey(privateKey);
  return curve.getPublicKey('hex', 'compressed');
}

/** lnd's message of an invoice, with one set of it, or the payment of a plain one. Numbers are text, bytes Buffers. */
export function messageOf(invoice: NodeInvoice, set?: NodeSet): Shape {
  const { isAmp, paymentAddr, amountMsat = 0n, sets } = invoice;
  const message: Shape = lndMessage(
    {
      ...invoice,
      paymentAddr: Buffer.from(paymentAddr, 'hex'),
      valueMsat: amountMsat,
      creationDate: BigInt(invoice.creationDate),
    },
    set && {
      ...set,
      settledAt: BigInt(set.settledAt),
      paidMsat: isAmp ? set.paidByThen : (sets[0]?.amountMsat ?? 0n),
    },
  );
  if (set?.garbled) message.htlcs = set.htlcs.map((htlc) => ({ ...htlc, amt_msat: 'a lot' }));
  return message;
}
