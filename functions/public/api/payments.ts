import { lightningUri } from '../../../shared/bolt11/uri.ts';
import { type Receipt, receipt } from '../../../shared/contract/tip.ts';
import {
  type CurrentInvoice,
  type Invoice,
  type Ledger,
  ofKind,
  readInvoice,
  readTip,
} from '../../../shared/ledger/index.ts';
import { Problem } from '../../http/problem.ts';
import type { InvoiceBody, NamedInvoiceBody } from './schemas.ts';

/** An invoice as JSON, with the URI that opens a wallet. */
export const invoiceBody = (invoice: CurrentInvoice): InvoiceBody => ({
  handle: invoice.handle,
  optionId: invoice.optionId,
  paymentRequest: invoice.paymentRequest,
  uri: lightningUri(invoice.paymentRequest),
  paymentAddr: invoice.paymentAddr,
  payee: invoice.payee,
  amountMsat: invoice.amountMsat?.toString() ?? null,
  createdAt: invoice.createdAt.toISOString(),
  expiresAt: invoice.expiresAt.toISOString(),
});

/** An invoice by its payment address, current or retired, without anything about payments to it. */
export async function namedInvoice(ledger: Ledger, paymentAddr: string): Promise<Invoice> {
  const invoice = await readInvoice(ledger, paymentAddr);
  if (invoice) return invoice;
  throw new Problem('unknown-invoice', 'paymentAddr: no invoice has this payment address.', {
    field: 'paymentAddr',
    value: paymentAddr,
    expected: 'the payment address of an invoice made here',
  });
}

export const namedInvoiceBody = (invoice: Invoice): NamedInvoiceBody => ({
  ...invoiceBody(invoice),
  status: invoice.status,
});

/**
 * A tip for who holds its set id: the payer or the creator. Of a payment whose id is no secret nothing is told here; its payer has the
 * address to verify it by.
 */
export async function receiptOf(ledger: Ledger, setId: string): Promise<Receipt> {
  const tip = await readTip(ledger, setId);
  if (!tip || !ofKind(tip.via).idIsSecret) {
    throw new Problem('unknown-tip', 'setId: no tip with this set id is booked.', {
      field: 'setId',
      expected: 'the set id of a settled payment, which the payer sees as its payment hash',
    });
  }
  return receipt(tip);
}
