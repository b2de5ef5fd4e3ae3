import type { Answered, TipBatch, Work } from './measure.ts';
import type { Asked } from './meter.ts';
import { sum, times, type Usage } from './prices.ts';
import { hasEdgeFunction, invocation, MONTH_SECONDS, type Resources } from './template.ts';

const units = ({ readUnits, writeUnits }: Asked): Usage => ({ readUnit: readUnits, writeUnit: writeUnits });

/** An invocation, and what it asks of the table. */
export const worked = (resources: Resources, part: string, { asked, ms }: Work): Usage =>
  sum(invocation(resources, part, { ms, requests: asked.requests }), units(asked));

/** What a tip of a batch costs. */
export const tipUsage = (resources: Resources, { tips, booking, settling, published }: TipBatch): Usage =>
  times(
    1 / tips,
    sum(units(booking), ...settling.map((work) => worked(resources, 'Settled', work)), {
      liveOperation: published,
    }),
  );

/** What a webhook costs beside its tip: one that comes alone, whose hint is sent, received and deleted by itself. */
export const webhookUsage = (
  resources: Resources,
  { queueing, delivery }: { queueing: Asked; delivery: Work },
): Usage => sum(units(queueing), worked(resources, 'Webhooks', delivery), { queueRequest: 3 });

const GB = 1e9;

/** Edges that readers come in at, each with a cache of its own. */
const EDGES = 10;

/**
 * The share of requests that go on to the function: with readers that come by chance, an answer that is kept for T seconds is
 * asked for once, and then after T seconds and the time until the next reader.
 * @param perSecond readers of one address in the world
 * @param keptSeconds how long an edge uses an answer without asking
 */
export const originShare = (perSecond: number, keptSeconds: number): number =>
  1 / (1 + (perSecond / EDGES) * keptSeconds);

/** What a request at the edge costs, of which a share goes on to the public function. */
export const requestUsage = (resources: Resources, answered: Answered, share: number): Usage =>
  sum(
    { edgeRequest: 1, edgeGb: answered.bytes / GB, edgeFunction: hasEdgeFunction(resources) ? 1 : 0 },
    times(share, worked(resources, 'Public', answered)),
  );

/** What a file at the edge costs. */
export const fileUsage = (bytes: number): Usage => ({ edgeRequest: 1, edgeGb: bytes / GB });

/** A connection of AppSync that is open for so long: connecting and subscribing count as messages. */
export const connectionUsage = (minutes: number, messages: number): Usage => ({
  liveMinute: minutes,
  liveOperation: 2 + messages,
});

/** AppSync ends a connection after a day, and the page connects anew. */
const CONNECTION_MINUTES = 24 * 60;
const MONTH_MINUTES = MONTH_SECONDS / 60;
const TIPS_A_DAY = 10;
/** A widget asks for the invoice anew every six hours (widget/element/jar.ts). */
const RENEWALS = MONTH_SECONDS / (6 * 3600);

/** What a widget takes that is open and in sight all month. */
export function openWidgetUsage(
  resources: Resources,
  { catchUp, invoice, picture }: { catchUp: Answered; invoice: Answered; picture: Answered },
): Usage {
  const connections = MONTH_MINUTES / CONNECTION_MINUTES;
  const tips = (TIPS_A_DAY * MONTH_SECONDS) / 86_400;
  // After each connection it looks twice for what it missed; all widgets come by chance, so that nothing is kept for them.
  const looks = times(2 * connections, requestUsage(resources, catchUp, 1));
  // The picture is immutable: a browser asks for it again when there is a new invoice, at most once a week without a flood of tips.
  const pictures = times(MONTH_SECONDS / (7 * 86_400), requestUsage(resources, picture, 1));
  return sum(
    times(connections, connectionUsage(CONNECTION_MINUTES, 0)),
    { liveOperation: tips },
    looks,
    times(RENEWALS, requestUsage(resources, invoice, 1)),
    pictures,
  );
}
