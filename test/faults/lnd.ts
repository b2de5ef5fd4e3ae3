import {
  type Bolt11State,
  highest,
  type Lnd,
  type LndEvent,
  type LndInvoice,
  type SetState,
} from '../../connector/lnd/contract.ts';
import { markOf } from '../../connector/lnd/messages.ts';
import { toEvent } from '../../connector/payments/events.ts';
import { messageOf, type NodeInvoice, type NodeSet, paidTo } from './node.ts';
import type { Actor } from './scheduler.ts';
import type { SimNode } from './service.ts';
import { SettlementStream } from './stream.ts';

const toLndInvoice = (invoice: NodeInvoice): LndInvoice => ({
  paymentRequest: invoice.paymentRequest,
  paymentAddr: invoice.paymentAddr,
  memo: invoice.memo,
  addIndex: invoice.addIndex,
  creationDate: BigInt(invoice.creationDate),
});

const toState = ({ setId, settleIndex, amountMsat }: NodeSet): SetState => ({
  setId,
  settleIndex,
  amountMsat,
});

/** A connection of a connector's to the node. */
export class SimLnd implements Lnd {
  readonly #node: SimNode;
  readonly #actor: Actor;

  constructor(node: SimNode, actor: Actor) {
    this.#node = node;
    this.#actor = actor;
  }

  #call<T>(call: string, effect: () => T): Promise<T> {
    const { scheduler } = this.#node;
    return scheduler.request(this.#actor, call, this.#node.wire(call), async () => effect());
  }

  getInfo() {
    const { books, random, faults } = this.#node;
    return this.#call('getInfo', () => ({
      node: books.pubkey,
      network: books.network,
      synced: !random.chance(faults.unsynced),
    }));
  }

  addAmpInvoice(invoice: { memo: string; amountMsat: bigint | undefined; expirySeconds: number }) {
    return this.#call('addInvoice', () => toLndInvoice(this.#node.books.addInvoice(invoice)));
  }

  addBolt11Invoice(invoice: { memo: string; amountMsat: bigint; expirySeconds: number }) {
    return this.#call('addInvoice', () => {
      const { paymentRequest, paymentHash } = this.#node.books.addPlain(invoice);
      return { paymentRequest, paymentHash: paymentHash.toString('hex') };
    });
  }

  listAmpInvoices(after: bigint, most: number) {
    return this.#call('listInvoices', () => {
      const page = this.#node.books.page(after, most);
      const invoices = page.filter(({ isAmp, paymentRequest }) => isAmp && paymentRequest !== '');
      const settled = page.flatMap(({ sets }) => sets.map(({ settleIndex }) => settleIndex));
      return {
        invoices: invoices.map(toLndInvoice),
        last: page.at(-1)?.addIndex,
        settledUpTo: highest(settled),
      };
    });
  }

  listBolt11Invoices(after: bigint, most: number) {
    const { books, wall, telling } = this.#node;
    return this.#call('listInvoices', () => {
      const page = books.page(after, most);
      const plain = page.filter(({ isAmp }) => !isAmp).map((invoice) => toBolt11State(invoice, wall()));
      return { invoices: telling.plain?.(plain) ?? plain, last: page.at(-1)?.addIndex };
    });
  }

  invoiceFrom(addIndex: bigint) {
    return this.#call('listInvoices', () => {
      const [first] = this.#node.books.page(addIndex > 0n ? addIndex - 1n : 0n, 1);
      return first && { addIndex: first.addIndex, mark: markOf(messageOf(first)) };
    });
  }

  ampState(paymentAddr: string) {
    const { books, telling } = this.#node;
    return this.#call('lookupInvoice', () => {
      const invoice = books.invoices.get(paymentAddr);
      if (!invoice) return undefined;
      const sets = invoice.sets.map(toState);
      return {
        sets: telling.sets ? telling.sets(sets) : sets,
        cancelled: books.isCancelled(invoice),
      };
    });
  }

  lookUpSet(setId: string) {
    return this.#call('lookupSet', () => {
      const set = this.#node.books.setOf(setId);
      if (!set) return undefined;
      const event = toEvent(messageOf(set.invoice, { ...set, paidByThen: paidTo(set.invoice) }));
      return event.kind === 'other' ? undefined : event;
    });
  }

  privateChannels() {
    return this.#call('listChannels', (): string[][] => []);
  }

  async *settlements(settleIndex: bigint, signal: AbortSignal): AsyncGenerator<LndEvent> {
    const stream = new SettlementStream(this.#node, this.#actor);
    stream.open(settleIndex);
    try {
      for (;;) {
        const event = await stream.next(signal);
        if (signal.aborted || !event) return;
        yield event;
      }
    } finally {
      this.#node.unsubscribe(stream);
    }
  }

  close() {}
}

/** As the connector reads an invoice of lnd's list. */
function toBolt11State(invoice: NodeInvoice, now: number): Bolt11State {
  const [set] = invoice.sets;
  const over = set !== undefined || invoice.expiresAt <= now;
  const event = set && toEvent(messageOf(invoice, set));
  const settled = event && event.kind !== 'other' && { settled: event };
  const paymentHash = invoice.paymentHash.toString('hex');
  return { ...toLndInvoice(invoice), paymentHash, over, ...settled };
}
