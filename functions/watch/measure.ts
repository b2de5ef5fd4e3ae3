import { ALARM_METRICS, type Alarm, type Metric } from '../../shared/contract/metrics.ts';
import {
  ALARMS_COUNT_MS,
  countOpenQuarantined,
  countParked,
  DELIVERY_LISTS,
  firstDelivery,
  firstMintRequest,
  type Ledger,
  readCheckTurn,
  readVitalSigns,
  readWrongSums,
  type VitalSigns,
} from '../../shared/ledger/index.ts';

/** Of a node, how its connector fares; of one that never told, that nothing is known. */
export interface NodeSeen extends Partial<VitalSigns> {
  readonly node: string;
  readonly asidesOpen: number;
}

/** What was measured. A value that can't be known is left out. */
export interface Seen {
  readonly values: Partial<Record<Metric, number>>;
  readonly nodes: readonly NodeSeen[];
  /** The first creators of whom sums are wrong, with the sums that are. */
  readonly wrongSums: readonly { readonly handle: string; readonly wrong: readonly string[] }[];
}

/** Creators that a line tells of: it is for looking at, and stays one line of the log. */
const MOST_TOLD = 20;

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** What a connector that never told counts for, so that graphs can be read. */
const NEVER_MS = 7 * DAY_MS;

/**
 * Look how the table and the connectors of its nodes fare. The clocks are compared as they are: a connector's that is off by minutes
 * is worth an alarm, too.
 */
export async function measure(ledger: Ledger, now: Date): Promise<Seen> {
  const nodes: NodeSeen[] = [];
  for await (const { node, signs } of readVitalSigns(ledger))
    nodes.push({ node, ...signs, asidesOpen: await countOpenQuarantined(ledger, node) });
  const wants = await Promise.all(
    [undefined, ...nodes.map(({ node }) => node)].map((node) => firstMintRequest(ledger, node)),
  );
  const lists = Array.from({ length: DELIVERY_LISTS }, (_, list) => list);
  const deliveries = await Promise.all(lists.map((list) => firstDelivery(ledger, list)));
  const parked = await countParked(ledger);
  const wrongSums = await readWrongSums(ledger);
  const checkedAt = (await readCheckTurn(ledger))?.endedAt;

  const since = (moments: readonly (Date | undefined)[]) => secondsSince(now, earliest(moments));
  return {
    nodes,
    wrongSums: wrongSums.slice(0, MOST_TOLD),
    values: {
      ...ofNodes(nodes, now),
      ...alarmsOf(nodes, now),
      WantsOverdue: since(wants),
      DeliveriesOverdue: since(deliveries),
      Parked: parked,
      SumsWrong: wrongSums.length,
      ...(checkedAt && { SumsCheckAge: secondsSince(now, checkedAt) }),
    },
  };
}

function ofNodes(nodes: readonly NodeSeen[], now: Date): Seen['values'] {
  // Before the first connector there is nothing to measure, which alarms by itself.
  if (nodes.length === 0) return {};
  const isAudited = ({ auditedAt }: NodeSeen) => auditedAt && now.getTime() - auditedAt.getTime() < HOUR_MS;
  const never = new Date(now.getTime() - NEVER_MS);
  const checkpointAt = earliest(nodes.map((node) => node.checkpointAt));
  const firstExpiry = earliest(nodes.map((node) => node.firstExpiry));
  return {
    HeartbeatAge: secondsSince(now, earliest(nodes.map(({ aliveAt = never }) => aliveAt))),
    // A first audit makes it known; one that does not come alarms by itself.
    ...(checkpointAt && { CheckpointAge: secondsSince(now, checkpointAt) }),
    AsidesOpen: sum(nodes.map(({ asidesOpen }) => asidesOpen)),
    ...(nodes.every(isAudited) && { Drift: sum(nodes.map(({ drift = 0 }) => drift)) }),
    ...(firstExpiry && { DaysToExpiry: (firstExpiry.getTime() - now.getTime()) / DAY_MS }),
  };
}

/**
 * How often connectors raised their alarms of late. One that none raised is left out, for a metric costs by the hours that it is told in;
 * what a connector told longer ago is over, and its silence alarms by itself.
 */
function alarmsOf(nodes: readonly NodeSeen[], now: Date): Seen['values'] {
  const told = nodes.filter(
    ({ alarmsAt }) => alarmsAt && now.getTime() - alarmsAt.getTime() < ALARMS_COUNT_MS,
  );
  const counted = (Object.keys(ALARM_METRICS) as Alarm[]).map(
    (name) => [ALARM_METRICS[name], sum(told.map(({ alarms }) => alarms?.[name] ?? 0))] as const,
  );
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

const earliest = (moments: readonly (Date | undefined)[]) =>
  moments.reduce((first, each) => (!first || (each && each < first) ? each : first), undefined);

/** 0 for what is still to come, or is not there at all. */
const secondsSince = (now: Date, moment: Date | undefined) =>
  moment ? Math.max(0, (now.getTime() - moment.getTime()) / 1_000) : 0;
