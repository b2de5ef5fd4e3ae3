import { html, raw } from 'hono/html';
import { jar, paymentLinks as text } from '../../shared/browser/text/index.ts';
import { MOST_COMMENT } from '../../shared/contract/lnurl.ts';
import { callbackPath, type PaymentLinks } from '../../shared/contract/paymentLinks.ts';
import type { TipOption } from '../../shared/ledger/index.ts';
import { drawCode } from './linkCodes.ts';
import { type Markup, markup } from './markup.ts';

const webln = (handle: string, option: TipOption): Markup => {
  const amount = option.amountMsat === undefined ? '' : html` data-amount="${option.amountMsat}"`;
  const field = html`<label>${text.satoshi} <input name="amount" inputmode="numeric" autocomplete="off" required></label>`;
  return html`<form id="browser-wallet" data-callback="${callbackPath(handle, option.id)}"${amount} hidden>
${option.amountMsat === undefined ? field : ''}<label>${text.message} <input name="comment" maxlength="${MOST_COMMENT}" autocomplete="off"></label>
<button class="open">${text.payByBrowser}</button>
<output></output>
</form>`;
};

/**
 * What pays where AMP does not: the creator's Lightning Address, an LNURL code, one code for cameras and wallets, and the
 * browser's own wallet.
 * @param amount in words
 */
export const paymentLinksCard = (
  links: PaymentLinks,
  handle: string,
  option: TipOption,
  amount: string,
): Markup => html`<section class="jar other" aria-labelledby="other">
<h2 id="other">${jar.otherWallet}</h2>
<a class="qr" href="${links.uri}" aria-label="${text.lnurlCode(amount)}">${raw(drawCode(links, 'lnurl', 'svg'))}</a>
<a class="open" href="${links.uri}">${jar.openByLnurl}</a>
<div class="label"><label for="address">${jar.lightningAddress}</label><button data-copy="address" type="button" aria-live="polite" hidden>${text.copyAddress}</button></div>
<input id="address" readonly value="${links.lightningAddress}">
${option.amountMsat === undefined ? '' : html`<p class="soft">${text.codeAsks(amount)}</p>`}
${webln(handle, option)}
<p class="soft">${markup(text.whichWallets(links.lnurlpUri))}</p>
<details>
<summary>${text.oneCode}</summary>
<a class="qr" href="${links.link}" aria-label="${text.oneCodeOf}">${raw(drawCode(links, 'any', 'svg'))}</a>
<p class="soft">${text.whatOneCodeDoes}</p>
</details>
</section>`;
