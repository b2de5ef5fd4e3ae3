import { status } from '@grpc/grpc-js';

/** An error that a call answers with: its gRPC code, and its text as lnd words it. Nearly all of lnd's own are UNKNOWN. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: status;
  constructor(message: string, code: status = status.UNKNOWN) {
    super(message);
    this.code = code;
  }
}

/** @see lnd invoices/errors.go */
export const invoiceNotFound = (): RpcError => new RpcError('unable to locate invoice', status.NOT_FOUND);

/** What lnd says of an invoice, whatever it is looked up by, before it has made its first one. */
export const noInvoices = (): RpcError => new RpcError('there are no existing invoices');
