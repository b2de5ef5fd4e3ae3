import { HEX_32 } from '../../shared/contract/forms.ts';
import { eventId, tipEvent } from '../../shared/contract/tip.ts';
import {
  beginReplay,
  endReplay,
  enqueueTest,
  type Ledger,
  type QueuedDelivery,
  readEvents,
  readTip,
  requeueDeliveries,
  type Tip,
  type Webhook,
} from '../../shared/ledger/index.ts';
import { tipDelivery } from '../deliveries/enqueue.ts';

/** Thrown for what can't be sent again; the message says why. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
  readonly reason: 'no such event' | 'not enabled' | 'under way';
  constructor(reason: ReplayError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** One event by its id, or those of a span: above `after`, up to `until` where that is given. */
export type Replayed = { readonly eventId: string } | { readonly after: bigint; readonly until?: bigint };

/** What is in the queue again, and from where to go on when the span is longer. */
export interface Replay {
  readonly queued: readonly QueuedDelivery[];
  readonly next?: bigint;
}

/** Events that one call sends again, at most. */
export const MOST_REPLAYED = 1_000;

const deliveryOf = (webhook: Webhook, tip: Tip) => tipDelivery(webhook, tipEvent(tip));

function checkEnabled({ id, status }: Webhook) {
  if (status !== 'enabled') throw new ReplayError('not enabled', `"${id}" is ${status}: enable it first`);
}

/**
 * Send tips to an endpoint again, under the ids that they had: whether they were delivered, failed, were never sent, or
 * settled before there was the endpoint. Those below the creator's minimum are left out.
 * @throws ReplayError, AllowanceError
 */
export async function replay(ledger: Ledger, webhook: Webhook, which: Replayed, now: Date): Promise<Replay> {
  checkEnabled(webhook);
  if (!(await beginReplay(ledger, webhook, now)))
    throw new ReplayError(
      'under way',
      `"${webhook.id}" is being sent events again: wait until that has ended`,
    );
  return queueAgain(ledger, webhook, which, now).finally(() => endReplay(ledger, webhook));
}

async function queueAgain(ledger: Ledger, webhook: Webhook, which: Replayed, now: Date): Promise<Replay> {
  if ('eventId' in which) {
    const tip = await tipOfEvent(ledger, webhook, which.eventId);
    return { queued: await requeueDeliveries(ledger, [deliveryOf(webhook, tip)], now) };
  }
  const { after, until } = which;
  const span = until === undefined ? BigInt(MOST_REPLAYED) : until - after;
  if (span < 1n) return { queued: [] };
  const limit = Number(span < MOST_REPLAYED ? span : MOST_REPLAYED);
  const { tips, through, next } = await readEvents(ledger, webhook.handle, { after, limit });
  const shown = tips.filter(({ dust }) => !dust);
  const queued = await requeueDeliveries(
    ledger,
    shown.map((tip) => deliveryOf(webhook, tip)),
    now,
  );
  return { queued, ...(next !== undefined && through !== until && { next }) };
}

const PREFIX = eventId('');

async function tipOfEvent(ledger: Ledger, { handle }: Webhook, id: string): Promise<Tip> {
  const setId = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : '';
  const tip = HEX_32.test(setId) ? await readTip(ledger, setId) : undefined;
  if (tip?.handle !== handle || tip.dust) {
    throw new ReplayError(
      'no such event',
      `eventId: "${id.slice(0, 100)}" is no event of "${handle}"'s endpoints`,
    );
  }
  return tip;
}

/** A message by which a receiver can be tried out. */
export interface EndpointTestEvent {
  readonly id: string;
  readonly type: 'endpoint.test';
  readonly version: 1;
  readonly timestamp: string;
  readonly data: { readonly handle: string; readonly endpointId: string };
}

/**
 * Send an endpoint a test event, whichever it takes: like any other, with retries and an entry in the log.
 * @returns the entry's id
 * @throws ReplayError, AllowanceError
 */
export async function sendTest(
  ledger: Ledger,
  webhook: Webhook,
  now: Date,
  random: (length: number) => Uint8Array,
): Promise<QueuedDelivery> {
  checkEnabled(webhook);
  const { handle, id: endpointId } = webhook;
  const event: EndpointTestEvent = {
    id: `endpoint_test_${Buffer.from(random(16)).toString('base64url')}`,
    type: 'endpoint.test',
    version: 1,
    timestamp: now.toISOString(),
    data: { handle, endpointId },
  };
  const { id: testId, type } = event;
  const body = JSON.stringify(event);
  return enqueueTest(ledger, { endpointId, handle, eventId: testId, type, body, at: now }, now);
}
