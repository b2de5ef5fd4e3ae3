import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALARMS } from '../../../connector/health/alarms.ts';
import { measure } from '../../../functions/watch/measure.ts';
import { ALARM_METRICS, METRICS } from '../../../shared/contract/metrics.ts';
import {
  addCreator,
  assignNode,
  bookTips,
  claim,
  closeQuarantined,
  enqueueDeliveries,
  markHanded,
  park,
  readNode,
  readQuarantine,
  saveChecked,
  saveCheckTurn,
  saveVitalSigns,
  takeLease,
  type VitalSigns,
} from '../../../shared/ledger/index.ts';
import { gather, hex, lead, NODE, NOW, openBook } from '../../shared/ledger/book.ts';

const OTHER = `03${'cd'.repeat(32)}`;
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);
const inDays = (days: number) => new Date(NOW.getTime() + days * 86_400_000);

const WELL: VitalSigns = {
  aliveAt: ago(20),
  version: '0.1.0',
  waiting: 0,
  checkpointAt: ago(25),
  auditedAt: ago(300),
  drift: 0,
  firstExpiry: inDays(100),
};

let book: Awaited<ReturnType<typeof openBook>>;
beforeEach(async () => {
  book = await openBook();
});
afterEach(() => book.close());

const leadAt = async (node: string) => {
  const seen = await readNode(book.ledger, node);
  return (await takeLease(book.ledger, { node, network: 'regtest', holder: node, seen }))!;
};
const tell = async (signs: Partial<VitalSigns>, node = NODE) =>
  saveVitalSigns(book.ledger, await leadAt(node), { ...WELL, ...signs });
const values = async (now = NOW) => (await measure(book.ledger, now)).values;

describe('what is watched', () => {
  it('of a table whose connector is well is all at rest', async () => {
    await tell({});
    expect(await values()).toEqual({
      HeartbeatAge: 20,
      CheckpointAge: 25,
      Drift: 0,
      AsidesOpen: 0,
      DaysToExpiry: 100,
      WantsOverdue: 0,
      SumsWrong: 0,
      Parked: 0,
      DeliveriesOverdue: 0,
    });
  });

  it('of a table without a connector is no sign of life, and nothing that only it can tell', async () => {
    expect(await values()).toEqual({ WantsOverdue: 0, SumsWrong: 0, Parked: 0, DeliveriesOverdue: 0 });
  });

  it('of a node whose connector never told is silence for a week', async () => {
    await tell({});
    await leadAt(OTHER);
    const seen = await values();
    expect(seen).toMatchObject({ HeartbeatAge: 7 * 86_400, CheckpointAge: 25 });
    expect(seen).not.toHaveProperty('Drift');
  });

  it('of a node that was not audited yet is no age of its checkpoint', async () => {
    await saveVitalSigns(book.ledger, await leadAt(NODE), { aliveAt: NOW, version: '0.1.0', waiting: 0 });
    expect(Object.keys(await values())).not.toContain('CheckpointAge');
  });

  it('of several nodes is the worst of each, with the nodes told beside', async () => {
    await tell({ drift: 1, firstExpiry: inDays(3) });
    await tell({ aliveAt: ago(400), checkpointAt: ago(10), drift: 2, firstExpiry: inDays(9) }, OTHER);
    const { nodes, ...seen } = await measure(book.ledger, NOW);
    expect(seen.values).toMatchObject({ HeartbeatAge: 400, CheckpointAge: 25, Drift: 3, DaysToExpiry: 3 });
    expect(nodes).toMatchObject([
      { node: NODE, drift: 1, asidesOpen: 0 },
      { node: OTHER, drift: 2, version: '0.1.0' },
    ]);
  });

  it.each([
    ['went on after it told', { aliveAt: ago(-3) }, { HeartbeatAge: 0 }],
    ['has a connector that hangs on what it heard', { checkpointAt: ago(1_200) }, { CheckpointAge: 1_200 }],
    ['lets an invoice expire', { firstExpiry: inDays(-0.5) }, { DaysToExpiry: -0.5 }],
  ])('of a node that %s: %j is %j', async (_, signs, expected) => {
    await tell(signs);
    expect(await values()).toMatchObject(expected);
  });

  it('of a node that was not audited for an hour is no drift at all, which is not the same as none', async () => {
    await tell({ auditedAt: ago(3_600) });
    expect(await values()).not.toHaveProperty('Drift');
  });

  it.each(Object.keys(ALARMS))(
    'of the alarm %s is how often all connectors raised it of late',
    async (name) => {
      await tell({ alarms: { [name]: 2 }, alarmsAt: ago(20) });
      await tell({ alarms: { [name]: 3 }, alarmsAt: ago(599) }, OTHER);
      const counted = Object.entries(await values()).filter(([metric]) => metric.endsWith('Alarms'));
      expect(counted).toEqual([[ALARM_METRICS[name as keyof typeof ALARMS], 5]]);
    },
  );

  it('of alarms has a metric for each, and none for what is no alarm', () => {
    const metrics = Object.keys(METRICS).filter((name) => name.endsWith('Alarms'));
    expect(metrics.sort()).toEqual([...new Set(Object.values(ALARM_METRICS))].sort());
    expect(Object.keys(ALARM_METRICS).sort()).toEqual(Object.keys(ALARMS).sort());
  });

  it.each<[string, Partial<VitalSigns>]>([
    ['none was raised', { alarms: {}, alarmsAt: ago(20) }],
    ['they were told ten minutes ago', { alarms: { dust: 9 }, alarmsAt: ago(600) }],
    ['a release tells of none', {}],
    ['a newer release has one that is not known here', { alarms: { novel: 9 }, alarmsAt: ago(20) }],
  ])('of alarms is nothing when %s', async (_, signs) => {
    await tell(signs);
    expect(Object.keys(await values()).filter((metric) => metric.endsWith('Alarms'))).toEqual([]);
  });

  it('of events that are set aside counts those that are open', async () => {
    const lease = await lead(book.ledger);
    await saveVitalSigns(book.ledger, lease, WELL);
    const quarantined = ['a', 'b', 'c'].map((name) => ({ reason: 'odd', event: name, setId: hex(name) }));
    await bookTips(book.ledger, lease, { tips: [], quarantined });
    expect(await values()).toMatchObject({ AsidesOpen: 3 });
    const [first] = await gather(readQuarantine(book.ledger, NODE));
    await closeQuarantined(book.ledger, lease, {
      id: first!.id,
      status: 'dismissed',
      note: 'seen',
      now: NOW,
    });
    expect(await values()).toMatchObject({ AsidesOpen: 2 });
  });

  it('of wants is how late the first of them is, whichever node it lies with', async () => {
    await tell({});
    await addCreator(book.ledger, { handle: 'alice', name: 'Alice' }, ago(700));
    expect(await values()).toMatchObject({ WantsOverdue: 700 });
    expect(await values(ago(800))).toMatchObject({ WantsOverdue: 0 });
    await tell({}, OTHER);
    await addCreator(book.ledger, { handle: 'bob', name: 'Bob' }, ago(300));
    await assignNode(book.ledger, 'bob', OTHER, ago(900));
    expect(await values()).toMatchObject({ WantsOverdue: 900 });
  });

  it('of parked records counts those whose tip was not handed on since', async () => {
    for (const [at, id] of ['a', 'b', 'c'].entries())
      await park(
        book.ledger,
        { id, reason: 'odd', record: {}, handle: 'alice', sequence: BigInt(at + 1) },
        NOW,
      );
    await park(book.ledger, { id: 'd', reason: 'nobody knows of what', record: {} }, NOW);
    expect(await values()).toMatchObject({ Parked: 4 });
    await markHanded(book.ledger, 'alice', [1n, 3n]);
    expect(await values()).toMatchObject({ Parked: 2 });
  });

  it('of sums is of how many creators some are wrong, and how long ago all were checked', async () => {
    const handles = Array.from({ length: 25 }, (_, at) => `creator-${at + 10}`);
    const kept = {
      through: 1n,
      count: 1n,
      amountMsat: 1n,
      options: new Map(),
      days: new Map(),
      daysFrom: '',
    };
    for (const handle of handles)
      await saveChecked(book.ledger, handle, { ...kept, begunAt: NOW, wrong: ['all tips'] });
    await saveChecked(book.ledger, 'right', { ...kept, begunAt: NOW });
    await saveCheckTurn(book.ledger, { begunAt: ago(90), isUnderWay: true });
    expect(await values()).toMatchObject({ SumsWrong: 25 });
    expect(await values()).not.toHaveProperty('SumsCheckAge');
    await saveCheckTurn(book.ledger, { begunAt: ago(90), endedAt: ago(60) });
    const seen = await measure(book.ledger, NOW);
    expect(seen.values).toMatchObject({ SumsWrong: 25, SumsCheckAge: 60 });
    expect(seen.wrongSums).toEqual(handles.slice(0, 20).map((handle) => ({ handle, wrong: ['all tips'] })));
  });

  it('of deliveries is how late the first of them is, in whichever list', async () => {
    const queued = (endpointId: string, at: Date) =>
      enqueueDeliveries(
        book.ledger,
        [{ endpointId, handle: 'alice', eventId: 'one', type: 'endpoint.test', body: '{}', at }],
        at,
      );
    await queued('we_a1', ago(30));
    await queued('we_b1', ago(90));
    expect(await values()).toMatchObject({ DeliveriesOverdue: 90 });
  });

  it('of deliveries is of a retry, too, that lies behind those that are due at once', async () => {
    const later = { endpointId: 'we_a1', handle: 'alice', type: 'endpoint.test', body: '{}' } as const;
    const [retry] = await enqueueDeliveries(
      book.ledger,
      [{ ...later, eventId: 'one', at: ago(500) }],
      ago(500),
    );
    await claim(book.ledger, retry!, ago(500), { as: 'dies', until: ago(200) });
    expect(await values()).toMatchObject({ DeliveriesOverdue: 200 });
    await enqueueDeliveries(book.ledger, [{ ...later, eventId: 'two', at: ago(30) }], ago(30));
    expect(await values()).toMatchObject({ DeliveriesOverdue: 200 });
    await enqueueDeliveries(book.ledger, [{ ...later, eventId: 'three', at: ago(400) }], ago(400));
    expect(await values()).toMatchObject({ DeliveriesOverdue: 400 });
  });
});
