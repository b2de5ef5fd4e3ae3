import { html, raw } from 'hono/html';
import { MOST_COMMENT } from '../../shared/contract/lnurl.ts';
import { callbackPath, type PaymentLinks } from '../../shared/contract/paymentLinks.ts';
import type { TipOption } from '../../shared/ledger/index.ts';
import type { Markup } from './layout.ts';
import { drawCode } from './linkCodes.ts';

const webln = (handle: string, option: TipOption): Markup => {
  const amount = option.amountMsat === undefined ? '' : html` data-amount="${option.amountMsat}"`;
  const field = html`<label>Satoshi <input name="amount" inputmode="numeric" autocomplete="off" required></label>`;
  return html`<form id="browser-wallet" data-callback="${callbackPath(handle, option.id)}"${amount} hidden>
${option.amountMsat === undefined ? field : ''}<label>Message, if you like <input name="comment" maxlength="${MOST_COMMENT}" autocomplete="off"></label>
<button class="open">Pay with this browser’s wallet</button>
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
<h2 id="other">Any other wallet</h2>
<a class="qr" href="${links.uri}" aria-label="QR code of the LNURL, ${amount}: open in a wallet">${raw(drawCode(links, 'lnurl', 'svg'))}</a>
<a class="open" href="${links.uri}">Open by LNURL</a>
<div class="label"><label for="address">Lightning Address</label><button data-copy="address" type="button" aria-live="polite" hidden>Copy address</button></div>
<input id="address" readonly value="${links.lightningAddress}">
${option.amountMsat === undefined ? '' : html`<p class="soft">The code asks for ${amount}; with the address you choose the amount.</p>`}
${webln(handle, option)}
<p class="soft">Most Lightning wallets pay an address or an LNURL, which gets them an invoice for this one payment${links.lnurlpUri ? html`; some open <a href="${links.lnurlpUri}">this link</a> instead` : ''}. If no invoice comes, the AMP code may still work: it needs the creator’s node alone.</p>
<details>
<summary>One code for cameras and wallets</summary>
<a class="qr" href="${links.link}" aria-label="QR code of this page with the LNURL along">${raw(drawCode(links, 'any', 'svg'))}</a>
<p class="soft">A camera opens this page, where AMP comes first. Wallets that know the fallback of LNURL pay from it at once; others refuse it.</p>
</details>
</section>`;
