import { customProperties, DARK, LIGHT } from '../../shared/browser/palette.ts';
import { PAGE_ROWS } from '../../shared/browser/tipRow.ts';

/** The style of all pages: one column, the reader's own light or dark, no font or picture to fetch. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;${customProperties(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${customProperties(DARK)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:27rem;margin:0 auto;padding:2rem 1rem 3rem}
h1{font-size:1.75rem;line-height:1.2;margin:0;overflow-wrap:anywhere}
h2{font-size:1rem;margin:2.25rem 0 .25rem}
p{margin:.75rem 0}
header{text-align:center}
header p{margin:.25rem 0 0}
.soft{color:var(--soft);font-size:.9rem}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;justify-content:center;gap:.5rem;list-style:none;margin:1.25rem 0 0;padding:0}
nav a{display:flex;flex-wrap:wrap;justify-content:center;align-items:baseline;column-gap:.4em;max-width:100%;padding:.55rem 1rem;border:1px solid var(--line);border-radius:2rem;background:var(--card);color:var(--ink);text-decoration:none;overflow-wrap:anywhere}
nav a small{color:var(--soft);font-size:.85em}
nav a:hover{border-color:var(--accent)}
nav a[aria-current]{background:var(--tint);border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent);font-weight:600}
.jar{margin:1.25rem 0;padding:1rem;border:1px solid var(--line);border-radius:1.25rem;background:var(--card)}
.jar>:last-child{margin-bottom:0}
.jar h2{margin:0 0 .75rem;text-align:center}
.ways .jar{margin-bottom:0}
@media (min-width:60rem){.ways{display:grid;grid-template-columns:1fr 1fr;align-items:start;gap:1rem;width:56rem;margin:0 calc(50% - 28rem)}}
.qr{display:block;max-width:20rem;margin:0 auto;border-radius:.75rem;background:#fff;overflow:hidden}
.qr svg{display:block;width:100%;height:auto}
.open{display:block;margin:1rem 0;padding:.8rem 1rem;border-radius:.75rem;background:var(--accent);color:var(--on-accent);font-weight:600;text-align:center;text-decoration:none}
.open:hover{filter:brightness(1.1)}
.label{display:flex;align-items:center;justify-content:space-between;min-height:2.25rem;font-size:.9rem;font-weight:600}
textarea,input{display:block;width:100%;padding:.6rem .7rem;border:1px solid var(--line);border-radius:.75rem;background:var(--ground);color:var(--ink);font:.8rem/1.45 ui-monospace,monospace;word-break:break-all}
textarea{height:6.25rem;resize:vertical}
form{margin:1rem 0 0}
form label{display:block;margin-top:.5rem;font-size:.9rem;font-weight:600}
form .open{width:100%;border:0;font:inherit;font-weight:600}
output{display:block;overflow-wrap:anywhere}
code{font-size:.9em;overflow-wrap:anywhere}
pre{padding:.75rem 1rem;border:1px solid var(--line);border-radius:.75rem;background:var(--card);overflow:auto}
dt{margin-top:1rem}
dd{margin:0;color:var(--soft);font-size:.9rem}
details{margin-top:1rem}
summary{cursor:pointer;font-size:.9rem;font-weight:600}
details .qr{margin-top:.75rem}
button{padding:.3rem .85rem;border:1px solid var(--line);border-radius:2rem;background:var(--card);color:var(--ink);font:inherit;cursor:pointer}
button:hover{border-color:var(--accent)}
[hidden]{display:none}
.tips{list-style:none;margin:0;padding:0}
.tips:not(:empty)+p{display:none}
@media (prefers-reduced-motion:no-preference){.new{animation:new 2s}}
@keyframes new{from{background:var(--tint)}}
nav a{unicode-bidi:isolate}
${PAGE_ROWS}`;
