import { writtenSat } from './sat.ts';
import type { Texts } from './texts.ts';

export const lang = 'en' satisfies Texts['lang'];

/** "1,234,567.8 sat" */
export const sat = ((msat) => `${writtenSat(msat, ',', '.')} sat`) satisfies Texts['sat'];

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const date = (month: string, at: Date) => `${month} ${at.getUTCDate()}, ${at.getUTCFullYear()}`;

/** "November 26, 2026". Intl would take a cold start 14 ms to load. */
export const day = ((at) => date(MONTHS[at.getUTCMonth()]!, at)) satisfies Texts['day'];

/** "Nov 26, 2026, 05:04 UTC" */
export const minute = ((at) =>
  `${date(MONTHS[at.getUTCMonth()]!.slice(0, 3), at)}, ${at.toISOString().slice(11, 16)} UTC`) satisfies Texts['minute'];

export const jar = {
  tip: (name) => ['Tip ', name],
  anyAmount: 'any amount',
  amount: 'Amount',
  openInWallet: 'Open in a Lightning wallet',
  paymentRequest: 'Payment request',
  otherWallet: 'Any other wallet',
  openByLnurl: 'Open by LNURL',
  lightningAddress: 'Lightning Address',
  copy: 'Copy',
} satisfies Texts['jar'];

export const copied = 'Copied' satisfies Texts['copied'];

export const tipPage = {
  title: (name) => `Tip ${name}`,
  description: (name) => `Tip ${name} over Lightning, with a static, reusable invoice.`,
  subtitle: (handle, amount) => `@${handle} · ${amount}, over Lightning`,
  ampInvoice: 'AMP invoice',
  ampWallet: 'A wallet that pays AMP',
  codeTitle: 'Reusable Lightning invoice',
  requestCode: (amount) => `QR code of the payment request, ${amount}: open in a wallet`,
  reusable: (until) =>
    `This invoice is static and reusable: print it, share it, pay it as often as you like until ${until}.`,
  needsAmp:
    'It needs a wallet that can pay AMP invoices: lnd itself, or an app on your own lnd, such as Zeus. Most phone wallets can’t yet, and refuse it without sending anything.',
  elseTake: (href) => [' They take ', ['a', { href }, ['the other code']], '.'],
  recentTips: 'Recent tips',
  noTips: 'None yet. Yours can be the first.',
} satisfies Texts['tipPage'];

export const paymentLinks = {
  lnurlTitle: 'LNURL',
  lnurlCode: (amount) => `QR code of the LNURL, ${amount}: open in a wallet`,
  copyAddress: 'Copy address',
  codeAsks: (amount) => `The code asks for ${amount}; with the address you choose the amount.`,
  satoshi: 'Satoshi',
  message: 'Message, if you like',
  payByBrowser: 'Pay with this browser’s wallet',
  whichWallets: (lnurlp) => [
    'Most Lightning wallets pay an address or an LNURL, which gets them an invoice for this one payment',
    ...(lnurlp ? ['; some open ', ['a', { href: lnurlp }, ['this link']] as const, ' instead'] : []),
    '. If no invoice comes, the AMP code may still work: it needs the creator’s node alone.',
  ],
  oneCode: 'One code for cameras and wallets',
  oneCodeTitle: 'Tip page and LNURL',
  oneCodeOf: 'QR code of this page with the LNURL along',
  whatOneCodeDoes:
    'A camera opens this page, where AMP comes first. Wallets that know the fallback of LNURL pay from it at once; others refuse it.',
} satisfies Texts['paymentLinks'];

export const browserWallet = {
  badAmount: 'Amount: a whole number of satoshi, please.',
  asking: 'Asking for an invoice…',
  noAnswer: 'No invoice came: the service did not answer. The AMP code may still work.',
  noInvoice: (reason) => `No invoice came: ${reason || 'the service gave no reason'}.`,
  walletAsks: 'Your wallet asks you now.',
  notPaid: (reason) => `Your wallet did not pay: ${reason || 'it gave no reason'}.`,
  arriving: 'Your wallet says that it paid. Waiting for it to arrive…',
  arrived: 'Thank you! Your tip has arrived.',
  notSeen: 'Your wallet says that it paid. The tip has not been seen here yet; it is booked when it arrives.',
} satisfies Texts['browserWallet'];

export const problem = {
  titles: {},
  advice: {
    'unknown-creator': 'Nobody has this name here. Is the address spelt as it was given to you?',
    'unknown-option': 'The creator may have changed the amounts to choose from.',
    'closed-creator':
      'An invoice of theirs that was saved or printed may still be payable, and goes to them all the same.',
    'invoice-pending': 'The node is making a fresh one, which takes a few seconds.',
    'unknown-path':
      'Is the address spelt as it was given to you? A tip page’s is /@ and the name of its creator.',
    'table-unavailable': 'It is not your fault, and no money was moved.',
  },
  triesAgain: 'This page tries again by itself.',
  home: 'What this is',
} satisfies Texts['problem'];

export const home = {
  title: 'Tips over Lightning',
  intro: 'Every creator here has one code that takes tips again and again: on a page, on a stream, on paper.',
  toTip: 'To tip someone',
  howToTip: [
    'Open their page, which is at this address with ',
    ['code', {}, ['/@']],
    ' and their name, or send to their Lightning Address, which is their name, ',
    ['code', {}, ['@']],
    ' and this host. There is no list of names: ask whom you want to tip.',
  ],
  toBuild: 'To build with it',
  howToBuild: (docs) => [
    'Invoices, codes, tips and totals can be read by any program and any page, without a key. ',
    ['a', { href: docs }, ['What there is to read']],
  ],
} satisfies Texts['home'];

export const docs = {
  title: 'What there is to read',
  intro: (openapi) => [
    'By ',
    ['code', {}, ['GET']],
    ', without a key. ',
    ['a', { href: openapi }, ['openapi.json']],
    ' describes it all for programs (OpenAPI 3.1).',
  ],
  ownPage: 'On a page of your own',
  otherSite: ['On another site ', ['code', {}, ['src']], ' begins with this one’s address.'],
  withKey: 'With a key',
  howWithKey: [
    'Creators change what is theirs by an API of its own, at the address that they were given with their key; ',
    ['code', {}, ['/v1/manage/openapi.json']],
    ' describes it there.',
  ],
} satisfies Texts['docs'];

export const overlay = {
  title: (name) => `Tips of ${name}`,
  needsScript: 'This overlay needs JavaScript.',
  sample: { sender: 'Sample', message: 'Nobody paid this: it shows where tips appear.' },
} satisfies Texts['overlay'];

export const widget = {
  label: (name) => `Tip jar of ${name}`,
  invoiceCode: (amount) => `QR code of the invoice, ${amount}`,
  lnurlCode: (amount) => `QR code of the LNURL, ${amount}`,
  needsAmp: 'The code needs a wallet that can pay AMP, such as Zeus on your own lnd. ',
  tipPage: 'Tip page',
  tryAgain: 'Try again',
  unreachable: 'The tip jar can’t be reached now.',
  unknown: 'There is no such tip jar here.',
  closed: 'This tip jar has closed.',
  pending: 'The invoice is not ready yet.',
  failed: 'The tip jar does not work now.',
  badAttribute: (name, value, expected) =>
    `${name}: ${value === null ? 'not set' : JSON.stringify(value)}, expected ${expected}`,
  expected: {
    handle: 'the handle of a creator',
    option: 'the id of a tip option',
    host: 'the address of the service, like https://tips.example',
  },
} satisfies Texts['widget'];
