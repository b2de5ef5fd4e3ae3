import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { lang } from '../../shared/browser/text/index.ts';
import { ICON_SVG } from './icon.ts';
import type { Markup } from './markup.ts';
import PAGE_SCRIPT from './scripts/page.json' with { type: 'json' };
import { PAGE_STYLE } from './style.ts';

const hashSource = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** What a page consists of and connects to. */
interface Parts {
  readonly style: string;
  readonly scripts: readonly string[];
  /** Origins beside its own. */
  readonly connect: readonly string[];
}

/**
 * Headers of a page. It may use its own style and scripts, known by hash, its own pictures, ask its own origin and those
 * named, and nothing else. Who follows a link from it doesn't tell where they came from.
 */
export const pageHeaders = ({ style, scripts, connect }: Parts) => ({
  'content-security-policy': [
    "default-src 'none'",
    `style-src ${hashSource(style)}`,
    `script-src ${scripts.map(hashSource).join(' ')}`,
    "img-src 'self' data:",
    `connect-src ${["'self'", ...connect].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
});

/** Headers of a page with nothing but what all have. */
export const PAGE_HEADERS = pageHeaders({ style: PAGE_STYLE, scripts: [PAGE_SCRIPT], connect: [] });

export const PAGE_TYPE = 'text/html; charset=utf-8';

const ICON = `data:image/svg+xml,${ICON_SVG.replaceAll('"', '%22').replaceAll('#', '%23').replace(/[<>]/g, encodeURIComponent)}`;

/** A whole page around its main part. `head` is for what one page alone has there, `script` for what it alone runs. */
export const pageShell = (title: string, head: Markup | '', main: Markup, script?: string): string =>
  `${html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="${raw(ICON)}">
${head}<style>${raw(PAGE_STYLE)}</style>
</head>
<body>
<main>
${main}
</main>
<script>${raw(PAGE_SCRIPT)}</script>${
    script
      ? html`
<script>${raw(script)}</script>`
      : ''
  }
</body>
</html>
`}`;
