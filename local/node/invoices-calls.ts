import { status } from '@grpc/grpc-js';
import { type Invoice, type InvoiceBook, InvoiceStateError } from './invoices.ts';
import type { NodeParts } from './lightning-calls.ts';
import type { Receiver } from './receiver.ts';
import { invoiceNotFound, noInvoices, RpcError } from './rpc-error.ts';
import { rpcInvoice } from './rpc-shapes.ts';
import type { Calls, Request } from './server.ts';
import { wholeInvoice } from './subscription.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const missing = (book: InvoiceBook): RpcError => (book.isNew ? noInvoices() : invoiceNotFound());

const found = (book: InvoiceBook, invoice: Invoice | undefined): Invoice => {
  if (invoice === undefined) throw missing(book);
  return invoice;
};

const lookUpSet = ({ book, store }: NodeParts, setId: string, only: boolean): object => {
  const settlement = store.settlementOfSet(setId);
  if (settlement === undefined) throw missing(book);
  const invoice = found(book, book.byAddIndex(settlement.addIndex));
  if (!only) return wholeInvoice(book, store, invoice);
  const told = { settlements: [settlement], held: new Map(), withHtlcs: true };
  return rpcInvoice(invoice, book.state(invoice), told);
};

const lookUp = (parts: NodeParts, request: Request): object => {
  const { book, store } = parts;
  const { invoice_ref, payment_hash, payment_addr, set_id, lookup_modifier } = request;
  if (invoice_ref === 'payment_hash') {
    if (payment_hash.length !== 32) {
      const fault = `invalid hash length of ${payment_hash.length}, want 32`;
      throw new RpcError(`unable to parse pay hash: ${fault}`, status.INVALID_ARGUMENT);
    }
    return wholeInvoice(book, store, found(book, book.byHash(hex(payment_hash))));
  }
  if (invoice_ref === 'payment_addr') {
    const invoice = found(book, book.byAddr(hex(payment_addr)));
    return wholeInvoice(book, store, invoice, lookup_modifier !== 'HTLC_SET_BLANK');
  }
  if (invoice_ref === 'set_id') return lookUpSet(parts, hex(set_id), lookup_modifier === 'HTLC_SET_ONLY');
  throw new RpcError('invoice ref must be set', status.INVALID_ARGUMENT);
};

const cancel = async (
  { book }: NodeParts,
  receiver: Receiver,
  { payment_hash }: Request,
): Promise<object> => {
  if (payment_hash.length !== 32)
    throw new RpcError(`invalid hash length of ${payment_hash.length}, want 32`);
  const invoice = book.byHash(hex(payment_hash));
  if (invoice === undefined) throw new RpcError('unable to locate invoice');
  try {
    await book.cancel(invoice);
  } catch (error) {
    if (error instanceof InvoiceStateError) throw new RpcError(error.message);
    throw error;
  }
  receiver.failHeld(invoice, 'INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS');
  return {};
};

/** The calls of invoicesrpc.Invoices. */
export const invoicesCalls = (parts: NodeParts, receiver: Receiver): Calls => ({
  unary: {
    LookupInvoiceV2: (request) => lookUp(parts, request),
    CancelInvoice: (request) => cancel(parts, receiver, request),
  },
});
