import { follow, type Tip, type Where } from '../../shared/browser/scripts/follow.ts';

type Show = (tip: Tip, at: number) => void;

/** A creator's tips for all jars of the page that show them. */
interface Line {
  readonly where: Where;
  readonly readers: Set<Show>;
  /** What was told, oldest first: a jar that joins has not heard it. */
  readonly told: [tip: Tip, at: number][];
  readonly start: () => void;
  readonly stop: () => void;
}

/** As many as a jar shows. */
const MOST_TOLD = 5;

const lines = new Map<string, Line>();

/** A page that nobody sees listens to nothing, and catches up when it is seen. */
const see = (line: Line) => (document.hidden ? line.stop() : line.start());
document.addEventListener('visibilitychange', () => lines.forEach(see));

/**
 * A browser holds six connections to a host over HTTP/1.1, those of all its tabs together. So a page holds one live
 * connection to a service, for the first of its creators; the tips of the others are looked for now and then.
 */
const isConnected = ({ where: { origin, socket, looks } }: Line, to: Where['origin']) =>
  origin === to && !socket && !looks;

function openLine(where: Where): Line {
  where.looks = !where.socket && [...lines.values()].some((line) => isConnected(line, where.origin));
  const readers = new Set<Show>();
  const told: Line['told'] = [];
  const tell: Show = (tip, at) => {
    told.push([tip, at]);
    if (told.length > MOST_TOLD) told.shift();
    for (const show of readers) show(tip, at);
  };
  return { where, readers, told, ...follow(where, [], tell) };
}

function closeLine(key: string, line: Line) {
  line.stop();
  lines.delete(key);
  const { origin } = line.where;
  const others = [...lines.values()].filter(({ where }) => where.origin === origin && !where.socket);
  const heir = others.every(({ where }) => where.looks) ? others[0] : undefined;
  if (!heir) return;
  heir.where.looks = false;
  heir.stop();
  see(heir);
}

/** Hear of a creator's tips, each once and in either order, until the signal is aborted. */
export function joinLine(where: Where, show: Show, signal: AbortSignal): void {
  const key = `${where.origin} ${where.handle}`;
  const found = lines.get(key);
  const line = found ?? openLine(where);
  for (const [tip, at] of line.told) show(tip, at);
  line.readers.add(show);
  lines.set(key, line);
  if (!found) see(line);
  const leave = () => {
    line.readers.delete(show);
    if (line.readers.size === 0) closeLine(key, line);
  };
  signal.addEventListener('abort', leave, { once: true });
}
