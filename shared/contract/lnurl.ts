import { createHash } from 'node:crypto';
import { bech32 } from 'bech32';

/** LUD-01 sets no bound of its own; bech32's library asks for one. */
const MOST_CHARACTERS = 1023;

/** Characters that a wallet may send along. @see LUD-12 */
export const MOST_COMMENT = 500;

/** A URL as LNURL: bech32 with the prefix `lnurl`, in upper case, which makes the smaller QR code. @see LUD-01 */
export const encodeLnurl = (url: string): string =>
  bech32.encode('lnurl', bech32.toWords(Buffer.from(url)), MOST_CHARACTERS).toUpperCase();

/** The URL in an LNURL. @throws Error when it is none. @see LUD-01 */
export function decodeLnurl(lnurl: string): string {
  const { prefix, words } = bech32.decode(lnurl.toLowerCase(), MOST_CHARACTERS);
  if (prefix !== 'lnurl') throw new Error(`lnurl: its prefix is ${prefix}, not lnurl`);
  return Buffer.from(bech32.fromWords(words)).toString();
}

/** Where the pay request of a creator is, as a Lightning Address leads to it. @see LUD-16 */
export const payRequestPath = (handle: string) => `/.well-known/lnurlp/${handle}`;

/** The pay request of a creator's option, of the open one if none is named. */
export function payRequestUrl(baseUrl: string, handle: string, optionId?: string): string {
  const url = new URL(payRequestPath(handle), baseUrl);
  if (optionId !== undefined) url.searchParams.set('option', optionId);
  return url.href;
}

/**
 * The link that opens a wallet at a pay request, where the scheme stands for https.
 * @returns undefined for an address that no wallet would find by it, such as http on the own machine. @see LUD-17
 */
export const lnurlpUri = (url: string): string | undefined =>
  url.startsWith('https://') ? url.replace('https', 'lnurlp') : undefined;

/**
 * The address of the tip page with an LNURL along: a camera opens the page, a wallet takes the LNURL. The parameter's
 * name is in lower case, for there are wallets that know no other.
 * @see LUD-01, fallback scheme
 */
export function pageWithLnurl(baseUrl: string, handle: string, optionId?: string): string {
  const option = optionId === undefined ? '' : `option=${optionId}&`;
  const lnurl = encodeLnurl(payRequestUrl(baseUrl, handle, optionId));
  return `${baseUrl}/@${handle}?${option}lightning=${lnurl}`;
}

/** `alice@tips.example`. @see LUD-16 */
export const lightningAddress = (handle: string, baseUrl: string) => `${handle}@${new URL(baseUrl).host}`;

/** What a wallet shows before it pays, and what the invoice commits to. @see LUD-06, LUD-16 */
export function payMetadata(what: string, address: string): { metadata: string; descriptionHash: string } {
  const metadata = JSON.stringify([
    ['text/plain', what],
    ['text/identifier', address],
  ]);
  return { metadata, descriptionHash: createHash('sha256').update(metadata).digest('hex') };
}
