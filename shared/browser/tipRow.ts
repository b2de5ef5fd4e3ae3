import type { Content, Part } from './part.ts';
import { minute, sat } from './text/index.ts';

/** What is shown of a tip. */
export interface ShownTip {
  /** msat, decimal digits. */
  readonly amountMsat: string;
  readonly sender?: string | undefined;
  readonly message?: string | undefined;
}

/**
 * How a tip looks, wherever it does: on a tip page, over a stream, in a tip jar.
 * @param time when it came, where that is shown
 */
export const tipRow = ({ amountMsat, sender, message }: ShownTip, time?: Part): Content => [
  ['b', {}, [sat(amountMsat)]],
  ...(sender ? [' ', ['bdi', {}, [sender]] as const] : []),
  ...(time ? [time] : []),
  ...(message ? [['p', { dir: 'auto' }, [message]] as const] : []),
];

/** When a tip came. @param settledAt ISO 8601, as the feed has it */
export const tipTime = (settledAt: string): Part => [
  'time',
  { datetime: settledAt },
  [minute(new Date(settledAt))],
];

/** The style of rows in a tip page's list: amount and time in one line, the sender and the message in one each. */
export const PAGE_ROWS = `
.tips li{display:flex;flex-wrap:wrap;justify-content:space-between;column-gap:1rem;padding:.75rem 0;border-bottom:1px solid var(--line)}
.tips b,.tips p{unicode-bidi:isolate}
.tips bdi,.tips time{color:var(--soft);font-size:.9rem}
.tips bdi,.tips p{order:1;flex:0 0 100%;margin:.25rem 0 0;overflow-wrap:anywhere;white-space:pre-line}
`;

/** The style of the row over a stream, in the colours of the dark. */
export const overlayRow = (accent: string) => `
#tip *{margin:0;unicode-bidi:isolate}
#tip b{display:block;font-size:1.6em;color:${accent}}
#tip p{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:5;overflow:hidden;font-weight:500}
`;

/** The style of rows in a tip jar: amount and sender in one line. */
export const JAR_ROWS = `
[part=tip]{padding:.5rem 0;border-top:1px solid var(--line)}
[part=tip] p{margin:.2rem 0 0;white-space:pre-line}
`;
