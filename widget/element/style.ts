/**
 * The widget's look: a page sets the colours by `--tip-jar-*` and everything else by `::part()`. It is a constructed sheet,
 * which a page's Content-Security-Policy has no say in.
 */
export const sheet = new CSSStyleSheet();

sheet.replaceSync(`
:host{display:block;max-width:20rem;font:1rem/1.4 system-ui,sans-serif;
--ground:var(--tip-jar-ground,#fff);--ink:var(--tip-jar-ink,#1c1917);--soft:var(--tip-jar-soft,#625b54);--line:var(--tip-jar-line,#e4ded6);
--accent:var(--tip-jar-accent,#9a4a00);--on-accent:var(--tip-jar-on-accent,#fff);--tint:var(--tip-jar-tint,#fdf1e3)}
@media (prefers-color-scheme:dark){:host{
--ground:var(--tip-jar-ground,#211e1b);--ink:var(--tip-jar-ink,#f3eee8);--soft:var(--tip-jar-soft,#b3a99e);--line:var(--tip-jar-line,#3a3530);
--accent:var(--tip-jar-accent,#ffb15c);--on-accent:var(--tip-jar-on-accent,#241300);--tint:var(--tip-jar-tint,#33281c)}}
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
[part=tip]{padding:.5rem 0;border-top:1px solid var(--line)}
[part=tip] p{margin:.2rem 0 0;white-space:pre-line}
`);
