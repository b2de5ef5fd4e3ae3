import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Item, whole } from './codec.ts';
import { creatorFromItem } from './creators.ts';
import { keys, prefix } from './keys.ts';
import { fence, type Lease, LeaseLostError } from './lease.ts';
import { ofKind } from './paymentKinds.ts';
import { type EventToQuarantine, paymentToQuarantine, quarantineAction, quarantineId } from './quarantine.ts';
import { getItems } from './read.ts';
import type { Ledger } from './table.ts';
import { fingerprint, type Tip, tipFromItem, tipToItem } from './tips.ts';
import {
  changeTotals,
  dayOf,
  lastSequence,
  NO_TOTALS,
  NOTHING,
  plus,
  type Sum,
  type Totals,
  totalsFromItem,
} from './totals.ts';
import { ABSENT, MOST_ACTIONS, PRESENT, put, transact, update } from './transaction.ts';

/** A verified and attributed payment that is to be booked; its sequence number is given in the transaction. */
export type NewTip = Omit<Tip, 'sequence' | 'node' | 'dust'> & {
  /** The event that told of it, as JSON: set aside with the tip when the books say otherwise. */
  readonly event: string;
};

/** What a batch holds: payments to book, and events to keep whole because they can't be. */
export interface Batch {
  readonly tips: readonly NewTip[];
  readonly quarantined: readonly EventToQuarantine[];
}

export interface Booked {
  readonly tips: Tip[];
  /** Set ids that were booked before, with the same amount and payment address. */
  readonly known: string[];
  /** Events that the books contradict, set aside. */
  readonly contradicted: EventToQuarantine[];
}

/** DynamoDB takes 4 MB; a batch stays well below. */
const MOST_BYTES = 3_000_000;

/**
 * How many entries of a queue fit one commit: by actions (a row each, the creators' totals and days, the invoices, the
 * node) and by bytes. At least one.
 */
export function batchLength(queue: readonly (NewTip | EventToQuarantine)[]): number {
  const touched = new Set<string>();
  let actions = 1;
  let bytes = 10_000;
  for (const [at, entry] of queue.entries()) {
    const own = 'reason' in entry ? [] : touches(entry).filter((key) => !touched.has(key));
    actions += 1 + own.length;
    // An entry's event may have to be set aside beside its row, within the same commit.
    bytes += 2_000 + Buffer.byteLength(entry.event);
    if (at > 0 && (actions > MOST_ACTIONS || bytes > MOST_BYTES)) return at;
    for (const key of own) touched.add(key);
  }
  return queue.length;
}

const touches = (tip: NewTip) => [
  ...(ofKind(tip.via).hasInvoice ? [keys.invoice(tip.paymentAddr).pk] : []),
  keys.totals(tip.handle).pk,
  keys.day(tip.handle, dayOf(tip.settledAt)).pk + dayOf(tip.settledAt),
];

/** Conditions that keep failing this often are not a race. */
const MOST_ROUNDS = 10;

/** A payment's invoice is not in the table: whose it is must be found out anew. */
export class InvoiceMissingError extends Error {
  override readonly name = 'InvoiceMissingError';
  readonly paymentAddr: string;
  constructor(paymentAddr: string) {
    super(`invoice ${paymentAddr} is not in the table`);
    this.paymentAddr = paymentAddr;
  }
}

/**
 * Book a batch in one transaction: rows, totals, the sums on invoices, events for the quarantine, and the checkpoint. Each row demands that
 * it is not there yet, and the node's item demands the lease, so that calling this again, whatever became of the call
 * before, books nothing twice. What is there already leaves the batch; what is there with another amount or payment
 * address is set aside.
 * @param settleIndex where the checkpoint goes; it stays when undefined
 * @throws LeaseLostError, InvoiceMissingError; and what the client throws when the outcome is open: call again
 */
export async function bookTips(
  ledger: Ledger,
  lease: Lease,
  batch: Batch,
  { settleIndex, token }: { settleIndex?: bigint | undefined; token?: () => string } = {},
): Promise<Booked> {
  let tips = unique(batch.tips);
  const contradicted = uniqueEvents(clashesWithin(batch.tips));
  let quarantined = uniqueEvents([...batch.quarantined, ...contradicted]);
  const known: string[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { totals, minimums } = await readCreators(ledger, tips);
    const numbered = number(lease.node, tips, totals, minimums);
    const actions = bookingActions(ledger.table, lease, numbered, quarantined, totals, settleIndex);
    const refusals = await transact(ledger, actions, token?.());
    if (!refusals) return { tips: numbered, known, contradicted };
    if (refusals[0]) throw new LeaseLostError(lease);
    const missing = refusals.findIndex(
      (refusal, at) => refusal && actions[at]?.Update?.Key?.pk?.S?.startsWith(prefix('invoice')),
    );
    if (missing >= 0)
      throw new InvoiceMissingError(actions[missing]!.Update!.Key!.pk!.S!.slice(prefix('invoice').length));
    const stays: NewTip[] = [];
    for (const [at, tip] of tips.entries()) {
      const there = refusals[1 + at]?.Item;
      if (!refusals[1 + at]) stays.push(tip);
      else if (!there || sameMoney(tipFromItem(there), tip)) known.push(tip.setId);
      else contradicted.push(contradiction(tip));
    }
    const keptEvents = quarantined.filter((_, at) => !refusals[1 + tips.length + at]);
    tips = stays;
    quarantined = uniqueEvents([
      ...keptEvents,
      ...contradicted.filter((each) => !batchHas(quarantined, each)),
    ]);
  }
  throw new Error(`a batch of ${tips.length} tips was refused ${MOST_ROUNDS} times in a row`);
}

const batchHas = (quarantined: readonly EventToQuarantine[], event: EventToQuarantine) =>
  quarantined.some((each) => quarantineId(each) === quarantineId(event));

const sameMoney = (a: Pick<Tip, 'amountMsat' | 'paymentAddr'>, b: Pick<Tip, 'amountMsat' | 'paymentAddr'>) =>
  a.amountMsat === b.amountMsat && a.paymentAddr === b.paymentAddr;

const contradiction = (tip: NewTip): EventToQuarantine =>
  paymentToQuarantine(tip, {
    reason: 'booked before with another amount or payment address',
    event: tip.event,
  });

function unique(tips: readonly NewTip[]): NewTip[] {
  const first = new Map<string, NewTip>();
  for (const tip of tips) if (!first.has(tip.setId)) first.set(tip.setId, tip);
  return [...first.values()];
}

function clashesWithin(tips: readonly NewTip[]): EventToQuarantine[] {
  const first = new Map(unique(tips).map((tip) => [tip.setId, tip]));
  return tips.filter((tip) => !sameMoney(first.get(tip.setId)!, tip)).map(contradiction);
}

const uniqueEvents = (quarantined: readonly EventToQuarantine[]) => [
  ...new Map(quarantined.map((each) => [quarantineId(each), each])).values(),
];

/** Totals of the creators of a batch, and the minimums that they set for their feeds: one request. */
async function readCreators(ledger: Ledger, tips: readonly NewTip[]) {
  const handles = [...new Set(tips.map((tip) => tip.handle))];
  const items = await getItems(ledger, [...handles.map(keys.totals), ...handles.map(keys.creator)], {
    consistent: true,
  });
  const minimum = (item: Item | undefined) => creatorFromItem(item)?.minimumMsat ?? 0n;
  return {
    totals: new Map(handles.map((handle, at) => [handle, totalsFromItem(items[at])])),
    minimums: new Map(handles.map((handle, at) => [handle, minimum(items[handles.length + at])])),
  };
}

function number(
  node: string,
  tips: readonly NewTip[],
  totals: ReadonlyMap<string, Totals>,
  minimums: ReadonlyMap<string, bigint>,
): Tip[] {
  const last = new Map<string, bigint>();
  return tips.map(({ event: _, ...tip }) => {
    const sequence = (last.get(tip.handle) ?? lastSequence(totals.get(tip.handle)!)) + 1n;
    last.set(tip.handle, sequence);
    const dust = tip.amountMsat < minimums.get(tip.handle)!;
    return { ...tip, node, sequence, ...(dust && { dust }) };
  });
}

/** The commit as data: the node first, then a row a tip, the events for the quarantine, and the sums. */
export function bookingActions(
  table: string,
  lease: Lease,
  tips: readonly Tip[],
  quarantined: readonly EventToQuarantine[],
  before: ReadonlyMap<string, Totals>,
  settleIndex: bigint | undefined,
): TransactWriteItem[] {
  const one = (tip: Tip): Sum => ({ count: 1n, amountMsat: tip.amountMsat });
  const invoices = new Map<string, { sum: Sum; setSum: bigint }>();
  const days = new Map<string, { handle: string; day: string; sum: Sum }>();
  const after = new Map<string, Totals>();
  for (const tip of tips) {
    if (ofKind(tip.via).hasInvoice) {
      const { sum, setSum } = invoices.get(tip.paymentAddr) ?? { sum: NOTHING, setSum: 0n };
      invoices.set(tip.paymentAddr, { sum: plus(sum, one(tip)), setSum: setSum + fingerprint(tip.setId) });
    }
    const day = dayOf(tip.settledAt);
    const ofDay = days.get(`${tip.handle} ${day}`)?.sum ?? NOTHING;
    days.set(`${tip.handle} ${day}`, { handle: tip.handle, day, sum: plus(ofDay, one(tip)) });
    const totals = after.get(tip.handle) ?? before.get(tip.handle) ?? NO_TOTALS;
    const ofOption = plus(totals.options.get(tip.optionId) ?? NOTHING, one(tip));
    const options = new Map([...totals.options, [tip.optionId, ofOption]]);
    after.set(tip.handle, { ...plus(totals, one(tip)), options, last: tip.sequence });
  }
  const addSum = (sum: Sum, amount: string): Item => ({
    count: whole.write(sum.count)!,
    [amount]: whole.write(sum.amountMsat)!,
  });
  return [
    fence(table, lease, settleIndex === undefined ? {} : { settleIndex }),
    ...tips.map((tip) => put(table, tipToItem(tip), ABSENT)),
    ...quarantined.map((event) => quarantineAction(table, lease.node, event)),
    ...[...after].map(([handle, totals]) =>
      changeTotals(table, handle, before.get(handle) ?? NO_TOTALS, totals),
    ),
    ...[...days.values()].map(({ handle, day, sum }) =>
      update(table, keys.day(handle, day), { add: addSum(sum, 'amountMsat') }),
    ),
    ...[...invoices].map(([paymentAddr, { sum, setSum }]) =>
      update(table, keys.invoice(paymentAddr), {
        add: { ...addSum(sum, 'receivedMsat'), setSum: whole.write(setSum)! },
        condition: PRESENT,
      }),
    ),
  ];
}
