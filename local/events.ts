import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { enqueue } from '../functions/deliveries/enqueue.ts';
import { ALARMS, type Report } from '../functions/outbox/alarms.ts';
import type { UrlRules } from '../functions/ssrf/urls.ts';
import { poster } from '../functions/webhooks/post.ts';
import { runDeliveries } from '../functions/webhooks/runner.ts';
import { sleep } from '../shared/concurrency/sleep.ts';
import { WakeQueue } from '../shared/concurrency/wakeQueue.ts';
import type { Ledger, QueuedDelivery } from '../shared/ledger/index.ts';
import { LiveHub } from './live/hub.ts';
import { runStream } from './stream.ts';
import type { StreamReader } from './table/index.ts';

/** What becomes of a tip once it is booked: open pages show it, and webhooks carry it. */
export interface Events {
  /** What open pages listen to. */
  readonly hub: LiveHub;
  /** Hears of deliveries that something else queued. */
  readonly queued: WakeQueue<QueuedDelivery>;
  /** Where webhooks may go. */
  readonly webhookUrls: UrlRules;
  /** Ends when the signal aborts. */
  run(signal: AbortSignal): Promise<unknown>;
}

/** The stream's and the webhooks' workers on the embedded table, in this process. */
export function localEvents(
  tables: { streamReader(table: string, name: string): StreamReader },
  ledger: Ledger,
  log: Logger,
  webhookUrls: UrlRules = { allowLoopback: false },
): Events {
  const clock = () => new Date();
  const fault = (error: unknown) => log.error({ error: String(error) }, 'an event could not be handed on');
  const report: Report = (alarm, seen) => log.error({ alarm, ...seen }, ALARMS[alarm]);
  const hub = new LiveHub(ledger, fault);
  const queued = new WakeQueue<QueuedDelivery>();
  return {
    hub,
    queued,
    webhookUrls,
    run: (signal) =>
      Promise.all([
        runStream({
          tables,
          ledger,
          clock,
          report,
          signal,
          chance: Math.random,
          sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
          enqueue: async (events) => queued.pushAll(await enqueue(ledger, events, clock())),
          publish: (events) => hub.publish(events),
        }),
        runDeliveries({
          ledger,
          clock,
          signal,
          hints: queued,
          post: poster(webhookUrls),
          random: randomBytes,
          sleep,
          report: fault,
        }),
      ]),
  };
}
