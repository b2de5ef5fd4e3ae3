import { html } from 'hono/html';
import { DOCUMENT_FRESHNESS } from '../http/freshness.ts';
import { represent } from '../http/representation.ts';
import { ICON_PNG } from './icon.ts';
import { type Markup, PAGE_HEADERS, PAGE_TYPE, pageShell } from './layout.ts';

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
    'Tips over Lightning',
    html`<header>
<h1>Tips over Lightning</h1>
<p class="soft">Every creator here has one code that takes tips again and again: on a page, on a stream, on paper.</p>
</header>
<section class="jar" aria-labelledby="tip">
<h2 id="tip">To tip someone</h2>
<p>Open their page, which is at this address with <code>/@</code> and their name, or send to their Lightning Address, which is their name, <code>@</code> and this
host. There is no list of names: ask whom you want to tip.</p>
</section>
<section class="jar" aria-labelledby="build">
<h2 id="build">To build with it</h2>
<p>Invoices, codes, tips and totals can be read by any program and any page, without a key. <a href="/docs">What there is to read</a></p>
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
    'What there is to read',
    html`<header>
<h1>What there is to read</h1>
<p class="soft">By <code>GET</code>, without a key. <a href="/openapi.json">openapi.json</a> describes it all for programs (OpenAPI 3.1).</p>
</header>
<dl>
${Object.entries(paths).map(
  ([path, { get }]) => html`<dt><code>${path}</code></dt>
<dd>${get?.summary ?? ''}</dd>
`,
)}</dl>
<h2>On a page of your own</h2>
<pre><code>${WIDGET}</code></pre>
<p class="soft">On another site <code>src</code> begins with this one’s address.</p>
<h2>With a key</h2>
<p>Creators change what is theirs by an API of its own, at the address that they were given with their key; <code>/v1/manage/openapi.json</code> describes it there.</p>`,
  );

/** The OpenAPI document itself. */
export const documentOf = (openapi: object) =>
  represent({ type: 'application/json', body: JSON.stringify(openapi), cacheControl: DOCUMENT_FRESHNESS });

export const robots = () =>
  represent({ type: 'text/plain; charset=utf-8', body: ROBOTS, cacheControl: DOCUMENT_FRESHNESS });

export const favicon = () =>
  represent({ type: 'image/png', body: ICON_PNG, cacheControl: DOCUMENT_FRESHNESS });
