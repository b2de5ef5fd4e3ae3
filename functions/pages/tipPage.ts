import { html, raw } from 'hono/html';
import { lightningUri } from '../../shared/bolt11/uri.ts';
import { day, jar, sat, tipPage as text } from '../../shared/browser/text/index.ts';
import { tipRow, tipTime } from '../../shared/browser/tipRow.ts';
import { type PaymentLinks, paymentLinks } from '../../shared/contract/paymentLinks.ts';
import { type FeedEntry, showsTips } from '../../shared/contract/tip.ts';
import type { Creator, CurrentInvoice, TipOption } from '../../shared/ledger/index.ts';
import { encodeCursor } from '../../shared/ledger/index.ts';
import { qrSvg } from '../../shared/qr/qr.ts';
import { pageShell } from './layout.ts';
import { type Live, liveData, livePage } from './live.ts';
import { type Markup, markup } from './markup.ts';
import { paymentLinksCard } from './paymentLinksCard.ts';

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
  const amount =
    option.amountMsat === undefined ? '' : html` <small>${sat(String(option.amountMsat))}</small>`;
  return html`<li><a href="${address}"${current}>${option.label}${amount}</a></li>`;
};

/** The tip options; a creator with the open one alone needs no choice. */
const choice = (page: TipPage) =>
  page.creator.options.length < 2
    ? ''
    : html`<nav aria-label="${jar.amount}"><ul>
${page.creator.options.map((option, at) => optionLink(page, option, at === 0))}
</ul></nav>`;

const oneTip = (
  tip: FeedEntry,
  live: Live | undefined,
) => html`<li${live ? html` data-cursor="${tip.cursor}"` : ''}>${markup(tipRow(tip, tipTime(tip.settledAt)))}</li>
`;

/** What tells the list's script where to go on: a page may come from a cache, its cursor is as old as it. */
const following = ({ creator: { handle }, tips, live }: TipPage) =>
  live ? html` aria-live="polite"${liveData(live, handle, tips[0]?.cursor ?? encodeCursor(handle, 0n))}` : '';

const recentTips = (page: TipPage) =>
  !showsTips(page.creator)
    ? ''
    : html`<section aria-labelledby="tips">
<h2 id="tips">${text.recentTips}</h2>
<ul class="tips"${following(page)}>${page.tips.map((tip) => oneTip(tip, page.live))}</ul>
${
  page.tips.length === 0
    ? html`<p class="soft">${text.noTips}</p>
`
    : ''
}</section>`;

const ampCard = (page: TipPage, amount: string, links: PaymentLinks | undefined): Markup => {
  const uri = lightningUri(page.invoice.paymentRequest);
  return html`<section class="jar" aria-label="${text.ampInvoice}">
${
  links
    ? html`<h2>${text.ampWallet}</h2>
`
    : ''
}<a class="qr" href="${uri}" aria-label="${text.requestCode(amount)}">${raw(qrSvg(page.invoice.paymentRequest, { title: text.codeTitle }))}</a>
<a class="open" href="${uri}">${jar.openInWallet}</a>
<div class="label"><label for="request">${jar.paymentRequest}</label><button data-copy="request" type="button" aria-live="polite" hidden>${jar.copy}</button></div>
<textarea id="request" readonly spellcheck="false">${page.invoice.paymentRequest}</textarea>
<p class="soft">${text.reusable(day(page.invoice.expiresAt))}</p>
<p class="soft">${text.needsAmp}${links ? markup(text.elseTake('#other')) : ''}</p>
</section>`;
};

const head = (page: TipPage): Markup => {
  const { name, handle } = page.creator;
  const address = page.baseUrl && `${page.baseUrl}/@${handle}`;
  return html`<meta name="description" content="${text.description(name)}">
<meta property="og:title" content="${text.title(name)}">
${address ? html`<link rel="canonical" href="${address}"><meta property="og:url" content="${address}">` : ''}
`;
};

/** The page where a creator is tipped. It works without JavaScript. */
export function tipPage(page: TipPage): string {
  const { creator, option } = page;
  const amount = option.amountMsat === undefined ? jar.anyAmount : sat(String(option.amountMsat));
  const links = page.baseUrl ? paymentLinks(page.baseUrl, creator.handle, option.id) : undefined;
  const amp = ampCard(page, amount, links);
  return pageShell(
    text.title(creator.name),
    head(page),
    html`<header>
<h1>${markup(jar.tip(['bdi', {}, [creator.name]]))}</h1>
<p class="soft">${text.subtitle(creator.handle, amount)}</p>
</header>
${choice(page)}
${links ? html`<div class="ways">${amp}${paymentLinksCard(links, creator.handle, option, amount)}</div>` : amp}
${recentTips(page)}`,
    page.live && showsTips(creator) ? livePage(page.live).script : undefined,
  );
}
