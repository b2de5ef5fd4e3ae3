import * as is from './parameters.ts';
import { BYTES, component, reading, reference, SCHEMAS, TAGS, TEXT } from './reading.ts';

const OF_CREATOR = [404, 410, 503];
const OF_INVOICE = [400, 404, 410, 503];

/** The description of all that anyone may ask, OpenAPI 3.1, from the schemas of its answers. */
export function openapiDocument() {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Ampjar, the reading side',
      version: '1',
      license: { name: 'MIT', identifier: 'MIT' },
      contact: { name: 'Whoever runs this service' },
      description:
        'Static, reusable Lightning invoices of creators, and the tips paid to them. Amounts are decimal strings of ' +
        'millisatoshi, times ISO 8601 in UTC. Any site may read, and nobody needs a key.',
    },
    servers: [{ url: '/' }],
    security: [],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: {
      '/v1/creators/{handle}': reading({
        id: 'readCreator',
        tag: 'creators',
        summary: 'A creator’s profile, tip options and totals.',
        description: 'It names the other ways to pay, too, and where tips are told of as they come.',
        parameters: [is.HANDLE],
        types: { 'application/json': reference('Creator') },
        problems: OF_CREATOR,
      }),
      '/v1/creators/{handle}/tips': reading({
        id: 'listTips',
        tag: 'creators',
        summary: 'A creator’s tips, as far as the creator shows them.',
        description: 'Where `shows` is `nothing`, the list is empty and its end, whatever was paid.',
        parameters: [is.HANDLE, is.CURSOR, is.AFTER, is.LIMIT],
        types: { 'application/json': reference('Feed') },
        problems: OF_INVOICE,
      }),
      '/v1/creators/{handle}/live': reading({
        id: 'listenToTips',
        tag: 'creators',
        summary: 'A creator’s tips as they come, by server-sent events.',
        description:
          'Each event has an entry of the feed as `data` and its cursor as `id`. It begins after `Last-Event-ID`, else after `after`, else with the next tip. It is there where `live` of the creator is `sse`.',
        parameters: [is.HANDLE, is.AFTER_OR_NOW, is.LAST_EVENT_ID],
        types: { 'text/event-stream': TEXT },
        problems: [400, 404, 410, 503],
      }),
      '/v1/creators/{handle}/totals': reading({
        id: 'readTotals',
        tag: 'creators',
        summary: 'Number and sum of a creator’s tips, in all and by tip option.',
        description: 'Where `shows` is `nothing`, number and sum are null: not shown, which is not zero.',
        parameters: [is.HANDLE],
        types: { 'application/json': reference('Totals') },
        problems: OF_CREATOR,
      }),
      '/v1/creators/{handle}/invoice': reading({
        id: 'readInvoice',
        tag: 'invoices',
        summary: 'The invoice to pay now, for any number of tips until it expires.',
        description:
          'Asking for it makes nothing: it is the same for all, and can be printed, pasted and kept.',
        parameters: [is.HANDLE, is.OPTION],
        types: { 'application/json': reference('Invoice'), 'text/plain': TEXT },
        problems: [400, 404, 406, 410, 503],
      }),
      '/v1/creators/{handle}/invoice.txt': reading({
        id: 'readInvoiceText',
        tag: 'invoices',
        summary: 'The payment request alone, and a line feed.',
        description: 'What `invoice` gives to who accepts text.',
        parameters: [is.HANDLE, is.OPTION],
        types: { 'text/plain': TEXT },
        problems: OF_INVOICE,
      }),
      '/v1/creators/{handle}/qr.svg': reading({
        id: 'readQrSvg',
        tag: 'invoices',
        summary: 'The QR code of the invoice to pay now, as SVG, or another one to pay by.',
        description:
          'The text in it is upper case, with the prefix `LIGHTNING:`, which makes the smaller code.',
        parameters: [is.HANDLE, is.OPTION, is.CODE],
        types: { 'image/svg+xml': TEXT },
        problems: OF_INVOICE,
      }),
      '/v1/creators/{handle}/qr.png': reading({
        id: 'readQrPng',
        tag: 'invoices',
        summary: 'The QR code of the invoice to pay now, as PNG, or another one to pay by.',
        description: 'The same as `qr.svg`, for what shows no SVG.',
        parameters: [is.HANDLE, is.OPTION, is.CODE],
        types: { 'image/png': BYTES },
        problems: OF_INVOICE,
      }),
      '/v1/invoices/{paymentAddr}': reading({
        id: 'readNamedInvoice',
        tag: 'invoices',
        summary: 'An invoice by its payment address, current or retired, without payments.',
        description: 'A retired one still takes money, and it is booked.',
        parameters: [is.PAYMENT_ADDR],
        types: { 'application/json': reference('NamedInvoice') },
        problems: [400, 404, 503],
      }),
      '/v1/invoices/{paymentAddr}/qr.svg': reading({
        id: 'readNamedQrSvg',
        tag: 'invoices',
        summary: 'The QR code of an invoice by its payment address, which never changes.',
        description: 'It may be kept as long as the invoice can be paid.',
        parameters: [is.PAYMENT_ADDR],
        types: { 'image/svg+xml': TEXT },
        problems: [400, 404, 503],
      }),
      '/v1/tips/{setId}': reading({
        id: 'readTip',
        tag: 'payers',
        summary: 'One tip, for who knows its set id.',
        description:
          'The set id is the payer’s secret: no cache keeps the answer, and no referrer carries the address on.',
        parameters: [is.SET_ID],
        types: { 'application/json': reference('Tip') },
        problems: [400, 404, 503],
      }),
      '/@{handle}': reading({
        id: 'readPage',
        tag: 'pages',
        summary: 'The page where a creator is tipped.',
        description: 'It works without JavaScript; with it, new tips appear by themselves.',
        parameters: [is.HANDLE, is.OPTION],
        types: { 'text/html': TEXT },
        problems: OF_INVOICE,
      }),
      '/@{handle}/overlay': reading({
        id: 'readOverlay',
        tag: 'pages',
        summary: 'A transparent page that shows each new tip for some seconds, for streaming software.',
        description: 'It is there where pages are live. What it does not know of a query is refused.',
        parameters: [is.HANDLE, ...is.OVERLAY],
        types: { 'text/html': TEXT },
        problems: OF_INVOICE,
      }),
      '/.well-known/lnurlp/{handle}': reading({
        id: 'readPayRequest',
        tag: 'wallets',
        summary: 'What a wallet asks of a Lightning Address or an LNURL.',
        description: 'LUD-06, LUD-12 and LUD-16. It is answered in whatever spelling of the handle.',
        parameters: [is.HANDLE, is.OPTION],
        types: { 'application/json': { oneOf: [reference('PayRequest'), reference('LnurlError')] } },
      }),
      '/.well-known/lnurlp/{handle}/callback': reading({
        id: 'askInvoice',
        tag: 'wallets',
        summary: 'An ordinary invoice for one payment within ten minutes, of the open option.',
        description:
          'LUD-06, LUD-11, LUD-12 and LUD-21. Each ask makes an invoice at the node, and is bounded; `HEAD` makes none.',
        parameters: [is.HANDLE, is.AMOUNT, is.COMMENT],
        types: { 'application/json': { oneOf: [reference('PayInvoice'), reference('LnurlError')] } },
      }),
      '/.well-known/lnurlp/{handle}/callback/{option}': reading({
        id: 'askInvoiceOfOption',
        tag: 'wallets',
        summary: 'An ordinary invoice for one payment within ten minutes, of a tip option.',
        description: 'The same as without an option, whose callback names it.',
        parameters: [is.HANDLE, is.OPTION_IN_PATH, is.AMOUNT, is.COMMENT],
        types: { 'application/json': { oneOf: [reference('PayInvoice'), reference('LnurlError')] } },
      }),
      '/lnurl/verify/{id}': reading({
        id: 'verifyPayment',
        tag: 'wallets',
        summary: 'Whether an invoice was paid, and the proof, for who holds this address.',
        description: 'LUD-21. It is forgotten a day after the invoice expired.',
        parameters: [is.ASK],
        types: { 'application/json': { oneOf: [reference('Verification'), reference('LnurlError')] } },
      }),
      '/': reading({
        id: 'readHome',
        tag: 'service',
        summary: 'What this service is.',
        description: 'A page for who comes without a creator’s name.',
        types: { 'text/html': TEXT },
      }),
      '/docs': reading({
        id: 'readDocs',
        tag: 'service',
        summary: 'This description as a page.',
        description: 'What openapi.json has, in short.',
        types: { 'text/html': TEXT },
      }),
      '/openapi.json': reading({
        id: 'readOpenapi',
        tag: 'service',
        summary: 'This description.',
        description: 'OpenAPI 3.1.',
        types: { 'application/json': { type: 'object' } },
      }),
      '/widget.js': reading({
        id: 'readWidget',
        tag: 'service',
        summary: 'The module that makes `<tip-jar>` work on any page.',
        description: 'It loads modules below `/widget/`, which are named by their content.',
        types: { 'text/javascript': TEXT },
      }),
      '/widget/{file}': reading({
        id: 'readWidgetFile',
        tag: 'service',
        summary: 'A module that `/widget.js` loads.',
        description: 'Its name is made of its content, so that it never changes.',
        parameters: [is.FILE],
        types: { 'text/javascript': TEXT },
        problems: [404],
      }),
      '/robots.txt': reading({
        id: 'readRobots',
        tag: 'service',
        summary: 'What crawlers may fetch.',
        description: 'Tip pages are theirs to find, what programs read is not.',
        types: { 'text/plain': TEXT },
      }),
      '/favicon.ico': reading({
        id: 'readIcon',
        tag: 'service',
        summary: 'The icon of the pages.',
        description: 'For browsers that ask for it without having seen a page.',
        types: { 'image/png': BYTES },
      }),
    },
    components: {
      schemas: Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, component(schema)])),
    },
  };
}

/** The document as it stands in `openapi.json`. */
export const openapiText = () => `${JSON.stringify(openapiDocument(), null, 2)}\n`;
