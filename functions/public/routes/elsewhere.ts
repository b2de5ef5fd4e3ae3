import * as is from '../api/parameters.ts';
import type { Route } from './route.ts';

/** What stands under the same origin and another function, or a bucket, answers. */
export const routesElsewhere: readonly Route[] = [
  {
    path: '/v1/creators/{handle}/live',
    id: 'listenToTips',
    tag: 'creators',
    summary: 'A creator’s tips as they come, by server-sent events.',
    description:
      'Each event has an entry of the feed as `data` and its cursor as `id`. It begins after `Last-Event-ID`, else after `after`, else with the next tip. It is there where `live` of the creator is `sse`.',
    parameters: [is.HANDLE, is.AFTER_OR_NOW, is.LAST_EVENT_ID],
    types: { 'text/event-stream': 'text' },
    problems: [400, 404, 410, 503],
  },
  {
    path: '/.well-known/lnurlp/{handle}',
    id: 'readPayRequest',
    tag: 'wallets',
    summary: 'What a wallet asks of a Lightning Address or an LNURL.',
    description: 'LUD-06, LUD-12 and LUD-16. It is answered in whatever spelling of the handle.',
    parameters: [is.HANDLE, is.OPTION],
    types: { 'application/json': ['PayRequest', 'LnurlError'] },
  },
  {
    path: '/.well-known/lnurlp/{handle}/callback',
    id: 'askInvoice',
    tag: 'wallets',
    summary: 'An ordinary invoice for one payment within ten minutes, of the open option.',
    description:
      'LUD-06, LUD-11, LUD-12 and LUD-21. Each ask makes an invoice at the node, and is bounded; `HEAD` makes none.',
    parameters: [is.HANDLE, is.AMOUNT, is.COMMENT],
    types: { 'application/json': ['PayInvoice', 'LnurlError'] },
  },
  {
    path: '/.well-known/lnurlp/{handle}/callback/{option}',
    id: 'askInvoiceOfOption',
    tag: 'wallets',
    summary: 'An ordinary invoice for one payment within ten minutes, of a tip option.',
    description: 'The same as without an option, whose callback names it.',
    parameters: [is.HANDLE, is.OPTION_IN_PATH, is.AMOUNT, is.COMMENT],
    types: { 'application/json': ['PayInvoice', 'LnurlError'] },
  },
  {
    path: '/lnurl/verify/{id}',
    id: 'verifyPayment',
    tag: 'wallets',
    summary: 'Whether an invoice was paid, and the proof, for who holds this address.',
    description: 'LUD-21. It is forgotten a day after the invoice expired.',
    parameters: [is.ASK],
    types: { 'application/json': ['Verification', 'LnurlError'] },
  },
  {
    path: '/widget.js',
    id: 'readWidget',
    tag: 'service',
    summary: 'The module that makes `<tip-jar>` work on any page.',
    description: 'It loads modules below `/widget/`, which are named by their content.',
    types: { 'text/javascript': 'text' },
  },
  {
    path: '/widget/{file}',
    id: 'readWidgetFile',
    tag: 'service',
    summary: 'A module that `/widget.js` loads.',
    description: 'Its name is made of its content, so that it never changes.',
    parameters: [is.FILE],
    types: { 'text/javascript': 'text' },
    problems: [404],
  },
];
