import { customProperties, DARK, LIGHT } from '../../shared/browser/palette.ts';
import { JAR_ROWS } from '../../shared/browser/tipRow.ts';

/** Each colour is the page's to choose. A jar is a card on a ground of others. */
const colours = (palette: typeof LIGHT) =>
  customProperties(
    { ...palette, ground: palette.card },
    (name, colour) => `var(--tip-jar-${name},${colour})`,
  );

/**
 * The widget's look: a page sets the colours by `--tip-jar-*` and everything else by `::part()`. It is a constructed sheet,
 * which a page's Content-Security-Policy has no say in.
 */
export const sheet = new CSSStyleSheet();

sheet.replaceSync(`
:host{display:block;max-width:20rem;font:1rem/1.4 system-ui,sans-serif;${colours(LIGHT)}}
@media (prefers-color-scheme:dark){:host{${colours(DARK)}}}
:host([hidden]),[hidden]{display:none!important}
*{box-sizing:border-box}
section{padding:1rem;border:1px solid var(--line);border-radius:1rem;background:var(--ground);color:var(--ink);overflow-wrap:anywhere}
p{margin:.5rem 0}
bdi,b,small{unicode-bidi:isolate}
a,summary{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
button,input{font:inherit;color:inherit;border:1px solid var(--line);background:var(--ground)}
button{padding:.35rem .8rem;border-radius:2rem;cursor:pointer}
button:hover{border-color:var(--accent)}
[part=name]{margin:0 0 .5rem;font-size:1.2rem;font-weight:700;text-align:center}
[part=options]{display:flex;flex-wrap:wrap;justify-content:center;gap:.4rem;margin:.5rem 0}
[part=option] small{color:var(--soft)}
[part=option] small::before{content:' '}
[aria-pressed=true]{background:var(--tint);border-color:var(--accent);font-weight:600}
[aria-busy=true] [part=invoice]{visibility:hidden}
[part=qr]{display:block;border-radius:.5rem;background:#fff;overflow:hidden}
img{display:block;width:100%;height:auto}
[part=open]{display:block;margin:.6rem 0;padding:.65rem;border-radius:.6rem;background:var(--accent);color:var(--on-accent);font-weight:600;text-align:center;text-decoration:none}
[part=row]{display:flex;gap:.4rem}
[part=field]{flex:1;min-width:0;padding:.35rem .6rem;border-radius:.6rem;font:.8rem/1.4 ui-monospace,monospace}
[part=note]{color:var(--soft);font-size:.85rem}
[part=problem]:empty{display:none}
[part=other] summary{cursor:pointer;margin-bottom:.5rem}
[part=tips]{list-style:none;margin:.5rem 0 0;padding:0}
[part=tips]:empty{display:none}
${JAR_ROWS}`);
