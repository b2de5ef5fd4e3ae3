import { html, raw } from 'hono/html';
import { lightningUri } from '../../shared/bolt11/uri.ts';
import { formatSat } from '../../shared/contract/money.ts';
import { type PaymentLinks, paymentLinks } from '../../shared/contract/paymentLinks.ts';
import { type FeedEntry, showsTips } from '../../shared/contract/tip.ts';
import type { Creator, CurrentInvoice, TipOption } from '../../shared/ledger/index.ts';
import { encodeCursor } from '../../shared/ledger/index.ts';
import { qrSvg } from '../../shared/qr/qr.ts';
import { dayText, minuteText } from './dates.ts';
import { type Markup, pageShell } from './layout.ts';
import { type Live, liveData, livePage } from './live.ts';
import { paymentLinksCard } from './paymentLinksCard.ts';

/** Satoshi with thousands set apart, decimals untouched: "1,234,567.8 sat". */
const satText = (msat: bigint) => `${formatSat(msat).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',')} sat`;

/** What a tip page shows. */
interface TipPage {
  readonly creator: Creator;
  readonly option: TipOption;
  readonly invoice: CurrentInvoice;
  readonly tips: readonly FeedEntry[];
  /** Where the service is found, without a slash at the end, for links that must be absolute. */
  readonly baseUrl?: string | undefined;
  readonly live?: Live | undefined;
}

const optionLink = (page: TipPage, option: TipOption, first: boolean) => {
  const address = `/@${page.creator.handle}${first ? '' : `?option=${option.id}`}`;
  const current = option.id === page.option.id ? raw(' aria-current="page"') : '';
  const amount = option.amountMsat === undefined ? '' : html` <small>${satText(option.amountMsat)}</small>`;
  return html`<li><a href="${address}"${current}>${option.label}${amount}</a></li>`;
};

/** The tip options; a creator with the open one alone needs no choice. */
const choice = (page: TipPage) =>
  page.creator.options.length < 2
    ? ''
    : html`<nav aria-label="Amount"><ul>
${page.creator.options.map((option, at) => optionLink(page, option, at === 0))}
</ul></nav>`;

const oneTip = (
  tip: FeedEntry,
  live: Live | undefined,
) => html`<li${live ? html` data-cursor="${tip.cursor}"` : ''}>
<div><b>${satText(BigInt(tip.amountMsat))}</b><time datetime="${tip.settledAt}">${minuteText(new Date(tip.settledAt))}</time></div>
${tip.sender ? html`<p class="soft" dir="auto">${tip.sender}</p>` : ''}${tip.message ? html`<p dir="auto">${tip.message}</p>` : ''}
</li>`;

/** What tells the list's script where to go on: a page may come from a cache, its cursor is as old as it. */
const following = ({ creator: { handle }, tips, live }: TipPage) =>
  live ? html` aria-live="polite"${liveData(live, handle, tips[0]?.cursor ?? encodeCursor(handle, 0n))}` : '';

const recentTips = (page: TipPage) =>
  !showsTips(page.creator)
    ? ''
    : html`<section aria-labelledby="tips">
<h2 id="tips">Recent tips</h2>
<ul class="tips"${following(page)}>${page.tips.map((tip) => oneTip(tip, page.live))}</ul>
${
  page.tips.length === 0
    ? html`<p class="soft">None yet. Yours can be the first.</p>
`
    : ''
}</section>`;

const ampCard = (page: TipPage, amount: string, links: PaymentLinks | undefined): Markup => {
  const uri = lightningUri(page.invoice.paymentRequest);
  return html`<section class="jar" aria-label="AMP invoice">
${
  links
    ? html`<h2>A wallet that pays AMP</h2>
`
    : ''
}<a class="qr" href="${uri}" aria-label="QR code of the payment request, ${amount}: open in a wallet">${raw(qrSvg(page.invoice.paymentRequest))}</a>
<a class="open" href="${uri}">Open in a Lightning wallet</a>
<div class="label"><label for="request">Payment request</label><button data-copy="request" type="button" aria-live="polite" hidden>Copy</button></div>
<textarea id="request" readonly spellcheck="false">${page.invoice.paymentRequest}</textarea>
<p class="soft">This invoice is static and reusable: print it, share it, pay it as often as you like until ${dayText(page.invoice.expiresAt)}.</p>
<p class="soft">It needs a wallet that can pay AMP invoices: lnd itself, or an app on your own lnd, such as Zeus. Most phone wallets can’t yet, and refuse it without sending anything.${links ? html` They take <a href="#other">the other code</a>.` : ''}</p>
</section>`;
};

const head = (page: TipPage): Markup => {
  const { name, handle } = page.creator;
  const address = page.baseUrl && `${page.baseUrl}/@${handle}`;
  return html`<meta name="description" content="Tip ${name} over Lightning, with a static, reusable invoice.">
<meta property="og:title" content="Tip ${name}">
${address ? html`<link rel="canonical" href="${address}"><meta property="og:url" content="${address}">` : ''}
`;
};

/** The page where a creator is tipped. It works without JavaScript. */
export function tipPage(page: TipPage): string {
  const { creator, option } = page;
  const amount = option.amountMsat === undefined ? 'any amount' : satText(option.amountMsat);
  const links = page.baseUrl ? paymentLinks(page.baseUrl, creator.handle, option.id) : undefined;
  const amp = ampCard(page, amount, links);
  return pageShell(
    `Tip ${creator.name}`,
    head(page),
    html`<header>
<h1>Tip <bdi>${creator.name}</bdi></h1>
<p class="soft">@${creator.handle} · ${amount}, over Lightning</p>
</header>
${choice(page)}
${links ? html`<div class="ways">${amp}${paymentLinksCard(links, creator.handle, option, amount)}</div>` : amp}
${recentTips(page)}`,
    page.live && showsTips(creator) ? livePage(page.live).script : undefined,
  );
}
