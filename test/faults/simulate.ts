import { createHash } from 'node:crypto';
import { type Truth, unfinished } from './checker.ts';
import { type Plan, STRANGE } from './plan.ts';
import { World, type WorldOptions } from './world.ts';

/** What became of a run. */
export interface Outcome {
  readonly seed: string;
  /** What is wrong; nothing when the ledger held. */
  readonly problems: readonly string[];
  /** A name of all that happened, in its order, and of the table at the end. */
  readonly digest: string;
  readonly trace: readonly string[];
  readonly steps: number;
  /** Await points of all connectors. */
  readonly awaits: number;
  /** How long it took to come to rest once nothing went wrong any more, in virtual ms. */
  readonly convergedMs: number;
  readonly settled: number;
  /** Payments that are in the table at the end. */
  readonly booked: number;
  /** How often sabotage made a difference. */
  readonly sabotaged: number;
  /** How often connectors raised an alarm, failed in some way, or said something. */
  readonly saw: Readonly<Record<string, number>>;
  /** Whether the connector came to the await point where it was to be killed. */
  readonly killed: boolean;
}

export interface SimulationOptions extends WorldOptions {
  /** kill -9 a connector of the first machine when it comes to this await point. */
  readonly killAt?: { readonly name: string; readonly awaits: number; readonly requests: 'arrive' | 'lost' };
}

const MINUTE_MS = 60_000;
/** Two audits, and what they find. A clock that was an hour ahead may have put a want off by that and half an invoice's life. */
export const COMES_TO_REST_WITHIN_MS = 25 * MINUTE_MS;
const AFTER_A_WRONG_CLOCK_MS = 95 * MINUTE_MS;
const LOOK_EVERY_MS = 5_000;
/** What was on its way when things went wrong has failed by then. */
const LAST_FAILURES_MS = 16_000;
/** What is paid while all is well is booked within this. */
const LIVE_WITHIN_MS = 10_000;
/** A connector that was killed is replaced within this: 8 s of silence, and a look each second. */
const TAKES_OVER_WITHIN_MS = 11_000;
/** One that was stopped gives the lease back first. */
const TAKES_OVER_AT_ONCE_MS = 2_000;
const STOPS_WITHIN_MS = 3_000;
const STARTS_WITHIN_MS = 60_000;

/** Run a plan to its end: things go wrong, then all is well, and the books are held against lnd's. */
export async function simulate(plan: Plan, options: SimulationOptions = {}): Promise<Outcome> {
  const world = await World.create(plan, options);
  const { scheduler } = world;
  const unhandled = (error: unknown) => world.problems.push(`unhandled rejection: ${error}`);
  process.on('unhandledRejection', unhandled);
  let awaits = 0;
  let killed = false;
  scheduler.onAwait = (actor) => {
    awaits++;
    const { killAt } = options;
    const first = world.machines[0]!;
    if (actor.name === killAt?.name && actor.awaits === killAt.awaits) {
      killed = true;
      world.kill(first, killAt.requests, 200);
    }
  };
  let problems: string[] = [];
  let convergedMs = 0;
  try {
    problems = await troubled(world);
    if (plan.away) await world.goAway(plan.away);
    if (problems.length === 0) ({ problems, convergedMs } = await atRest(world));
    if (problems.length === 0) problems = await epilogue(world);
  } finally {
    process.off('unhandledRejection', unhandled);
  }
  for (const problem of problems) scheduler.note(`WRONG: ${problem}`);
  const items = world.table.engine.items();
  scheduler.note(`table ${createHash('sha256').update(JSON.stringify(items)).digest('hex')}`);
  return {
    seed: plan.seed,
    problems,
    trace: scheduler.tail(),
    steps: scheduler.steps,
    awaits,
    convergedMs,
    settled: world.payers.happened.size,
    booked: items.filter(({ pk }) => pk.S.startsWith('tip#')).length,
    sabotaged: world.sabotaged,
    saw: Object.fromEntries(world.saw),
    killed,
    digest: scheduler.digest(),
  };
}

/** Go on for some ms, or until something holds. */
async function goOn(world: World, ms: number, until: () => boolean = () => false): Promise<void> {
  const { scheduler } = world;
  await scheduler.run(scheduler.now + ms, until);
}

const lacking = (world: World, truth: Truth = world.truth()) => [
  ...world.wrong(),
  ...unfinished(world.table.engine.items(), truth),
];

async function troubled(world: World): Promise<string[]> {
  const { plan, scheduler } = world;
  while (scheduler.now < plan.faultsMs) {
    await goOn(world, Math.min(LOOK_EVERY_MS, plan.faultsMs - scheduler.now));
    const problems = world.wrong();
    if (problems.length > 0) return problems;
  }
  return [];
}

/** Let all come to rest. @returns what is still wrong after the bound */
async function atRest(world: World): Promise<{ problems: string[]; convergedMs: number }> {
  const { plan, scheduler } = world;
  world.heal();
  const wrongClock = plan.troubles.some(({ kind }) => kind === 'clock');
  const bound = COMES_TO_REST_WITHIN_MS + (wrongClock ? AFTER_A_WRONG_CLOCK_MS : 0);
  const began = scheduler.now;
  await goOn(world, LAST_FAILURES_MS);
  for (;;) {
    await goOn(world, LOOK_EVERY_MS);
    const problems = world.wrong();
    const convergedMs = scheduler.now - began;
    if (problems.length > 0) return { problems, convergedMs };
    const unfinished = lacking(world);
    if (!world.leading) unfinished.push('no connector leads');
    if (unfinished.length === 0 || convergedMs >= bound) return { problems: unfinished, convergedMs };
  }
}

/** What must work while all is well: live booking, setting aside, taking over, stopping, and an audit that finds nothing. */
async function epilogue(world: World): Promise<string[]> {
  const { payers, table, machines } = world;
  const quarantined = () => table.engine.items().filter(({ pk }) => pk.S.startsWith('aside#'));
  await goOn(world, STARTS_WITHIN_MS, () => world.leading?.process?.connector.health.state === 'live');

  const paid = world.openOptions.slice(0, 3).map((option) => {
    const before = new Set(payers.happened.keys());
    payers.pay({ ...HONEST, at: 0 }, option);
    return [...payers.happened.keys()].find((setId) => !before.has(setId));
  });
  const [option] = world.openOptions;
  for (const kind of STRANGE) payers.strange(kind, 5_000n, option);
  const booked = [...payers.happened.keys()].find((setId) => payers.isBooked(setId));
  if (booked) payers.contradict(booked);
  await goOn(world, LIVE_WITHIN_MS);
  const problems = paid
    .filter((setId) => setId === undefined || !payers.isBooked(setId))
    .map((setId) => `paid while all was well, and not booked: ${setId}`);
  if (booked && !quarantined().some(({ sk }) => sk.S.startsWith(`${booked}.`)))
    problems.push(`not set aside: ${booked}`);
  if (problems.length > 0) return [...problems, ...lacking(world)];

  if (machines.length > 1) {
    const stuck = (await handOver(world, 'stopped')) ?? (await handOver(world, 'killed'));
    if (stuck) return [stuck];
  }
  return [...(await lastAudits(world)), ...lacking(world)];
}

/** A leader goes, and the other machine takes over. @returns what is wrong */
async function handOver(world: World, how: 'stopped' | 'killed'): Promise<string | undefined> {
  const { machines, fencing } = world;
  const standsBy = () => machines.some(({ process }) => process?.connector.health.state === 'standing by');
  await goOn(world, STARTS_WITHIN_MS, standsBy);
  const { leader: before } = fencing;
  if (how === 'stopped') world.leading!.process!.stop();
  else world.kill(world.leading!, 'arrive', 30_000);
  const within = how === 'stopped' ? TAKES_OVER_AT_ONCE_MS : TAKES_OVER_WITHIN_MS;
  await goOn(world, within, () => fencing.leader !== before);
  return fencing.leader === before ? `no one took over from a connector that was ${how}` : undefined;
}

const HONEST = {
  creator: 0,
  option: 0,
  printed: false,
  asked: false,
  msat: 21_000n,
  shards: 2,
  flaw: 'none',
  strange: undefined,
  gap: 0,
  contradicted: false,
} as const;

/** Stop all, start one, twice: what the first one adopts and books, the second one finds in order. */
async function lastAudits(world: World): Promise<string[]> {
  const { machines } = world;
  for (const round of ['first', 'second']) {
    const running = machines.flatMap(({ process }) => (process ? [process] : []));
    for (const process of running) process.stop();
    await goOn(world, STOPS_WITHIN_MS, () => running.every(({ state }) => state === 'dead'));
    const late = running.filter(({ state }) => state !== 'dead').map(({ name }) => `${name} does not stop`);
    if (late.length > 0) return late;
    await goOn(world, STARTS_WITHIN_MS, () => isLive(world));
    const drift = world.leading?.process?.connector.health.drift;
    // What an older copy of lnd does not have is told of at each audit, rightly.
    const lndWentBack = world.plan.restore?.kind === 'node back';
    if (!isLive(world)) return ['no connector is live after a start'];
    if (round === 'second' && drift !== 0 && !lndWentBack)
      return [`the last audit found a drift of ${drift} sets`];
    // What this one found is booked by then.
    await goOn(world, LIVE_WITHIN_MS);
  }
  return [];
}

const isLive = (world: World) => world.leading?.process?.connector.health.state === 'live';
