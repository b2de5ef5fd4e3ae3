import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_DISCREPANCIES } from '../../../connector/audit/audit.ts';
import { ALARMS, type Alarm, Alarms } from '../../../connector/health/alarms.ts';
import { DRIFT_SHOWS_MS, TELL_EVERY_MS, VitalSignsTeller } from '../../../connector/health/heartbeat.ts';
import { RecentAlarms } from '../../../connector/health/recentAlarms.ts';
import {
  ALARMS_COUNT_MS,
  readCreatorWithInvoice,
  readVitalSigns,
  saveVitalSigns,
  type VitalSigns,
} from '../../../shared/ledger/index.ts';
import { gather, lead, NOW, openBook } from '../../shared/ledger/book.ts';
import { openLog, openStage, type Stage, until } from '../stage.ts';

const AT_REST = { length: 0, orderKnown: true, longestWaitMs: () => 0 };
const later = (ms: number) => new Date(NOW.getTime() + ms);

describe('vital signs', () => {
  let book: Awaited<ReturnType<typeof openBook>>;
  let ms: number;
  let alarms: Alarms;
  let again: () => Promise<VitalSignsTeller>;
  let teller: VitalSignsTeller;
  const signs = async () => (await gather(readVitalSigns(book.ledger)))[0]?.signs as VitalSigns;

  /** What a process has that leads from now on; its steady clock begins by itself. */
  async function process() {
    const [began, alarms] = [ms, new Alarms(openLog().log)];
    const clocks = { clock: () => later(ms), steadyMs: () => ms - began };
    const recent = new RecentAlarms(alarms, clocks.steadyMs);
    const leads = async () => {
      const lease = await lead(book.ledger);
      return new VitalSignsTeller({
        ledger: book.ledger,
        lease,
        version: '1.2.3',
        alarms: recent,
        ...clocks,
      });
    };
    return { alarms, leads, teller: await leads() };
  }

  /** What is told a minute later. */
  async function alarmsTold(by = teller) {
    ms += TELL_EVERY_MS;
    await by.tell(AT_REST);
    return (await signs()).alarms;
  }

  beforeEach(async () => {
    book = await openBook();
    ms = 0;
    ({ alarms, teller, leads: again } = await process());
  });
  afterEach(() => book.close());

  it('are told at once, then once a minute', async () => {
    expect(await teller.tell(AT_REST)).toBe(true);
    ms = TELL_EVERY_MS - 1;
    expect(await teller.tell(AT_REST)).toBe(false);
    expect(await signs()).toMatchObject({ aliveAt: NOW, version: '1.2.3', waiting: 0 });
    ms = TELL_EVERY_MS;
    expect(await teller.tell(AT_REST)).toBe(true);
    expect((await signs()).aliveAt).toEqual(later(TELL_EVERY_MS));
  });

  it('tell up to when all is booked: until now, or until the first that waits came', async () => {
    await teller.tell(AT_REST);
    expect((await signs()).checkpointAt).toEqual(NOW);
    ms = TELL_EVERY_MS;
    await teller.tell({ length: 7, orderKnown: true, longestWaitMs: () => 45_000 });
    expect(await signs()).toMatchObject({ waiting: 7, checkpointAt: later(15_000) });
  });

  it('leave the checkpoint where it was while the order of a replay is not known', async () => {
    await teller.tell(AT_REST);
    ms = TELL_EVERY_MS;
    await teller.tell({ ...AT_REST, orderKnown: false });
    expect(await signs()).toMatchObject({ aliveAt: later(TELL_EVERY_MS), checkpointAt: NOW });
  });

  it('tell what the last audit found, and when', async () => {
    await teller.tell(AT_REST);
    expect(await signs()).not.toHaveProperty('auditedAt');
    const firstExpiry = later(86_400_000);
    ms = 5_000;
    teller.audited(
      { ...NO_DISCREPANCIES, invoices: 9, missingSets: 1, surplusSets: 2, goneInvoices: 3, differing: 4 },
      firstExpiry,
    );
    ms = TELL_EVERY_MS;
    await teller.tell(AT_REST);
    expect(await signs()).toMatchObject({ auditedAt: later(5_000), drift: 10, firstExpiry });
  });

  it('tell what an audit found wrong when the next one has found it mended, but not for ever', async () => {
    const told = async () => {
      ms += TELL_EVERY_MS;
      await teller.tell(AT_REST);
      return (await signs()).drift;
    };
    teller.audited({ ...NO_DISCREPANCIES, missingSets: 5 }, undefined);
    teller.audited(NO_DISCREPANCIES, undefined);
    expect(await told()).toBe(5);
    ms += DRIFT_SHOWS_MS;
    teller.audited(NO_DISCREPANCIES, undefined);
    expect(await told()).toBe(0);
  });

  it('count every alarm that there is, for ten minutes after it was raised', async () => {
    const names = Object.keys(ALARMS) as Alarm[];
    await teller.tell(AT_REST);
    expect(await alarmsTold()).toEqual({});
    for (const [at, name] of names.entries())
      for (let times = 0; times <= at; times++) alarms.raise(name, {});
    const all = Object.fromEntries(names.map((name, at) => [name, at + 1]));
    expect(await alarmsTold()).toEqual(all);
    expect((await signs()).alarmsAt).toEqual(later(ms));
    alarms.raise('dust', {});
    ms += ALARMS_COUNT_MS - 2 * TELL_EVERY_MS;
    expect(await alarmsTold()).toEqual({ ...all, dust: all.dust! + 1 });
    expect(await alarmsTold()).toEqual({ dust: 1 });
    ms += ALARMS_COUNT_MS;
    expect(await alarmsTold()).toEqual({});
  });

  it('go on counting alarms of the process before, until they are ten minutes old', async () => {
    alarms.raise('index-reused', {});
    alarms.raise('mint-failed', {});
    expect(await alarmsTold()).toEqual({ 'index-reused': 1, 'mint-failed': 1 });
    ms += 2 * TELL_EVERY_MS;
    const next = await process();
    next.alarms.raise('mint-failed', {});
    next.alarms.raise('mint-failed', {});
    expect(await alarmsTold(next.teller)).toEqual({ 'index-reused': 1, 'mint-failed': 2 });
    next.alarms.raise('mint-failed', {});
    expect(await alarmsTold(next.teller)).toEqual({ 'index-reused': 1, 'mint-failed': 3 });
    ms += ALARMS_COUNT_MS - 5 * TELL_EVERY_MS;
    expect(await alarmsTold(next.teller)).toEqual({ 'mint-failed': 3 });
    ms += ALARMS_COUNT_MS;
    const third = await process();
    await third.teller.tell(AT_REST);
    expect(await alarmsTold(third.teller)).toEqual({});
  });

  it('count an alarm once when the same process leads again and again', async () => {
    alarms.raise('mint-failed', {});
    expect(await alarmsTold()).toEqual({ 'mint-failed': 1 });
    for (let lease = 0; lease < 3; lease++)
      expect(await alarmsTold(await again())).toEqual({ 'mint-failed': 1 });
  });

  it('leave no alarm for ever when a release leads that tells of none', async () => {
    alarms.raise('dust', {});
    await alarmsTold();
    const { alarms: _, alarmsAt: told, ...older } = await signs();
    ms += ALARMS_COUNT_MS;
    await saveVitalSigns(book.ledger, await lead(book.ledger), { ...older, aliveAt: later(ms) });
    expect(await signs()).toMatchObject({ aliveAt: later(ms), alarms: { dust: 1 }, alarmsAt: told });
  });
});

describe('a connector that leads', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage();
    stage.time.flow();
  });
  afterEach(() => stage.close());

  const signs = async () => (await gather(readVitalSigns(stage.ledger)))[0]?.signs;

  it('tells that all is booked and audited, and when its first invoice expires', async () => {
    await stage.start().live();
    await stage.current();
    const { invoice } = await readCreatorWithInvoice(stage.ledger, 'alice');
    const told = await until(async () => {
      const found = await signs();
      return found?.firstExpiry && found.checkpointAt && found;
    });
    expect(told).toMatchObject({ version: '0.0.0', waiting: 0, drift: 0 });
    expect(told.firstExpiry).toEqual(invoice?.expiresAt);
  });

  it('tells of payments that it had not heard of', async () => {
    const first = stage.start();
    await first.live();
    const invoice = await stage.current();
    await first.stop();
    stage.lnd.setIndex(10n);
    stage.lnd.books.push(stage.lnd.message(invoice));
    await stage.start().live();
    expect(await until(async () => (await signs())?.drift || undefined)).toBe(1);
  });
});
