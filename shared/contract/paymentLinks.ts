import { lightningUri } from '../bolt11/uri.ts';
import { openOptionId } from '../ledger/index.ts';
import {
  encodeLnurl,
  lightningAddress,
  lnurlpUri,
  pageWithLnurl,
  payRequestPath,
  payRequestUrl,
} from './lnurl.ts';

/** What an option is paid by beside its AMP invoice; each makes an invoice of the payer's own when it is asked. */
export interface PaymentLinks {
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

/** The links to pay an option by. @param baseUrl where the service is found */
export function paymentLinks(baseUrl: string, handle: string, optionId: string): PaymentLinks {
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
