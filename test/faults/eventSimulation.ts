import { GRACE_MS, reconcile } from '../../functions/outbox/reconcile.ts';
import { isNewTip, PATIENCE_MS, publishRecords, type StreamRecord } from '../../functions/outbox/stream.ts';
import { tipEvent } from '../../shared/contract/tip.ts';
import type { Item } from '../../shared/ledger/codec.ts';
import {
  editCreator,
  HANDED_BLOCK,
  readEvents,
  readHanded,
  readParked,
  type Tip,
} from '../../shared/ledger/index.ts';
import { gather } from '../shared/ledger/book.ts';
import { startBooking } from '../shared/ledger/bookedTips.ts';
import { EventWorld, NO_TROUBLES, type Rewrite, type Troubles } from './eventWorld.ts';
import { Random } from './random.ts';

/** What a seed went through, and what was wrong at its end or on its way. */
export interface EventOutcome {
  readonly seed: string;
  readonly problems: string[];
  /** How often each thing happened. */
  readonly seen: ReadonlyMap<string, number>;
}

/** Faults that are put in to be found. */
export interface EventMutant {
  readonly rewrite?: Rewrite;
  /** Takes some record behind the checkpoint for done. */
  readonly skipsOne?: boolean;
  /** Never sweeps. */
  readonly neverSweeps?: boolean;
}

const ROUNDS = 12;
const DAY_MS = 86_400_000;
const HANDLES = ['alice', 'bob', 'carol'];

/** Tips, a stream and its readers, with all that can go wrong between them, as a seed says. */
export async function simulateEvents(seed: string, mutant: EventMutant = {}): Promise<EventOutcome> {
  const random = new Random(`events ${seed}`);
  const world = new EventWorld(random.stream('turns'), mutant.rewrite);
  await world.start();
  const handles = HANDLES.slice(0, random.int(1, 3));
  const { book } = await startBooking(world.ledger, handles);
  if (random.chance(0.5)) await editCreator(world.ledger, random.pick(handles), { minimumMsat: 500n });
  const seen = new Map<string, number>();
  const problems: string[] = [];
  const meet = (what: string, times = 1) => seen.set(what, (seen.get(what) ?? 0) + times);
  const tips: Tip[] = [];
  const rough = random.chance(0.8);
  const troubles = (calls: number): Troubles =>
    rough
      ? {
          refused: random.pick([0, 0, 0.1, 0.4]),
          answerLost: random.pick([0, 0, 0.2]),
          ...(random.chance(0.3) && { killAt: random.int(0, calls) }),
        }
      : NO_TROUBLES;

  /** Where the event source is, and records whose rows came spoiled, for good or for once. */
  let position = 0;
  const spoiled = new Map<number, StreamRecord>();

  async function bookSome() {
    const more = await book(random.pick(handles), random.int(1, random.chance(0.1) ? 40 : 6), {
      amountMsat: random.pick([400n, 1_000n]),
      settledAt: new Date(world.now),
    });
    tips.push(...more);
    for (const tip of more)
      if (random.chance(0.03)) {
        meet('refused for good');
        random.pick([world.webhooks, world.live]).never.add(eventOf(tip).id);
      }
  }

  /** One call by the event source, and what follows from its answer. */
  async function deliver() {
    const all = world.records.map((record, at) => spoiled.get(at) ?? record);
    let from = position;
    if (position > 0 && random.chance(0.15)) {
      from = random.int(0, position - 1);
      meet('told twice');
    }
    let to = Math.min(all.length, from + random.int(1, 60));
    if (rough && random.chance(0.3)) {
      const places = all.slice(from, to).flatMap((record, at) => (isNewTip(record) ? [from + at] : []));
      const [first, last] = [places[0], places.at(-1)];
      if (first !== undefined && last !== undefined) {
        const at = random.pick([first, last, random.pick(places)]);
        all[at] = spoil(all[at]!, random);
        spoiled.set(at, all[at]!);
        meet(at === first ? 'poison first' : at === last ? 'poison last' : 'poison between');
      }
    }
    const batch = all.slice(from, to);
    const lateBefore = world.lateTips;
    const answer = await world.run(troubles(batch.length), (deps) => publishRecords(batch, deps));
    if (!answer) return meet('killed');
    const [failure] = answer.batchItemFailures;
    if (answer.batchItemFailures.length > 1) problems.push('more than one failure');
    if (failure) {
      const at = batch.findIndex(({ dynamodb }) => dynamodb!.SequenceNumber === failure.itemIdentifier);
      if (at < 0) problems.push(`failure at ${failure.itemIdentifier}, which is not of the batch`);
      meet(batch.slice(0, at).some(isNewTip) ? 'failed in part' : 'failed whole');
      to = from + at + (mutant.skipsOne ? 1 : 0);
    }
    checkDone(all.slice(from, to), world.lateTips - lateBefore);
    position = Math.max(position, to);
  }

  /** Of records that are done, each tip is marked, parked, or told to be late. */
  function checkDone(done: StreamRecord[], late: number) {
    const parked = world.items('parked#all');
    const marks = marked();
    const open = done.filter((record) => {
      const { pk, sk } = record.dynamodb!.Keys!;
      return isNewTip(record) && !marks.has(pk!.S!) && !parked.has(`${pk!.S} ${sk!.S}`);
    });
    if (open.length > late) problems.push(`${open.length} tips done, of which ${late} are late`);
  }

  /** Keys of the tips that are marked. */
  function marked(): Set<string> {
    const keys = new Set<string>();
    for (const handle of handles) {
      const blocks = [...world.items(`handed#${handle}`).values()];
      const numbers = new Set(blocks.flatMap(({ numbers }) => numbers?.NS ?? []));
      for (const tip of tips)
        if (tip.handle === handle && numbers.has(String(tip.sequence))) keys.add(`tip#${tip.setId}`);
    }
    return keys;
  }

  const sweepOnce = async (how: Troubles) => {
    if (mutant.neverSweeps) return;
    const swept = await world.run(how, (deps) => reconcile(deps).catch(() => 'no creators listed' as const));
    if (swept === 'no creators listed') return meet(swept);
    meet(swept ? 'swept' : 'killed');
    if (swept?.handed) meet('found by the sweep', swept.handed);
  };

  /** No mark without the event having been taken on both sides, and how far was never too far. */
  function checkMarks() {
    const marks = marked();
    const through = (handle: string) =>
      BigInt(world.items(`handed#${handle}`).get('through')?.through?.N ?? 0);
    const far = new Map(handles.map((handle) => [handle, through(handle)]));
    for (const tip of tips) {
      const isMarked = marks.has(`tip#${tip.setId}`);
      const { id } = eventOf(tip);
      const isTold = tip.dust || (world.webhooks.told.has(id) && world.live.told.has(id));
      if (isMarked && !isTold) problems.push(`${tip.handle} ${tip.sequence} is marked and was not told`);
      if (!isMarked && tip.sequence <= far.get(tip.handle)!)
        problems.push(`${tip.handle} ${tip.sequence} is not marked and gone past`);
    }
  }

  for (let round = 0; round < ROUNDS && problems.length === 0; round++) {
    if (random.chance(0.7)) await bookSome();
    if (random.chance(0.05) && position < world.records.length) {
      meet('outage');
      position = world.records.length;
      world.now += DAY_MS + 1;
    }
    const works: (() => Promise<unknown>)[] = [];
    if (random.chance(0.8)) works.push(deliver);
    if (random.chance(0.3)) works.push(() => sweepOnce(troubles(20)));
    await Promise.all(works.map((work) => work()));
    checkMarks();
    world.now += random.pick([10, 1_000, PATIENCE_MS / 2, PATIENCE_MS, GRACE_MS]);
  }

  // Everything is well again, and was mended.
  world.webhooks.never.clear();
  world.live.never.clear();
  while (position < world.records.length) {
    const batch = world.records.slice(position, position + 100);
    await world.run(NO_TROUBLES, (deps) => publishRecords(batch, deps));
    position += batch.length;
  }
  world.now += GRACE_MS;
  await sweepOnce(NO_TROUBLES);
  await checkEnd();
  for (const [alarm, times] of world.alarms) meet(`alarm ${alarm}`, times);
  meet('tips', tips.length);
  meet('kills', world.kills);
  return { seed, problems, seen };

  async function checkEnd() {
    for (const [name, taker] of [
      ['webhooks', world.webhooks],
      ['live', world.live],
    ] as const) {
      for (const tip of tips) {
        const event = eventOf(tip);
        const told = taker.told.get(event.id) ?? [];
        if (tip.dust ? told.length > 0 : told.length === 0)
          problems.push(`${name}: ${tip.handle} ${tip.sequence} was told ${told.length} times`);
        if (told.some((each) => each !== event.json))
          problems.push(`${name}: ${tip.handle} ${tip.sequence} was told in another way`);
      }
      const ids = new Set(tips.map((tip) => eventOf(tip).id));
      if ([...taker.told.keys()].some((id) => !ids.has(id))) problems.push(`${name}: an event of no tip`);
    }
    for (const [handle, { last, through }] of await readHanded(world.ledger, handles)) {
      const numbers: bigint[] = [];
      for (let after = 0n; ; ) {
        const page = await readEvents(world.ledger, handle, { after, limit: 7 });
        numbers.push(...page.tips.map(({ sequence }) => sequence));
        if (page.next === undefined) break;
        after = page.next;
      }
      if (numbers.some((number, at) => number !== BigInt(at + 1)) || BigInt(numbers.length) !== last)
        problems.push(`${handle}: the events feed has ${numbers.length} of ${last}, or a hole`);
      if (through !== last) problems.push(`${handle}: marked through ${through} of ${last}`);
      if (last > HANDED_BLOCK) meet('more than a block');
    }
    // A record without its row does not say of which tip it is; that was looked for above.
    const left = (await gather(readParked(world.ledger))).filter(
      ({ sequence, handedSince }) => sequence !== undefined && !handedSince,
    );
    if (left.length > 0) problems.push(`${left.length} parked records were never handed on`);
  }
}

const events = new WeakMap<Tip, { id: string; json: string }>();
/** The id of a tip's event, and the event as JSON. */
function eventOf(tip: Tip) {
  const made = events.get(tip);
  if (made) return made;
  const event = tipEvent(tip);
  const named = { id: event.id, json: JSON.stringify(event) };
  events.set(tip, named);
  return named;
}

/** A record as another hand, or a fault on the way, would leave it. */
function spoil(record: StreamRecord, random: Random): StreamRecord {
  const { NewImage, ...dynamodb } = record.dynamodb!;
  const change = random.pick<Item | undefined>([
    { amountMsat: { S: 'much' } },
    { settledAt: { S: 'yesterday' } },
    { shards: { N: '1e400' } },
    undefined,
  ]);
  return {
    ...record,
    dynamodb: change && NewImage ? { ...dynamodb, NewImage: { ...NewImage, ...change } } : dynamodb,
  };
}
