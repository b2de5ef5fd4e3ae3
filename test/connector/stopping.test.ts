import { getEventListeners } from 'node:events';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lnd } from '../../connector/lnd/contract.ts';
import { ledgerUntil, lndUntil, unlessAborted } from '../../connector/stopping.ts';
import { readFeed } from '../../shared/ledger/index.ts';
import { getItems } from '../../shared/ledger/read.ts';
import { openStage, type Stage, until } from './stage.ts';
import { tampered } from './tampered.ts';

const never = () => new Promise<never>(() => {});

describe('what ends with a signal', () => {
  it('ends at once, whatever becomes of the work', async () => {
    const stop = new AbortController();
    const work = unlessAborted(stop.signal, never);
    stop.abort();
    await expect(work).rejects.toThrow(stop.signal.reason);
    await expect(unlessAborted(stop.signal, () => expect.unreachable('it began'))).rejects.toThrow(
      stop.signal.reason,
    );
  });

  it('is what it would be while the signal does not abort', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(signal, async () => 5)).toBe(5);
    await expect(
      unlessAborted(signal, async () => {
        throw new Error('its own');
      }),
    ).rejects.toThrow('its own');
  });

  it('is each call of lnd’s but the subscription, which has a signal of its own', async () => {
    const stop = new AbortController();
    const calls = {
      getInfo: never,
      addAmpInvoice: never,
      addBolt11Invoice: never,
      listBolt11Invoices: never,
      listAmpInvoices: never,
      invoiceFrom: never,
      ampState: never,
      lookUpSet: never,
      privateChannels: never,
    } satisfies Record<Exclude<keyof Lnd, 'settlements' | 'close'>, unknown>;
    const lnd = lndUntil(calls as unknown as Lnd, stop.signal);
    const waiting = Object.keys(calls).map((name) => (lnd as any)[name]());
    stop.abort();
    for (const call of waiting) await expect(call).rejects.toThrow(stop.signal.reason);
  });
});

describe('a table that ends with a signal', () => {
  it('waits between the parts of an answer as the table does', async () => {
    const waits: number[] = [];
    let calls = 0;
    const client = {
      send: async () => (++calls === 1 ? { UnprocessedKeys: { ampjar: { Keys: [{}] } } } : {}),
    } as unknown as DynamoDBClient;
    const pauses = { sleep: async (ms: number) => void waits.push(ms), random: () => 0 };
    const ledger = ledgerUntil({ client, table: 'ampjar', pauses }, new AbortController().signal);
    await getItems(ledger, [{ pk: 'a', sk: 'b' }]);
    expect({ calls, waits: waits.length }).toEqual({ calls: 2, waits: 1 });
  });
});

/** How long it is watched. */
const WATCHED_MS = 60_000;

describe('a connector that runs', () => {
  it('listens to no signal more and more often', async () => {
    const stage = await openStage();
    const warned: Error[] = [];
    const warn = (warning: Error) => void warned.push(warning);
    process.on('warning', warn);
    try {
      stage.time.flow();
      let most = 0;
      const connector = stage.start({
        sleep: (ms, signal) => {
          most = Math.max(most, getEventListeners(signal, 'abort').length);
          return stage.time.sleep(ms, signal);
        },
      });
      await connector.live();
      const watched = async () => {
        const since = stage.time.ms;
        most = 0;
        await until(() => {
          connector.connector.hint();
          return stage.time.ms > since + WATCHED_MS;
        });
        return most;
      };
      const first = await watched();
      expect(await watched()).toBeLessThanOrEqual(first);
      await connector.stop();
      expect(warned.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
    } finally {
      process.off('warning', warn);
      await stage.close();
    }
  });
});

/** Beyond what a queue takes in, many times over. */
const REPLAYED = 20_000;
/** For the audit alone, which looks at each. */
const FOUND = 3_000;
/** Commits of what was heard before: 2,000 at 90 a commit; the lease is given back. */
const MOST_REQUESTS_AT_STOP = 40;

describe('a connector that is stopped with 20,000 payments before it', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage();
    stage.time.flow();
  });
  afterEach(() => stage.close());

  /** Settled while no connector was there. @param told whether its subscription will replay them */
  async function backlog({ told }: { told: boolean }) {
    const first = stage.start();
    await first.live();
    const invoice = await stage.current();
    await first.stop();
    stage.lnd.setIndex(1n);
    for (let each = 0; each < (told ? REPLAYED : FOUND); each++) {
      const message = stage.lnd.message(invoice, { amountMsat: 2_100n });
      stage.lnd.books.push(message);
      if (told) stage.lnd.replayed.push(message);
    }
  }

  /** What a connector that is beside it does, before and after it is stopped. */
  function watched() {
    const done = { requests: 0, calls: 0, rows: 0 };
    const counted = new Proxy(stage.lnd, {
      get(lnd, name) {
        const value = Reflect.get(lnd, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          done.calls++;
          return value.apply(lnd, args);
        };
      },
    });
    const over = tampered(stage.ledger, ({ name }) => {
      done.requests++;
      if (name === 'BatchGetItemCommand') done.rows++;
      return undefined;
    });
    return { done, connector: stage.start({ over, beside: counted, holder: 'two' }) };
  }

  it.each<[string, { told: boolean }, (seen: ReturnType<typeof watched>) => boolean | Promise<boolean>]>([
    ['while they are replayed', { told: true }, ({ connector }) => connector.connector.health.booked > 500],
    [
      'while the audit waits for them',
      { told: true },
      ({ connector, done }) => done.calls > 5 && connector.connector.health.booked > 0,
    ],
    ['while the audit reads their rows', { told: false }, ({ done }) => done.rows > 20],
    [
      'while the audit looks them up',
      { told: false },
      ({ connector }) => connector.connector.health.booked > 100,
    ],
  ])(
    '%s takes nothing in from then on, and raises no alarm',
    async (_, how, moment) => {
      await backlog(how);
      const seen = watched();
      const { done, connector } = seen;
      await until(() => moment(seen));
      const before = { ...done };
      const alarms = connector.alarms();
      await connector.stop();
      expect(connector.failure).toBeUndefined();
      expect(done.calls - before.calls).toBeLessThanOrEqual(1);
      expect(done.requests - before.requests).toBeLessThanOrEqual(MOST_REQUESTS_AT_STOP);
      expect(connector.alarms()).toEqual(how.told ? [] : alarms);
      const { booked } = connector.connector.health;
      const { tips } = await readFeed(stage.ledger, 'alice', { limit: 1 });
      expect(tips[0]?.sequence ?? 0n).toBe(BigInt(booked));
      expect(booked).toBeLessThan(how.told ? REPLAYED : FOUND);
    },
    120_000,
  );

  it('when lnd or the table do not answer any more stops all the same', async () => {
    let silent = false;
    let unanswered = 0;
    const over = tampered(stage.ledger, () => {
      if (!silent) return undefined;
      unanswered++;
      return { wait: never() };
    });
    const mute = new Proxy(stage.lnd, {
      get(lnd, name) {
        const value = Reflect.get(lnd, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) =>
          silent && name !== 'close' && name !== 'settlements' ? never() : value.apply(lnd, args);
      },
    });
    const connector = stage.start({ over, beside: mute });
    await connector.live();
    const invoice = await stage.current();
    silent = true;
    stage.lnd.pay(invoice);
    await until(() => unanswered > 0);
    const since = stage.time.ms;
    await connector.stop();
    expect(stage.time.ms - since).toBeLessThan(10_000);
    expect(connector.alarms()).toEqual([]);
  });
});
