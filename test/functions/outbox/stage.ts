import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import type { Alarm } from '../../../functions/outbox/alarms.ts';
import type { OutboxDeps } from '../../../functions/outbox/publish.ts';
import type { StreamRecord } from '../../../functions/outbox/stream.ts';
import type { TipEvent } from '../../../shared/contract/tip.ts';
import { readParked, unhandedNumbers } from '../../../shared/ledger/index.ts';
import { readStream } from '../../conformance/subject.ts';
import { gather, NOW } from '../../shared/ledger/book.ts';
import { openBookings } from '../../shared/ledger/bookedTips.ts';

/** Something that takes events, keeps them, and fails when told to. */
export class Receiver {
  readonly calls: TipEvent[][] = [];
  /** Throws for calls that it is to fail. */
  fault: (events: readonly TipEvent[]) => void = () => {};

  readonly take = async (events: readonly TipEvent[]) => {
    this.fault(events);
    this.calls.push([...events]);
  };

  get events() {
    return this.calls.flat();
  }

  /** `alice 3` of each event, in the order of coming. */
  get numbers() {
    return this.events.map(({ data }) => `${data.handle} ${data.sequence}`);
  }
}

/** Creators whose tips are booked, the stream of their table, and what hands on to collecting receivers. */
export async function openStage() {
  const bookings = await openBookings();
  const { ledger } = bookings;
  const { Table } = await ledger.client.send(new DescribeTableCommand({ TableName: ledger.table }));
  const webhooks = new Receiver();
  const live = new Receiver();
  const alarms: { alarm: Alarm; seen: object }[] = [];
  let now = NOW.getTime();
  const deps: OutboxDeps = {
    ledger,
    clock: () => new Date(now),
    enqueue: webhooks.take,
    publish: live.take,
    report: (alarm, seen) => alarms.push({ alarm, seen }),
  };
  return {
    ...bookings,
    deps,
    webhooks,
    live,
    alarms,
    pass: (ms: number) => {
      now += ms;
    },
    /** All records of the stream, as Lambda gives them. */
    records: async () => (await readStream(ledger.client, Table!.LatestStreamArn!)) as StreamRecord[],
    unhanded: async (handle: string, last: bigint) =>
      (await gather(unhandedNumbers(ledger, handle, { through: 0n, last }))).flat().map(Number),
    parked: () => gather(readParked(ledger)),
  };
}

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** An error of the table or a queue that is down. */
export function down(): Error {
  return Object.assign(new Error('down'), { name: 'ServiceUnavailable', $fault: 'server' });
}

/** An error that the same request meets each time. */
export function refused(): Error {
  return Object.assign(new Error('an attribute is too long'), { name: 'ValidationException' });
}
