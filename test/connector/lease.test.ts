import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LEASE_MS, lead, OtherNodeError, underLease, WrongNetworkError } from '../../connector/lease.ts';
import {
  bookTips,
  keepLease,
  LeaseLostError,
  readInvoice,
  readNode,
  readTip,
  readTotals,
  releaseLease,
  takeLease,
} from '../../shared/ledger/index.ts';
import { paid } from '../shared/ledger/book.ts';
import { PlayedLnd, setIdOf } from './played.ts';
import { openLog, openStage, type Stage, Time, until } from './stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

/** Let the holder's time pass until it gave a sign of life. */
async function alive(time: Time) {
  const { beat } = (await state())!;
  await until(async () => {
    await time.pass(250);
    return (await state())!.beat > beat;
  });
}

const holder = async () => (await readNode(stage.ledger, stage.lnd.node))?.holder;
const state = () => readNode(stage.ledger, stage.lnd.node);
type Started = ReturnType<Stage['start']>;

/** A connector on a time of its own that leads, audited once, and with nothing on its mind but its next sign of life. */
async function leader(name = 'one') {
  const time = new Time();
  const connector = stage.start({ holder: name, time });
  await connector.live();
  await stage.current();
  return { connector, time };
}

/** One that found another to lead, and waits. */
async function standby(name = 'two') {
  const time = new Time();
  const connector = stage.start({ holder: name, time });
  await until(() => connector.has(/standing by/) && time.sleeping === 1);
  return { connector, time };
}

/** A second of a standby's passes, and it has looked again. */
async function second({ connector, time }: { connector: Started; time: Time }) {
  await time.pass(1_000);
  await until(() => time.sleeping >= 1 || connector.connector.health.state !== 'standing by');
}

describe('two connectors on one node', () => {
  it('are one that leads, and one that takes over when the first gave no sign of life for 8 s', async () => {
    await leader();
    const two = await standby();
    // The first is as good as dead: its time stands still.
    for (let seconds = 1; seconds < LEASE_MS / 1_000; seconds++) {
      await second(two);
      expect([seconds, await holder()]).toEqual([seconds, 'one']);
    }
    await second(two);
    await two.connector.live();
    expect(await holder()).toBe('two');
  });

  it('leave the lead where it is while the leader shows life', async () => {
    const one = await leader();
    const two = await standby();
    for (let seconds = 0; seconds < 30; seconds++) {
      await alive(one.time);
      await second(two);
    }
    expect(await holder()).toBe('one');
    expect(two.connector.connector.health.state).toBe('standing by');
  });

  it('hand over at once when the leader stops gracefully', async () => {
    const one = await leader();
    const two = await standby();
    await one.connector.stop();
    expect(await holder()).toBe('');
    await second(two);
    await two.connector.live();
    expect(await holder()).toBe('two');
    expect(two.time.ms).toBeLessThanOrEqual(1_000);
  });

  it('are one writer: a leader that slept and wakes up books nothing, and stands by', async () => {
    const one = await leader();
    const two = await standby();
    for (let seconds = 0; seconds < 9; seconds++) await second(two);
    await two.connector.live();
    const { epoch } = (await state())!;
    // Both hear of it, the one that slept too.
    const payment = stage.lnd.pay(await stage.current(), { amountMsat: 3_000n });
    await until(() => readTip(stage.ledger, setIdOf(payment)));
    await until(() => one.connector.has(/lease lost/));
    expect(one.connector.lines).toContainEqual(
      expect.objectContaining({
        fields: expect.objectContaining({ error: expect.stringMatching(/LeaseLost/) }),
      }),
    );
    expect(one.connector.connector.health.booked).toBe(0);
    expect(two.connector.connector.health.booked).toBe(1);
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 1n, amountMsat: 3_000n });
    await one.time.pass(1_000);
    await until(() => one.connector.connector.health.state === 'standing by');
    expect((await state())!.epoch).toBe(epoch);
  });

  it('are not shaken by a wall clock that jumps an hour, on either side', async () => {
    const one = await leader();
    const two = await standby();
    for (const jump of [3_600_000, -3_600_000]) {
      one.time.jumpedMs = jump;
      two.time.jumpedMs = -jump;
      for (let seconds = 0; seconds < 5; seconds++) {
        await alive(one.time);
        await second(two);
      }
    }
    expect(await holder()).toBe('one');
    const payment = stage.lnd.pay(await stage.current());
    expect(await until(() => readTip(stage.ledger, setIdOf(payment)))).toMatchObject({ sequence: 1n });
  });
});

describe('a lease', () => {
  const take = async (name: string) => {
    const lease = await takeLease(stage.ledger, {
      node: stage.lnd.node,
      network: 'regtest',
      holder: name,
      seen: await state(),
    });
    return lease!;
  };

  it('that went to another is left alone by a late release and a late sign of life', async () => {
    const old = await take('old');
    const taken = await take('new');
    const before = await state();
    await releaseLease(stage.ledger, old);
    await expect(keepLease(stage.ledger, old)).rejects.toThrow(LeaseLostError);
    expect(await state()).toEqual(before);
    await keepLease(stage.ledger, taken);
  });

  it('is taken by one of many who try at the same time', async () => {
    const seen = await state();
    const tries = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        takeLease(stage.ledger, { node: stage.lnd.node, network: 'regtest', holder: `${at}`, seen }),
      ),
    );
    expect(tries.filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  it('is taken anew at once by a connector of the same name, as after a crash', async () => {
    const { epoch } = await take('one');
    const { log } = openLog();
    const time = new Time();
    const led = await lead(
      { ledger: stage.ledger, log, steadyMs: time.steadyMs, sleep: time.sleep },
      { node: stage.lnd.node, network: 'regtest', holder: 'one', anotherNode: false },
      new AbortController().signal,
    );
    expect(led?.lease.epoch).toBe(epoch + 1n);
    expect(time.ms).toBe(0);
  });
});

describe('a node that the table does not expect', () => {
  const another = () => new PlayedLnd(() => stage.time.clock().getTime());

  beforeEach(async () => {
    const first = stage.start();
    await first.live();
    await first.stop();
  });

  const failureOf = async (more: Parameters<Stage['start']>[0]) => {
    const started = stage.start(more);
    await started.ended;
    return started.failure as Error;
  };

  it('is refused when it is the same on another network, with what to do', async () => {
    stage.lnd.network = 'mainnet';
    const failure = await failureOf({});
    expect(failure).toBeInstanceOf(WrongNetworkError);
    expect(failure.message).toMatch(/on regtest, but it is on mainnet: use another table/);
  });

  it('is refused when it has another key, with what to do', async () => {
    const failure = await failureOf({ beside: another() });
    expect(failure).toBeInstanceOf(OtherNodeError);
    expect(failure.message).toMatch(/give the connector its own node or another table, or --another-node/);
  });

  it('is let in beside the known one when that is said, and each has a lease of its own', async () => {
    const other = another();
    const started = stage.start({ beside: other, anotherNode: true, holder: 'other' });
    await started.live();
    expect((await readNode(stage.ledger, other.node))?.holder).toBe('other');
    expect(await holder()).toBe('');
  });

  it('is refused on another network even so: play money is no money', async () => {
    const other = another();
    other.network = 'mainnet';
    const failure = await failureOf({ beside: other, anotherNode: true });
    expect(failure).toBeInstanceOf(WrongNetworkError);
    expect(failure.message).toMatch(/on regtest, but .* is on mainnet: use another table/);
    expect(await readNode(stage.ledger, other.node)).toBeUndefined();
  });

  it('is waited for while it is not synced to its chain', async () => {
    stage.lnd.synced = false;
    const started = stage.start();
    await until(() => started.lines.some(({ fields }) => /not synced/.test(String(fields.error))));
    stage.lnd.synced = true;
    stage.time.flow();
    await started.live();
  });
});

describe("an operator's command", () => {
  it('takes the lease from a connector that leads, gives it back, and the connector goes on', async () => {
    const one = await leader();
    const invoice = await stage.current();
    const time = new Time();
    const work = { ...paid(await attributed(invoice.paymentAddr), 'by hand') };
    const done = await underLease(
      { ledger: stage.ledger, sleep: time.sleep },
      { node: stage.lnd.node, holder: 'operator' },
      async (lease) => {
        expect(await holder()).toBe('operator');
        await until(async () => {
          await one.time.pass(250);
          return one.connector.has(/lease lost/);
        });
        await bookTips(stage.ledger, lease, { tips: [work], quarantined: [] });
        return 'done';
      },
    );
    expect(done).toBe('done');
    expect(await holder()).toBe('');
    one.time.flow();
    await until(async () => (await holder()) === 'one');
    await until(() => stage.lnd.isListenedTo);
    const payment = stage.lnd.pay(invoice);
    expect(await until(() => readTip(stage.ledger, setIdOf(payment)))).toMatchObject({ sequence: 2n });
    one.time.halt();
  });

  it('gives the lease back when its work fails', async () => {
    const one = await leader();
    await one.connector.stop();
    const time = new Time();
    const work = underLease(
      { ledger: stage.ledger, sleep: time.sleep },
      { node: stage.lnd.node, holder: 'operator' },
      () => Promise.reject(new Error('no')),
    );
    await expect(work).rejects.toThrow('no');
    expect(await holder()).toBe('');
  });

  it('keeps the lease as long as its work takes', async () => {
    const one = await leader();
    await one.connector.stop();
    const time = new Time();
    const two = new Time();
    await underLease(
      { ledger: stage.ledger, sleep: time.sleep },
      { node: stage.lnd.node, holder: 'operator' },
      async () => {
        const started = stage.start({ holder: 'two', time: two });
        await until(() => started.has(/standing by/) && two.sleeping === 1);
        for (let seconds = 0; seconds < 20; seconds++) {
          await alive(time);
          await second({ connector: started, time: two });
        }
        expect(await holder()).toBe('operator');
        return undefined;
      },
    );
    two.flow();
    await until(async () => (await holder()) === 'two');
    two.halt();
  });

  const attributed = async (paymentAddr: string) => {
    return (await readInvoice(stage.ledger, paymentAddr))!;
  };
});
