import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Invoice, InvoiceBook, InvoiceEvent } from './invoices.ts';
import { rpcInvoice } from './rpc-shapes.ts';
import type { NodeStore, SettlementRow } from './store.ts';

const PAGE = 200;
const NOTHING: ReadonlyMap<string, never[]> = new Map();

/** One payment: what a live message and a replayed one say of an AMP set, or of the only payment to another invoice. */
const settledMessage = (invoice: Invoice, settlement: SettlementRow): object =>
  rpcInvoice(invoice, 'SETTLED', { settlements: [settlement], held: NOTHING, withHtlcs: true });

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
 * after it, invoices first, as they are now, then settlements, one message each; then what happens. Live messages are not held
 * against the indexes that were asked for.
 */
export async function serveInvoices(
  stream: ServerWritableStream<{ add_index: string; settle_index: string }, object>,
  book: InvoiceBook,
  store: NodeStore,
): Promise<void> {
  const addIndex = Number(stream.request.add_index);
  const settleIndex = Number(stream.request.settle_index);
  const ended = new Promise<void>((resolve) => stream.once('cancelled', resolve).once('close', resolve));
  let replaying = true;
  const waiting: InvoiceEvent[] = [];
  const send = (message: object): boolean => stream.writable && stream.write(message);
  const sendEvent = (event: InvoiceEvent): void => {
    if (event.kind === 'settled') send(settledMessage(event.invoice, event.settlement));
    else send(rpcInvoice(event.invoice, 'OPEN', { settlements: [], held: NOTHING, withHtlcs: false }));
  };
  const drained = (): Promise<unknown> =>
    Promise.race([new Promise((resolve) => stream.once('drain', resolve)), ended]);

  const stopListening = book.listen((event) => {
    if (replaying) waiting.push(event);
    else sendEvent(event);
  });
  void ended.then(stopListening);

  let lastAdded = addIndex;
  if (addIndex > 0) {
    for (const invoice of book.addedAfter(addIndex)) {
      lastAdded = invoice.addIndex;
      if (!send(wholeInvoice(book, store, invoice))) await drained();
      if (stream.cancelled) return;
    }
  }
  let lastSettled = settleIndex;
  if (settleIndex > 0) {
    for (;;) {
      const page = store.settlementsAfter(lastSettled, PAGE);
      for (const settlement of page) {
        lastSettled = settlement.settleIndex;
        if (!send(settledMessage(book.byAddIndex(settlement.addIndex)!, settlement))) await drained();
        if (stream.cancelled) return;
      }
      if (page.length < PAGE) break;
    }
  }
  for (const event of waiting) {
    const replayed =
      event.kind === 'added'
        ? addIndex > 0 && event.invoice.addIndex <= lastAdded
        : settleIndex > 0 && event.settlement.settleIndex <= lastSettled;
    if (!replayed) sendEvent(event);
  }
  replaying = false;
  await ended;
}
