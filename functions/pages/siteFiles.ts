import { html } from 'hono/html';
import { docs, home } from '../../shared/browser/text/index.ts';
import { DOCUMENT_FRESHNESS } from '../http/freshness.ts';
import { represent } from '../http/representation.ts';
import { ICON_PNG } from './icon.ts';
import { PAGE_HEADERS, PAGE_TYPE, pageShell } from './layout.ts';
import { type Markup, markup } from './markup.ts';

/** Tip pages may be found; what programs read is nothing to look for, and not to be fetched for it. */
const ROBOTS = `User-agent: *
Disallow: /v1/
Disallow: /.well-known/
Disallow: /lnurl/
`;

const page = (title: string, main: Markup) =>
  represent({
    type: PAGE_TYPE,
    body: pageShell(title, '', main),
    cacheControl: DOCUMENT_FRESHNESS,
    headers: PAGE_HEADERS,
  });

/** What someone sees who comes without a creator's name. There is no list of creators: who has a page gives its address to whom they like. */
export const homePage = () =>
  page(
    home.title,
    html`<header>
<h1>${home.title}</h1>
<p class="soft">${home.intro}</p>
</header>
<section class="jar" aria-labelledby="tip">
<h2 id="tip">${home.toTip}</h2>
<p>${markup(home.howToTip)}</p>
</section>
<section class="jar" aria-labelledby="build">
<h2 id="build">${home.toBuild}</h2>
<p>${markup(home.howToBuild('/docs'))}</p>
</section>`,
  );

/** What this page reads of an OpenAPI document. */
interface Described {
  readonly paths?: Record<string, { readonly get?: { readonly summary?: string } }>;
}

const WIDGET = '<script type="module" src="/widget.js"></script>\n<tip-jar handle="alice"></tip-jar>';

/** Every address with what it gives, as the OpenAPI document has them. */
export const docsPage = ({ paths = {} }: Described) =>
  page(
    docs.title,
    html`<header>
<h1>${docs.title}</h1>
<p class="soft">${markup(docs.intro('/openapi.json'))}</p>
</header>
<dl>
${Object.entries(paths).map(
  ([path, { get }]) => html`<dt><code>${path}</code></dt>
<dd>${get?.summary ?? ''}</dd>
`,
)}</dl>
<h2>${docs.ownPage}</h2>
<pre><code>${WIDGET}</code></pre>
<p class="soft">${markup(docs.otherSite)}</p>
<h2>${docs.withKey}</h2>
<p>${markup(docs.howWithKey)}</p>`,
  );

/** The OpenAPI document itself. */
export const documentOf = (openapi: object) =>
  represent({ type: 'application/json', body: JSON.stringify(openapi), cacheControl: DOCUMENT_FRESHNESS });

export const robots = () =>
  represent({ type: 'text/plain; charset=utf-8', body: ROBOTS, cacheControl: DOCUMENT_FRESHNESS });

export const favicon = () =>
  represent({ type: 'image/png', body: ICON_PNG, cacheControl: DOCUMENT_FRESHNESS });
