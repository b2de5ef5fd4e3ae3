import { bounded } from '../../shared/concurrency/bounded.ts';
import { type TipEvent, tipEvent } from '../../shared/contract/tip.ts';
import type { Item } from '../../shared/ledger/codec.ts';
import { isForGood, type Ledger, markHanded, park, type Tip } from '../../shared/ledger/index.ts';
import type { Report } from './alarms.ts';

/** What handing on needs. */
export interface OutboxDeps {
  readonly ledger: Ledger;
  readonly clock: () => Date;
  /** Puts events on their way to webhook endpoints. The same event may come again. */
  enqueue(events: readonly TipEvent[]): Promise<unknown>;
  /** Shows events on open pages. The same event may come again. */
  publish(events: readonly TipEvent[]): Promise<unknown>;
  readonly report: Report;
}

/** A batch may have tips of as many creators as it has tips. */
const MARKS_AT_ONCE = 10;

/**
 * Hand tips on: to webhooks and open pages, and once both have them, mark them. Dust is marked alone. Doing it again does
 * no harm, whatever became of the time before.
 * @throws what `enqueue`, `publish` or the table throw; no tip is marked then that one of them did not take
 */
export async function publishTips(
  tips: readonly Tip[],
  { ledger, enqueue, publish }: OutboxDeps,
): Promise<void> {
  const events = tips.filter(({ dust }) => !dust).map((tip) => tipEvent(tip));
  if (events.length > 0) {
    // Side by side, so that one that is down takes no time from the other.
    const told = await Promise.allSettled([enqueue(events), publish(events)]);
    for (const outcome of told) if (outcome.status === 'rejected') throw outcome.reason;
  }
  const numbers = new Map<string, bigint[]>();
  for (const { handle, sequence } of tips) numbers.set(handle, [...(numbers.get(handle) ?? []), sequence]);
  await bounded(MARKS_AT_ONCE, [...numbers], ([handle, of]) => markHanded(ledger, handle, of));
}

/** So many tips that fail one after another show that something is down for all; no more of them are tried. */
export const MOST_IN_A_ROW = 3;

/** Whether handing on will fail for good, however often it is tried: the reason, or undefined. */
export const reasonForGood = (error: unknown): string | undefined =>
  isForGood(error) ? `${(error as Error).name}: ${(error as Error).message}` : undefined;

/** A record or row that can't be handed on, with what is known of its tip. */
export interface DeadLetter {
  readonly reason: string;
  readonly record: unknown;
  readonly item?: Item | undefined;
  /** What names it when it has no keys. */
  readonly otherwise?: string | undefined;
}

/** Park what can't be handed on, and tell of it. @throws what the table throws: nothing is parked then */
export async function putDeadLetter(
  { reason, record, item, otherwise }: DeadLetter,
  { ledger, clock, report }: OutboxDeps,
): Promise<void> {
  const { pk, sk, handle, sequence, listPk, listSk } = item ?? {};
  // The index keys tell of the tip where its own attributes were spoiled.
  const ofHandle = handle?.S ?? /^(?:tips|dust)#(.+)$/.exec(listPk?.S ?? '')?.[1];
  const number = [sequence?.N, listSk?.S].find((text) => text !== undefined && /^\d{1,16}$/.test(text));
  const id = pk?.S && sk?.S ? `${pk.S} ${sk.S}` : (otherwise ?? JSON.stringify(record) ?? 'nothing');
  const isNew = await park(
    ledger,
    { id, reason, record, handle: ofHandle, sequence: number === undefined ? undefined : BigInt(number) },
    clock(),
  );
  // Not its id: a row's key has the set id in it, which no log may tell.
  report('parked', { reason, isNew, handle: ofHandle, sequence: number });
}
