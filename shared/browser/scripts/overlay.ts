import { overlay } from '../text/index.ts';
import { type ShownTip, tipRow } from '../tipRow.ts';
import { follow, whereOf } from './follow.ts';
import { nodes } from './makePart.ts';

const MOST_WAITING = 100;
const SAMPLE_MSAT = 2_100_000n;

const stage = document.querySelector<HTMLElement>('#tip')!;
const seconds = Number(stage.dataset.seconds);
const minimumMsat = BigInt(stage.dataset.minimum!);
const waiting: ShownTip[] = [];
let busy = false;

/** Show the next one for its seconds, or nothing. */
function next() {
  const tip = waiting.shift();
  busy = !!tip;
  stage.hidden = !tip;
  stage.replaceChildren(...(tip ? nodes(tipRow(tip)) : []));
  if (tip) setTimeout(next, seconds * 1000);
}

/** Show a tip after those that wait. It is told of them unseen too, for a scene may be switched to it. */
function show(tip: ShownTip) {
  if (BigInt(tip.amountMsat) < minimumMsat || waiting.length >= MOST_WAITING) return;
  waiting.push(tip);
  if (!busy) next();
}

if (stage.dataset.sample) {
  const amountMsat = minimumMsat > SAMPLE_MSAT ? minimumMsat : SAMPLE_MSAT;
  show({ amountMsat: String(amountMsat), ...overlay.sample });
}
follow(whereOf(stage), [], show).start();
