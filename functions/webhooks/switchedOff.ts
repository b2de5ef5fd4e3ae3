import {
  enqueueDeliveries,
  type Ledger,
  type NewDelivery,
  noteDelivery,
  type QueuedDelivery,
  readWebhooks,
  type Webhook,
} from '../../shared/ledger/index.ts';
import { takes } from '../deliveries/enqueue.ts';

/** An endpoint was switched off, as its creator's other endpoints are told. */
export interface EndpointDisabledEvent {
  /** `endpoint_disabled_`, the endpoint's id without `we_`, and its version then. */
  readonly id: string;
  readonly type: 'endpoint.disabled';
  readonly version: 1;
  readonly timestamp: string;
  readonly data: {
    readonly handle: string;
    readonly endpointId: string;
    readonly reason: string;
    readonly failingSince?: string;
  };
}

/**
 * Tell a creator that an endpoint of theirs was switched off: by an entry in its own log, and by an event to those of
 * their other endpoints that take it. Harmless to repeat.
 * @returns what is new in the queue
 */
export async function tellOfOff(ledger: Ledger, off: Webhook, now: Date): Promise<QueuedDelivery[]> {
  const at = off.offAt ?? now;
  const event: EndpointDisabledEvent = {
    id: `endpoint_disabled_${off.id.slice('we_'.length)}_${off.version}`,
    type: 'endpoint.disabled',
    version: 1,
    timestamp: at.toISOString(),
    data: {
      handle: off.handle,
      endpointId: off.id,
      reason: off.offReason ?? '',
      ...(off.failingSince && { failingSince: off.failingSince.toISOString() }),
    },
  };
  const forEndpoint = ({ id, handle }: Webhook): NewDelivery => ({
    endpointId: id,
    handle,
    eventId: event.id,
    type: event.type,
    body: JSON.stringify(event),
    at,
  });
  const webhooks = await readWebhooks(ledger, off.handle);
  const told = webhooks.filter((webhook) => takes(webhook, 'endpoint.disabled'));
  const refs = await enqueueDeliveries(ledger, told.map(forEndpoint), now);
  await noteDelivery(ledger, forEndpoint(off), now);
  return refs;
}
