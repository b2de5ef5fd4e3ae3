import type { ServerWritableStream } from '@grpc/grpc-js';
import { type Invoice, type InvoiceBook, type InvoiceEvent, isAmp } from './invoices.ts';
import { rpcInvoice } from './rpc-shapes.ts';
import type { NodeStore, SettlementRow } from './store.ts';

const PAGE = 200;
const NOTHING: ReadonlyMap<string, never[]> = new Map();

/** One payment: what a live message and a replayed one say of an AMP set, or of the only payment to another invoice. */
const settledMessage = (invoice: Invoice, settlement: SettlementRow): object =>
  rpcInvoice(invoice, 'SETTLED', { settlements: [settlement], held: NOTHING, withHtlcs: true });

/** An invoice as it was made, whatever came in for it since. */
const addedMessage = (invoice: Invoice): object =>
  rpcInvoice({ ...invoice, settledMsat: 0n, heldMsat: 0n }, 'OPEN', {
    settlements: [],
    held: NOTHING,
    withHtlcs: false,
  });

/** An invoice with all that was paid to it. */
export const wholeInvoice = (
  book: InvoiceBook,
  store: NodeStore,
  invoice: Invoice,
  withHtlcs = true,
): object => {
  const settlements = store.settlementsOf(invoice.addIndex);
  return rpcInvoice(invoice, book.state(invoice), { settlements, held: invoice.held, withHtlcs });
};

/**
 * Serve SubscribeInvoices as lnd does (invoices/invoiceregistry.go): an index of 0 replays nothing; another one replays what came
 * after it, invoices first, as they are now (but those that were canceled), then settlements, one message each; then what happens.
 * Of live messages new invoices and payments without AMP are held against the index that was asked for, and kept back up to it: who
 * asks from beyond the last one misses them, until an AMP set brings the index down to its own.
 */
export async function serveInvoices(
  stream: ServerWritableStream<{ add_index: string; settle_index: string }, object>,
  book: InvoiceBook,
  store: NodeStore,
): Promise<void> {
  const known = { added: Number(stream.request.add_index), settled: Number(stream.request.settle_index) };
  const ended = new Promise<void>((resolve) => stream.once('cancelled', resolve).once('close', resolve));
  const send = (message: object): boolean => stream.writable && stream.write(message);
  const drained = (): Promise<unknown> =>
    Promise.race([new Promise((resolve) => stream.once('drain', resolve)), ended]);

  const sendEvent = (event: InvoiceEvent): void => {
    const { invoice } = event;
    if (event.kind === 'settled') {
      const { settleIndex } = event.settlement;
      if (!isAmp(invoice) && settleIndex <= known.settled) return;
      known.settled = settleIndex;
      send(settledMessage(invoice, event.settlement));
    } else if (invoice.addIndex > known.added) {
      known.added = invoice.addIndex;
      send(addedMessage(invoice));
    }
  };
  let waiting: InvoiceEvent[] | undefined = [];
  const stopListening = book.listen((event) => {
    if (waiting) waiting.push(event);
    else sendEvent(event);
  });
  void ended.then(stopListening);

  if (known.added > 0) {
    for (const invoice of book.addedAfter(known.added)) {
      known.added = invoice.addIndex;
      if (book.state(invoice) === 'CANCELED') continue;
      if (!send(wholeInvoice(book, store, invoice))) await drained();
      if (stream.cancelled) return;
    }
  }
  let replayed = 0;
  if (known.settled > 0) {
    for (;;) {
      const page = store.settlementsAfter(known.settled, PAGE);
      for (const settlement of page) {
        replayed = known.settled = settlement.settleIndex;
        if (!send(settledMessage(book.byAddIndex(settlement.addIndex)!, settlement))) await drained();
        if (stream.cancelled) return;
      }
      if (page.length < PAGE) break;
    }
  }
  for (const event of waiting) {
    if (event.kind === 'added' || event.settlement.settleIndex > replayed) sendEvent(event);
  }
  waiting = undefined;
  await ended;
}
