import { linkQrPng, linkQrSvg, qrPng, qrSvg } from '../../shared/invoices/qr.ts';
import { lightningUri } from '../../shared/invoices/uri.ts';
import { openOptionId } from '../../shared/ledger/index.ts';
import {
  encodeLnurl,
  lightningAddress,
  lnurlpUri,
  pageWithLnurl,
  payRequestPath,
  payRequestUrl,
} from '../../shared/lnurl.ts';
import { Problem } from '../http/problem.ts';

/** The ways to pay an option beside its AMP invoice; each makes an invoice of the payer's own when it is asked. */
export interface OtherWays {
  /** Of the creator: it asks for any amount. */
  readonly lightningAddress: string;
  readonly lnurl: string;
  /** `lightning:` and the LNURL. */
  readonly uri: string;
  /** `lnurlp:`, where wallets would find it. */
  readonly lnurlpUri: string | undefined;
  /** The page with the LNURL along: the one code that cameras and wallets both read. */
  readonly link: string;
}

/** The option as an LNURL names it: the open one goes without a name. */
const named = (handle: string, optionId: string) =>
  optionId === openOptionId(handle) ? undefined : optionId;

/** The other ways to pay an option. @param baseUrl where the service is found */
export function otherWays(baseUrl: string, handle: string, optionId: string): OtherWays {
  const name = named(handle, optionId);
  const url = payRequestUrl(baseUrl, handle, name);
  const lnurl = encodeLnurl(url);
  return {
    lightningAddress: lightningAddress(handle, baseUrl),
    lnurl,
    uri: lightningUri(lnurl),
    lnurlpUri: lnurlpUri(url),
    link: pageWithLnurl(baseUrl, handle, name),
  };
}

/** Where a script of the page asks for an invoice of its own: a path, for it may ask its own origin alone. */
export function callbackPath(handle: string, optionId: string): string {
  const name = named(handle, optionId);
  return `${payRequestPath(handle)}/callback${name === undefined ? '' : `/${name}`}`;
}

/** The QR codes beside that of the AMP invoice. */
export type OtherCode = 'lnurl' | 'any';

const DRAWN = {
  svg: {
    lnurl: ({ lnurl }: OtherWays) => qrSvg(lnurl, { title: 'LNURL' }),
    any: ({ link }: OtherWays) => linkQrSvg(link, { title: 'Tip page and LNURL' }),
  },
  png: {
    lnurl: ({ lnurl }: OtherWays) => qrPng(lnurl),
    any: ({ link }: OtherWays) => linkQrPng(link),
  },
};

/** Draw a code. */
export const drawCode = (ways: OtherWays, code: OtherCode, form: keyof typeof DRAWN) =>
  DRAWN[form][code](ways);

/** The origin, or a problem: an LNURL is an address, which can't be told without knowing one's own. */
export function knownOrigin(baseUrl: string | undefined): string {
  if (baseUrl) return baseUrl;
  throw new Problem('no-origin', 'code: this service was not told its own address, so it has no LNURL.', {
    field: 'code',
    expected: 'amp, or nothing',
  });
}
