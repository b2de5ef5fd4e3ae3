import type { TipEvent } from '../../shared/contract/tip.ts';
import {
  enqueueDeliveries,
  type Ledger,
  type NewDelivery,
  type QueuedDelivery,
  readWebhooks,
  type Webhook,
} from '../../shared/ledger/index.ts';

/** A tip's event as an endpoint gets it; the tip's own row is read when it is sent. */
export const tipDelivery = ({ id, handle }: Webhook, event: TipEvent): NewDelivery => ({
  endpointId: id,
  handle,
  eventId: event.id,
  type: event.type,
  tip: { setId: event.data.setId, node: event.data.payee },
  at: new Date(event.timestamp),
});

/** Whether an endpoint is sent events of a type. */
export const takes = ({ status, events }: Webhook, type: Webhook['events'][number]) =>
  status === 'enabled' && events.includes(type);

/**
 * Queue tips for the endpoints of their creators that take them. Harmless to repeat. A tip below its creator's minimum is
 * for nobody's endpoint.
 * @returns what is new in the queue, for the hint that it is
 */
export async function enqueue(
  ledger: Ledger,
  events: readonly TipEvent[],
  now: Date,
): Promise<QueuedDelivery[]> {
  const told = events.filter(({ data }) => !data.belowMinimum);
  const deliveries: NewDelivery[] = [];
  for (const handle of new Set(told.map(({ data }) => data.handle))) {
    const theirs = told.filter(({ data }) => data.handle === handle);
    const webhooks = await readWebhooks(ledger, handle);
    const taking = webhooks.filter((webhook) => takes(webhook, 'tip.settled'));
    deliveries.push(...theirs.flatMap((event) => taking.map((webhook) => tipDelivery(webhook, event))));
  }
  return enqueueDeliveries(ledger, deliveries, now);
}
