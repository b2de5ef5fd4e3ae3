import { MAX_MSAT } from '../../shared/contract/money.ts';
import type { Flaw } from './payments.ts';
import { Random } from './random.ts';
import { type LndFaults, NO_LND_FAULTS } from './service.ts';
import { NO_TABLE_FAULTS, type TableFaults } from './table.ts';

/** A creator of a run: the open option, and fixed ones. */
export interface CreatorPlan {
  readonly handle: string;
  readonly fixedMsat: readonly bigint[];
  readonly minimumMsat: bigint;
  /** When it comes, in ms. */
  readonly at: number;
  readonly closesAt: number | undefined;
}

/** Payments that are not to a creator's invoice as the connector made it. */
export const STRANGE = [
  /** Not AMP. */
  'plain',
  /** No payment request, no memo. */
  'spontaneous',
  /** An invoice of someone else's business. */
  'foreign',
  /** Someone else's invoice, with a memo that names an option of ours. */
  'named option',
  /** With the memo of one of ours, word for word. */
  'copied memo',
  /** Not AMP, with a memo as if it answered an ask. */
  'named ask',
  /** With a memo like ours, and an option that no one has. */
  'no option',
  /** With a memo of ours, and signed by another node. */
  'other key',
] as const;
export type Strange = (typeof STRANGE)[number];

export interface PaymentPlan {
  readonly at: number;
  /** Which creator and option, by number. */
  readonly creator: number;
  readonly option: number;
  /** Whether the payer has the current code or a printed one. */
  readonly printed: boolean;
  /** The payer asks for an invoice of their own. */
  readonly asked: boolean;
  /** On top of a fixed amount, or the amount itself. */
  readonly msat: bigint;
  readonly shards: number;
  readonly flaw: Flaw;
  readonly strange: Strange | undefined;
  /** Settle indexes that lnd leaves out before it. */
  readonly gap: number;
  /** Told again with another amount, once it is booked. */
  readonly contradicted: boolean;
}

export type Trouble = { readonly at: number } & Kind;
/** A machine by its number, or the one that leads by then. */
export type Which = number | 'leader';
/** At once, or with the next transaction on its way. */
type When = 'now' | 'writing';
type Kind =
  | {
      readonly kind: 'kill';
      readonly host: Which;
      readonly when: When;
      readonly ms: number;
      readonly requests: 'arrive' | 'lost';
    }
  | { readonly kind: 'stop'; readonly host: Which; readonly ms: number }
  | {
      readonly kind: 'pause';
      readonly host: Which;
      readonly when: When;
      readonly ms: number;
      readonly how: 'paused' | 'frozen';
    }
  | { readonly kind: 'clock'; readonly host: Which; readonly skewMs: number }
  | {
      readonly kind: 'table out';
      readonly how: 'refused' | 'requestLost' | 'answerLost';
      readonly ms: number;
    }
  | { readonly kind: 'node down'; readonly how: 'clean' | 'broken'; readonly ms: number }
  | { readonly kind: 'node silent'; readonly ms: number }
  | { readonly kind: 'streams end'; readonly how: 'clean' | 'broken' }
  | { readonly kind: 'invoice cancelled' }
  | { readonly kind: 'indexes restart' }
  /** By another hand than the connector's; mended while tips are booked. */
  | { readonly kind: 'sum spoiled' }
  | { readonly kind: 'row lost' }
  | { readonly kind: 'native SQL' };
/** lnd or the table is put back to what it was at a time. */
export interface Restore {
  readonly at: number;
  readonly kind: 'node back' | 'table back';
  readonly from: number;
}

/** All machines are off for days, and payers go on with the codes that they printed. */
export interface Away {
  readonly ms: number;
  readonly payments: readonly PaymentPlan[];
  /** lnd was moved to another store meanwhile. */
  readonly indexesRestart: boolean;
}

/** All that a seed decides before a run begins. */
export interface Plan {
  readonly seed: string;
  /** ms since 1970 */
  readonly begins: number;
  /** How long things go wrong, in ms. */
  readonly faultsMs: number;
  readonly hosts: 1 | 2;
  readonly creators: readonly CreatorPlan[];
  readonly payments: readonly PaymentPlan[];
  /** Invoices and settlements of others that the node has before the first connector. */
  readonly history: number;
  readonly troubles: readonly Trouble[];
  readonly restore: Restore | undefined;
  readonly away: Away | undefined;
  readonly table: TableFaults;
  readonly lnd: LndFaults;
  readonly unordered: boolean;
  readonly expirySeconds: number;
  readonly rotateAfter: number;
  readonly rotateRestMs: number;
}

/** Each run has some of the faults and not others, for some hide what others show. */
function some<F extends { [K in keyof F]: number }>(none: F, most: number, random: Random): F {
  const rates = Object.keys(none).map((name) => [
    name,
    random.chance(0.4) ? random.fraction() ** 2 * most : 0,
  ]);
  return Object.fromEntries(rates) as F;
}

const FLAWS = ['share', 'sum', 'garbled'] as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longer than DynamoDB remembers a client token. */
const LONG_OUTAGE_MS = 11 * 60_000;
const MIDNIGHT = Date.UTC(2026, 10, 25);

function amount(random: Random): bigint {
  const usual = BigInt(random.int(1, 2_000_000_000));
  if (random.chance(0.8)) return usual;
  return random.pick([1n, 999n, 1_000n, 2n ** 53n + 1n, MAX_MSAT, BigInt(random.int(1, 1000))]);
}

function payments(faultsMs: number, creators: readonly CreatorPlan[], random: Random): PaymentPlan[] {
  const planned: PaymentPlan[] = [];
  const hostile = random.pick([0, 0.1, 0.3]);
  const gaps = random.pick([0, 0, 0.2]);
  const printed = random.pick([0, 0.3, 0.7]);
  const asked = random.pick([0, 0, 0.3]);
  for (let left = random.int(5, 50); left > 0; left--) {
    const burst = random.chance(0.15) ? random.int(2, 12) : 1;
    const at = random.int(0, faultsMs);
    const [creator, option] = [random.int(0, creators.length - 1), random.int(0, 2)];
    for (let i = 0; i < burst; i++) {
      const bad = random.chance(hostile);
      planned.push({
        at: at + random.int(0, burst),
        creator,
        option,
        printed: random.chance(printed),
        asked: random.chance(asked),
        msat: amount(random),
        shards: random.chance(0.7) ? 1 : random.int(2, 5),
        flaw: bad && random.chance(0.4) ? random.pick(FLAWS) : 'none',
        strange: bad && random.chance(0.6) ? random.pick(STRANGE) : undefined,
        gap: random.chance(gaps) ? random.int(1, 3) : 0,
        contradicted: bad,
      });
    }
  }
  return planned;
}

function troubles(faultsMs: number, hosts: number, random: Random): Trouble[] {
  const planned: Trouble[] = [];
  const every = random.int(4_000, 40_000);
  const kinds = (
    ['kill', 'stop', 'pause', 'clock', 'table out', 'node down', 'node silent', 'streams end'] as const
  ).filter(() => random.chance(0.5));
  for (let at = random.around(every); at < faultsMs && kinds.length > 0; at += 1 + random.around(every)) {
    const host = random.chance(0.6) ? 'leader' : random.int(0, hosts - 1);
    const kind = random.pick(kinds);
    const how = random.pick(['clean', 'broken'] as const);
    const when = random.pick(['now', 'writing'] as const);
    if (kind === 'kill')
      planned.push({
        at,
        kind,
        host,
        when,
        ms: random.around(4_000),
        requests: random.pick(['arrive', 'lost']),
      });
    else if (kind === 'stop') planned.push({ at, kind, host, ms: random.around(4_000) });
    else if (kind === 'pause')
      planned.push({
        at,
        kind,
        host,
        when,
        ms: random.pick([100, 5_000, 12_000, 12_000, 30_000]),
        how: random.pick(['paused', 'frozen']),
      });
    else if (kind === 'clock') planned.push({ at, kind, host, skewMs: random.pick([-HOUR_MS, 0, HOUR_MS]) });
    else if (kind === 'table out')
      planned.push({
        at,
        kind,
        how: random.pick(['refused', 'requestLost', 'answerLost']),
        ms: random.int(500, 15_000),
      });
    else if (kind === 'node down') planned.push({ at, kind, how, ms: random.int(100, 10_000) });
    else if (kind === 'node silent') planned.push({ at, kind, ms: random.int(1_000, 40_000) });
    else planned.push({ at, kind, how });
  }
  // Long enough for the other machine to take over.
  for (let pauses = hosts > 1 && random.chance(0.3) ? random.int(1, 3) : 0; pauses > 0; pauses--) {
    const how = random.pick(['paused', 'frozen'] as const);
    const when = random.pick(['now', 'writing'] as const);
    planned.push({
      at: random.int(0, faultsMs),
      kind: 'pause',
      host: 'leader',
      when,
      how,
      ms: random.int(10_000, 20_000),
    });
  }
  for (let left = random.chance(0.15) ? 3 : 0; left > 0; left--)
    planned.push({ at: random.int(0, faultsMs), kind: 'invoice cancelled' });
  if (random.chance(0.15)) planned.push({ at: random.int(0, faultsMs), kind: 'indexes restart' });
  if (random.chance(0.1)) planned.push({ at: random.int(0, faultsMs), kind: 'native SQL' });
  return planned;
}

function restore(faultsMs: number, random: Random): Restore {
  const at = random.int(Math.ceil(faultsMs / 2), faultsMs);
  return { at, kind: random.pick(['node back', 'table back']), from: at - random.int(1_000, at - 1_000) };
}

function away(creators: readonly CreatorPlan[], random: Random): Away {
  const printed = payments(0, creators, random).map((each) => ({ ...each, printed: true, asked: false }));
  return { ms: random.int(1, 40) * DAY_MS, payments: printed, indexesRestart: random.chance(0.4) };
}

/** What someone does to the table by hand; nothing where it goes back to a time that was wrong, or knows no more of what was lost. */
function byHand(faultsMs: number, tableGoesBack: boolean, random: Random): Trouble[] {
  if (tableGoesBack) return [];
  const times = (chance: number, kind: 'sum spoiled' | 'row lost') =>
    Array.from({ length: random.chance(chance) ? random.int(1, 6) : 0 }, () => ({
      at: random.int(0, faultsMs),
      kind,
    }));
  return [...times(0.6, 'sum spoiled'), ...times(0.2, 'row lost')];
}

/** What a seed decides. */
export function planOf(seed: string): Plan {
  const random = new Random(`ampjar faults ${seed}`);
  const long = random.chance(0.03);
  const faultsMs = random.int(20_000, 120_000) + (long ? LONG_OUTAGE_MS : 0);
  const restores = random.chance(0.2);
  const hosts = random.chance(0.7) ? 2 : 1;
  const late = restores ? 0 : 0.3;
  const creators = Array.from(
    { length: random.int(1, 4) },
    (_, at): CreatorPlan => ({
      handle: `creator${at}`,
      fixedMsat: Array.from({ length: random.int(0, 2) }, () => BigInt(random.int(1, 50_000)) * 1_000n),
      minimumMsat: random.chance(0.3) ? BigInt(random.int(1, 1_000_000_000)) : 0n,
      at: random.chance(late) ? random.int(1, faultsMs) : 0,
      closesAt: random.chance(late / 2) ? random.int(1, faultsMs) : undefined,
    }),
  );
  const plan: Plan = {
    seed,
    begins: random.chance(0.5) ? MIDNIGHT - random.int(0, faultsMs) : MIDNIGHT + random.int(0, 20 * HOUR_MS),
    faultsMs,
    hosts,
    creators,
    payments: payments(faultsMs, creators, random),
    history: random.chance(0.3) ? random.int(1, 120) : 0,
    troubles: [
      ...troubles(faultsMs, hosts, random),
      ...(long
        ? [{ at: random.int(0, 20_000), kind: 'table out', how: 'answerLost', ms: LONG_OUTAGE_MS } as const]
        : []),
    ],
    away: random.chance(0.1) ? away(creators, random) : undefined,
    restore: restores ? restore(faultsMs, random) : undefined,
    table: some(NO_TABLE_FAULTS, 0.4, random),
    lnd: some(NO_LND_FAULTS, 0.3, random),
    unordered: random.chance(0.25),
    expirySeconds: random.pick([120, 600, 3_600, 31_536_000]),
    rotateAfter: random.pick([2, 5, 1_000]),
    rotateRestMs: random.pick([5_000, 60_000, HOUR_MS]),
  };
  const hands = byHand(faultsMs, plan.restore?.kind === 'table back', random.stream('hand'));
  return { ...plan, troubles: [...plan.troubles, ...hands] };
}
