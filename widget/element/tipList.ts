import { position, type Tip } from '../../shared/browser/scripts/follow.ts';
import { nodes } from '../../shared/browser/scripts/makePart.ts';
import { tipRow } from '../../shared/browser/tipRow.ts';
import { ask, type Creator, type Feed, Trouble } from './ask.ts';
import { joinLine } from './lines.ts';
import { make } from './make.ts';
import type { Place } from './place.ts';

const MOST = 5;

const tipItem = (tip: Tip) => make('li', { part: 'tip' }, ...nodes(tipRow(tip)));

/** Where a list of tips stands, and until when. */
interface Listing {
  readonly place: Place;
  readonly creator: Creator;
  readonly list: HTMLElement;
  readonly signal: AbortSignal;
}

/** Show the newest tips, and new ones as they come, until the signal is aborted. What goes wrong is said in the list. */
export async function showTips(listing: Listing): Promise<void> {
  const { place, list, signal } = listing;
  try {
    const url = `${place.origin}/v1/creators/${place.handle}/tips?limit=${MOST}`;
    followTips(listing, await ask<Feed>(url, signal));
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Trouble)) throw error;
    list.replaceChildren(make('li', { part: 'problem' }, error.message));
  }
}

function followTips({ place: { origin, handle }, creator: { live }, list, signal }: Listing, feed: Feed) {
  const shown = feed.tips.map((tip) => ({ at: position(tip.cursor), item: tipItem(tip) }));
  list.replaceChildren(...shown.map(({ item }) => item));
  if (live === null) return;
  const newest = position(feed.newestCursor);

  /** Put it where it belongs: tips may come in either order. */
  const show = (tip: Tip, at: number) => {
    if (at <= newest) return;
    const older = shown.findIndex((each) => each.at < at);
    const index = older < 0 ? shown.length : older;
    const item = tipItem(tip);
    list.insertBefore(item, shown[index]?.item ?? null);
    shown.splice(index, 0, { at, item });
    for (const { item } of shown.splice(MOST)) item.remove();
  };
  const appsync = live === 'sse' ? {} : { socket: live.realtime, host: live.host };
  joinLine({ origin, handle, after: feed.newestCursor, ...appsync }, show, signal);
}
