import { paymentLinks } from '../../shared/contract/paymentLinks.ts';
import { publicTips, startCursor } from '../../shared/contract/tip.ts';
import {
  type CurrentInvoice,
  type Ledger,
  readCreator,
  readCreatorWithInvoice,
  readFeed,
} from '../../shared/ledger/index.ts';
import { qrPng, qrSvg } from '../../shared/qr/qr.ts';
import {
  AFTER_FRESHNESS,
  CODE_FRESHNESS,
  FEED_FRESHNESS,
  immutableFreshness,
  invoiceFreshness,
  PRIVATE,
  PROFILE_FRESHNESS,
  pageFreshness,
} from '../http/freshness.ts';
import { type Representation, represent } from '../http/representation.ts';
import { PAGE_HEADERS, PAGE_TYPE } from '../pages/layout.ts';
import { drawCode, type LinkCode } from '../pages/linkCodes.ts';
import { type Live, livePage } from '../pages/live.ts';
import { type OverlayOptions, overlayPage } from '../pages/overlay.ts';
import { TIP_HEADERS } from '../pages/problemAt.ts';
import { tipPage } from '../pages/tipPage.ts';
import {
  creatorBody,
  currentInvoice,
  type FeedPart,
  feedBody,
  openCreator,
  optionOf,
  payableInvoice,
  totalsOf,
} from './api/creators.ts';
import { invoiceBody, namedInvoice, namedInvoiceBody, receiptOf } from './api/payments.ts';
import { knownOrigin } from './api/request.ts';

/** What answers are made from. */
export interface Source {
  readonly ledger: Ledger;
  readonly clock: () => Date;
  readonly baseUrl?: string | undefined;
  /** How an open page hears of tips; without it, it shows those that it came with. */
  readonly live?: Live | undefined;
}

const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain; charset=utf-8';

const json = (body: object, cacheControl: string, headers: Record<string, string> = {}) =>
  represent({ type: JSON_TYPE, body: JSON.stringify(body), cacheControl, headers });

export const profile = async (source: Source, handle: string) =>
  json(await creatorBody(source.ledger, handle, source), PROFILE_FRESHNESS);

export const totals = async ({ ledger }: Source, handle: string) =>
  json(await totalsOf(ledger, handle), FEED_FRESHNESS);

export const feed = async ({ ledger }: Source, handle: string, part: FeedPart) =>
  json(await feedBody(ledger, handle, part), part.after === undefined ? FEED_FRESHNESS : AFTER_FRESHNESS);

export const tip = async ({ ledger }: Source, setId: string) =>
  json(await receiptOf(ledger, setId), PRIVATE, TIP_HEADERS);

/** The forms of an invoice, by name. */
const FORMS = {
  json: (invoice: CurrentInvoice) => ({ type: JSON_TYPE, body: JSON.stringify(invoiceBody(invoice)) }),
  text: (invoice: CurrentInvoice) => ({ type: TEXT_TYPE, body: `${invoice.paymentRequest}\n` }),
  svg: (invoice: CurrentInvoice) => ({ type: 'image/svg+xml', body: qrSvg(invoice.paymentRequest) }),
  png: (invoice: CurrentInvoice) => ({ type: 'image/png', body: qrPng(invoice.paymentRequest) }),
} satisfies Record<string, (invoice: CurrentInvoice) => { type: string; body: string | Uint8Array }>;

export type InvoiceForm = keyof typeof FORMS;

/** Pictures may be shown by pages that isolate themselves (`Cross-Origin-Embedder-Policy`). */
const PICTURE_HEADERS = { 'cross-origin-resource-policy': 'cross-origin' };

/** The invoice that an option hands out now, in one of its forms. */
export async function invoice(
  { ledger, clock }: Source,
  form: InvoiceForm,
  handle: string,
  optionId: string | undefined,
  headers: Record<string, string> = PICTURE_HEADERS,
): Promise<Representation> {
  const now = clock();
  const found = await currentInvoice(ledger, handle, optionId, now);
  return represent({ ...FORMS[form](found), cacheControl: invoiceFreshness(found.expiresAt, now), headers });
}

const PICTURE_TYPES = { svg: 'image/svg+xml', png: 'image/png' };

/** A QR code that leads a wallet to an invoice of its own. It is there before the option has an AMP invoice. */
export async function code(
  { ledger, baseUrl }: Source,
  which: LinkCode,
  form: keyof typeof PICTURE_TYPES,
  handle: string,
  optionId: string | undefined,
): Promise<Representation> {
  const origin = knownOrigin(baseUrl);
  const creator = openCreator(await readCreator(ledger, handle), handle);
  const links = paymentLinks(origin, handle, optionOf(creator, optionId).id);
  const body = drawCode(links, which, form);
  return represent({
    type: PICTURE_TYPES[form],
    body,
    cacheControl: CODE_FRESHNESS,
    headers: PICTURE_HEADERS,
  });
}

/** An invoice by its name, which may have retired since. */
export async function named({ ledger, clock }: Source, paymentAddr: string): Promise<Representation> {
  const found = await namedInvoice(ledger, paymentAddr);
  return json(namedInvoiceBody(found), invoiceFreshness(found.expiresAt, clock()));
}

/** The QR code of an invoice by its name: it never changes. */
export async function namedQr({ ledger, clock }: Source, paymentAddr: string): Promise<Representation> {
  const found = await namedInvoice(ledger, paymentAddr);
  const cacheControl = immutableFreshness(found.expiresAt, clock());
  return represent({ ...FORMS.svg(found), cacheControl, headers: PICTURE_HEADERS });
}

const TIPS_ON_PAGE = 10;

/** The page where a creator is tipped. */
export async function page(
  { ledger, clock, baseUrl, live }: Source,
  handle: string,
  optionId: string | undefined,
): Promise<Representation> {
  const now = clock();
  const [found, tips] = await Promise.all([
    readCreatorWithInvoice(ledger, handle, optionId),
    readFeed(ledger, handle, { limit: TIPS_ON_PAGE }),
  ]);
  const creator = openCreator(found.creator, handle);
  const option = optionOf(creator, optionId);
  const invoice = payableInvoice(option, found.invoice, now);
  return represent({
    type: PAGE_TYPE,
    body: tipPage({ creator, option, invoice, tips: publicTips(creator, tips.tips), baseUrl, live }),
    cacheControl: pageFreshness(invoice.expiresAt, now),
    headers: live ? livePage(live).headers : PAGE_HEADERS,
  });
}

/** The overlay for streaming software. It begins after the newest tip there is, so nobody may keep it. */
export async function overlay(
  { ledger, live }: Source,
  handle: string,
  options: OverlayOptions,
): Promise<Representation> {
  const [found, { tips }] = await Promise.all([
    readCreator(ledger, handle),
    readFeed(ledger, handle, { limit: 1 }),
  ]);
  const creator = openCreator(found, handle);
  const after = startCursor(creator, tips[0]);
  return represent({ type: PAGE_TYPE, ...overlayPage(creator, after, live as Live, options) });
}
