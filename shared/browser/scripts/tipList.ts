import { tipRow, tipTime } from '../tipRow.ts';
import { follow, position, whereOf } from './follow.ts';
import { makePart } from './makePart.ts';

const MOST_TIPS = 100;

/**
 * Puts new tips into the page's list, each in its place; the list keeps a hundred. A page that nobody sees listens to nothing,
 * and catches up when it is seen.
 */
function keepLive(list: HTMLElement) {
  const at = (item: Element) => position((item as HTMLElement).dataset.cursor!);
  const live = follow(whereOf(list), [...list.children].map(at), (tip, here) => {
    const row = tipRow(tip, tipTime(tip.settledAt));
    const item = makePart(['li', { class: 'new', 'data-cursor': tip.cursor }, row]);
    list.insertBefore(item, [...list.children].find((each) => at(each) < here) ?? null);
    if (list.children.length > MOST_TIPS) list.lastElementChild!.remove();
  });
  const see = () => (document.hidden ? live.stop() : live.start());
  document.addEventListener('visibilitychange', see);
  see();
}

const list = document.querySelector<HTMLElement>('.tips[data-handle]');
if (list) keepLive(list);
