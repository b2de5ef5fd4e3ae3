import { html, raw } from 'hono/html';
import { DARK, LIGHT } from '../../shared/browser/palette.ts';
import { lang, overlay as text } from '../../shared/browser/text/index.ts';
import { overlayRow } from '../../shared/browser/tipRow.ts';
import { MAX_MSAT } from '../../shared/contract/money.ts';
import type { Creator } from '../../shared/ledger/index.ts';
import { PRIVATE } from '../http/freshness.ts';
import { badValue } from '../http/problem.ts';
import { pageHeaders } from './layout.ts';
import { type Live, liveData, liveSources } from './live.ts';
import SCRIPT from './scripts/overlay.json' with { type: 'json' };

const SIZES = ['small', 'medium', 'large'] as const;

/** How the overlay of a stream shows tips. */
export interface OverlayOptions {
  /** How long each tip is shown. */
  readonly seconds: number;
  /** Tips below it are not shown. */
  readonly minimumMsat: bigint;
  readonly size: (typeof SIZES)[number];
  /** Begin with a tip that nobody paid, to place the overlay by. */
  readonly sample: boolean;
}

const READERS: Record<string, (value: string) => Partial<OverlayOptions> | undefined> = {
  seconds: (value) => (/^([2-9]|[1-5]\d|60)$/.test(value) ? { seconds: Number(value) } : undefined),
  minimum: (value) =>
    /^(0|[1-9]\d{0,15})$/.test(value) && BigInt(value) * 1000n <= MAX_MSAT
      ? { minimumMsat: BigInt(value) * 1000n }
      : undefined,
  size: (value) => {
    const size = SIZES.find((each) => each === value);
    return size && { size };
  },
  sample: (value) => (value === 'yes' ? { sample: true } : undefined),
};

const EXPECTED: Record<string, string> = {
  seconds: 'a whole number from 2 to 60',
  minimum: 'a whole number of satoshi',
  size: SIZES.join(', '),
  sample: 'yes',
};

export const OVERLAY_OPTIONS = Object.keys(READERS);

/** The overlay's options of a query. An unknown one is refused, for a misspelt one would go unnoticed on a stream. */
export function readOverlay(query: Record<string, string>): OverlayOptions {
  let options: OverlayOptions = { seconds: 8, minimumMsat: 0n, size: 'medium', sample: false };
  for (const [name, value] of Object.entries(query)) {
    if (!Object.hasOwn(READERS, name))
      throw badValue(name, value, `an option of the overlay, which are ${OVERLAY_OPTIONS.join(', ')}`);
    const read = READERS[name]!(value);
    if (!read) throw badValue(name, value, EXPECTED[name]!);
    options = { ...options, ...read };
  }
  return options;
}

const STYLE = `
html,body{height:100%;margin:0;background:transparent;overflow:hidden}
body{display:grid;place-items:end center;padding:2rem;box-sizing:border-box;font:700 1.5rem/1.3 system-ui,sans-serif;color:#fff}
body.small{font-size:1rem}
body.large{font-size:2.25rem}
[hidden]{display:none}
#tip{max-width:24em;padding:.8em 1.2em;border-radius:.8em;background:${LIGHT.ink}e6;text-align:center;overflow-wrap:anywhere;text-shadow:0 1px 2px #000}
${overlayRow(DARK.accent)}@media (prefers-reduced-motion:no-preference){#tip{animation:rise .4s ease-out}}
@keyframes rise{from{opacity:0;transform:translateY(1em)}}
`;

/**
 * The page that streaming software lays over a picture: transparent, and empty until a tip comes.
 * @param after the cursor after which it shows tips; without one it shows those that are told of from now on
 */
export function overlayPage(
  creator: Creator,
  after: string | undefined,
  live: Live,
  options: OverlayOptions,
) {
  const { seconds, minimumMsat, size, sample } = options;
  const body = `${html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<title>${text.title(creator.name)}</title>
<link rel="icon" href="data:,">
<style>${raw(STYLE)}</style>
</head>
<body class="${size}">
<div id="tip" role="status" hidden${liveData(live, creator.handle, after ?? '')} data-seconds="${seconds}" data-minimum="${minimumMsat}"${sample ? raw(' data-sample="yes"') : ''}></div>
<noscript>${text.needsScript}</noscript>
<script>${raw(SCRIPT)}</script>
</body>
</html>
`}`;
  const headers = pageHeaders({ style: STYLE, scripts: [SCRIPT], connect: liveSources(live) });
  return { body, cacheControl: PRIVATE, headers };
}
