import { preferred } from '../../http/accept.ts';
import { Problem } from '../../http/problem.ts';
import * as is from '../api/parameters.ts';
import { readCode, readHandle, readOption, readPaymentAddr } from '../api/request.ts';
import * as render from '../render.ts';
import { type Asked, type Making, OF_INVOICE, type Route, type Source } from './route.ts';

const INVOICE_FORMS = { 'application/json': 'json', 'text/plain': 'text' } as const;

function invoiceIn(
  form: render.InvoiceForm,
  { param, query }: Asked,
  source: Source,
  headers?: Record<string, string>,
): Making {
  const handle = readHandle(param('handle'));
  const option = readOption(query('option'));
  return {
    key: `${form} ${handle} ${option}`,
    make: () => render.invoice(source, form, handle, option, headers),
  };
}

function qrIn(form: 'svg' | 'png', asked: Asked, source: Source): Making {
  const code = readCode(asked.query('code'));
  if (code === 'amp') return invoiceIn(form, asked, source);
  const handle = readHandle(asked.param('handle'));
  const option = readOption(asked.query('option'));
  return {
    key: `${code} ${handle} ${option}`,
    make: () => render.code(source, code, form, handle, option),
  };
}

/** Invoices, and the codes that lead to them. */
export const invoiceRoutes: readonly Route[] = [
  {
    path: '/v1/creators/{handle}/invoice',
    id: 'readInvoice',
    tag: 'invoices',
    summary: 'The invoice to pay now, for any number of tips until it expires.',
    description: 'Asking for it makes nothing: it is the same for all, and can be printed, pasted and kept.',
    parameters: [is.HANDLE, is.OPTION],
    types: { 'application/json': 'Invoice', 'text/plain': 'text' },
    problems: [400, 404, 406, 410, 503],
    answer: (asked, source) => {
      const type = preferred(asked.accept, ['application/json', 'text/plain']);
      if (type) return invoiceIn(INVOICE_FORMS[type], asked, source, { vary: 'accept' });
      throw new Problem('not-acceptable', 'An invoice comes as application/json or text/plain.', {
        field: 'Accept',
        value: asked.accept ?? '',
        expected: 'a range that admits application/json or text/plain',
      });
    },
  },
  {
    path: '/v1/creators/{handle}/invoice.txt',
    id: 'readInvoiceText',
    tag: 'invoices',
    summary: 'The payment request alone, and a line feed.',
    description: 'What `invoice` gives to who accepts text.',
    parameters: [is.HANDLE, is.OPTION],
    types: { 'text/plain': 'text' },
    problems: OF_INVOICE,
    answer: (asked, source) => invoiceIn('text', asked, source),
  },
  {
    path: '/v1/creators/{handle}/qr.svg',
    id: 'readQrSvg',
    tag: 'invoices',
    summary: 'The QR code of the invoice to pay now, as SVG, or another one to pay by.',
    description: 'The text in it is upper case, with the prefix `LIGHTNING:`, which makes the smaller code.',
    parameters: [is.HANDLE, is.OPTION, is.CODE],
    types: { 'image/svg+xml': 'text' },
    problems: OF_INVOICE,
    answer: (asked, source) => qrIn('svg', asked, source),
  },
  {
    path: '/v1/creators/{handle}/qr.png',
    id: 'readQrPng',
    tag: 'invoices',
    summary: 'The QR code of the invoice to pay now, as PNG, or another one to pay by.',
    description: 'The same as `qr.svg`, for what shows no SVG.',
    parameters: [is.HANDLE, is.OPTION, is.CODE],
    types: { 'image/png': 'bytes' },
    problems: OF_INVOICE,
    answer: (asked, source) => qrIn('png', asked, source),
  },
  {
    path: '/v1/invoices/{paymentAddr}',
    id: 'readNamedInvoice',
    tag: 'invoices',
    summary: 'An invoice by its payment address, current or retired, without payments.',
    description: 'A retired one still takes money, and it is booked.',
    parameters: [is.PAYMENT_ADDR],
    types: { 'application/json': 'NamedInvoice' },
    problems: [400, 404, 503],
    answer: ({ param }, source) => {
      const paymentAddr = readPaymentAddr(param('paymentAddr'));
      return { key: paymentAddr, make: () => render.named(source, paymentAddr) };
    },
  },
  {
    path: '/v1/invoices/{paymentAddr}/qr.svg',
    id: 'readNamedQrSvg',
    tag: 'invoices',
    summary: 'The QR code of an invoice by its payment address, which never changes.',
    description: 'It may be kept as long as the invoice can be paid.',
    parameters: [is.PAYMENT_ADDR],
    types: { 'image/svg+xml': 'text' },
    problems: [400, 404, 503],
    answer: ({ param }, source) => {
      const paymentAddr = readPaymentAddr(param('paymentAddr'));
      return { key: paymentAddr, make: () => render.namedQr(source, paymentAddr) };
    },
  },
];
