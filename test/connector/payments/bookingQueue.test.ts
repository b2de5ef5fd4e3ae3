import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Alarms } from '../../../connector/health/alarms.ts';
import { DustWatch } from '../../../connector/payments/belowMinimum.ts';
import { BookingQueue, type Heard } from '../../../connector/payments/bookingQueue.ts';
import { Backoff } from '../../../shared/concurrency/backoff.ts';
import {
  addCreator,
  type Invoice,
  type Lease,
  type Ledger,
  type NewTip,
  putCurrentInvoice,
  readFeed,
  readInvoice,
  readNode,
  readQuarantine,
  readTotals,
} from '../../../shared/ledger/index.ts';
import { gather, LATER, lead, minted, NODE, NOW, openBook, paid } from '../../shared/ledger/book.ts';
import { spoilTip, spoilTotals } from '../spoil.ts';
import { openLog, Time, until } from '../stage.ts';
import { awsError, cancelled, type Sent, tampered } from '../tampered.ts';

let ledger: Ledger;
let close: () => Promise<void>;
let lease: Lease;
let time: Time;
let abort: AbortController;
let logged: ReturnType<typeof openLog>;
let counts: { booked: number; known: number; setAside: number };
let sent: Sent[];

beforeEach(async () => {
  ({ ledger, close } = await openBook());
  lease = await lead(ledger);
  time = new Time();
  abort = new AbortController();
  logged = openLog();
  counts = { booked: 0, known: 0, setAside: 0 };
  sent = [];
});

afterEach(() => close());

/** Alice's current invoice, or another creator's. */
async function invoiceOf(handle = 'alice') {
  await addCreator(ledger, { handle, name: handle }, NOW);
  const invoice = minted(handle, handle);
  await putCurrentInvoice(ledger, lease, {
    invoice,
    previous: undefined,
    mintRequest: undefined,
    renewAt: LATER,
    now: NOW,
  });
  return invoice;
}

/** A queue on the table; `fault` is asked before each transaction. */
function openQueue(fault: Parameters<typeof tampered>[1] = () => undefined) {
  const waits: number[] = [];
  const alarms = new Alarms(logged.log);
  const watched = tampered(ledger, (each) => {
    sent.push(each);
    return fault(each);
  });
  const sleep = async (ms: number) => {
    waits.push(ms);
    await new Promise(setImmediate);
  };
  const queue = new BookingQueue(
    {
      ledger: watched,
      lease,
      backoff: new Backoff({ firstMs: 50, mostMs: 5_000, chance: () => 0.5, sleep }),
      log: logged.log,
      alarms,
      dust: new DustWatch(alarms, time.steadyMs),
      steadyMs: time.steadyMs,
      sleep: time.sleep,
      token: randomUUID,
    },
    counts,
  );
  return { queue, waits, alarms };
}

/** Push all of it, let it be booked, and stop. */
async function book(queue: BookingQueue, heard: readonly Heard[]) {
  for (const each of heard) await queue.push(each);
  const run = queue.run(abort.signal);
  abort.abort();
  await run;
}

const tipsOf = (invoice: Parameters<typeof paid>[0], count: number, first = 0): NewTip[] =>
  Array.from({ length: count }, (_, at) =>
    paid(invoice, `${invoice.handle} ${first + at}`, { settleIndex: BigInt(first + at + 1) }),
  );
const heard = (tips: readonly NewTip[]): Heard[] =>
  tips.map((entry) => ({ entry, settleIndex: entry.settleIndex }));
const transactions = () => sent.filter(({ name }) => name === 'TransactWriteItemsCommand');
const rowsIn = ({ input }: Sent) =>
  input.TransactItems.filter((each: any) => each.Put?.Item.pk.S.startsWith('tip#')).length;
const movedTo = ({ input }: Sent): bigint =>
  input.TransactItems.flatMap((each: any) => {
    const index = each.Update?.ExpressionAttributeValues[':settleIndex'];
    return index ? [BigInt(index.N)] : [];
  })[0];
const feed = async (handle = 'alice') => (await readFeed(ledger, handle, { limit: 1000 })).tips;
const checkpoint = async () => (await readNode(ledger, NODE))?.settleIndex;

describe('a queue of what was heard', () => {
  it('books one that waits alone at once, and what comes meanwhile together', async () => {
    const invoice = await invoiceOf();
    let hold: (() => void) | undefined;
    const { queue } = openQueue(({ name }) =>
      name === 'TransactWriteItemsCommand' && !hold
        ? {
            wait: new Promise<void>((resolve) => {
              hold = resolve;
            }),
          }
        : undefined,
    );
    const run = queue.run(abort.signal);
    const [first, ...more] = heard(tipsOf(invoice, 41));
    await queue.push(first!);
    await until(() => hold !== undefined);
    for (const each of more) await queue.push(each);
    hold!();
    await until(() => queue.length === 0);
    abort.abort();
    await run;
    expect(transactions().map(rowsIn)).toEqual([1, 40]);
    expect(counts).toEqual({ booked: 41, known: 0, setAside: 0 });
  });

  it("keeps lnd's order in the sequence numbers, over batches of a hundred actions", async () => {
    const invoice = await invoiceOf();
    const tips = tipsOf(invoice, 250);
    await book(openQueue().queue, heard(tips));
    expect((await feed()).map(({ sequence, setId }) => [sequence, setId]).reverse()).toEqual(
      tips.map(({ setId }, at) => [BigInt(at + 1), setId]),
    );
    expect(transactions().every(({ input }) => input.TransactItems.length <= 100)).toBe(true);
    expect(transactions().length).toBe(3);
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 250n, amountMsat: 250_000n });
  });

  it('takes no more than 2,000 entries, and takes on when some are booked', async () => {
    const invoice = await invoiceOf();
    const { queue } = openQueue();
    const all = heard(tipsOf(invoice, 2_300));
    let taken = 0;
    const filling = (async () => {
      for (const each of all) {
        await queue.push(each);
        taken++;
      }
    })();
    await new Promise(setImmediate);
    expect([taken, queue.length]).toEqual([2_000, 2_000]);
    const run = queue.run(abort.signal);
    await filling;
    abort.abort();
    await run;
    expect(counts.booked).toBe(2_300);
    expect((await readTotals(ledger, 'alice')).count).toBe(2_300n);
  });

  it('takes no more than 32 MB of events', async () => {
    const invoice = await invoiceOf();
    const { queue } = openQueue();
    const event = 'x'.repeat(1_000_000);
    const all = heard(tipsOf(invoice, 40).map((tip) => ({ ...tip, event })));
    let taken = 0;
    const filling = (async () => {
      for (const each of all) {
        await queue.push(each);
        taken++;
      }
    })();
    await new Promise(setImmediate);
    expect(taken).toBe(32);
    const run = queue.run(abort.signal);
    await filling;
    abort.abort();
    await run;
    expect(counts.booked).toBe(40);
  });

  it('books what waits when it is stopped, takes nothing more in, and lets go who waits for room', async () => {
    const invoice = await invoiceOf();
    const { queue } = openQueue();
    const all = heard(tipsOf(invoice, 2_001));
    for (const each of all.slice(0, 2_000)) await queue.push(each);
    const last = queue.push(all[2_000]!);
    abort.abort();
    await queue.run(abort.signal);
    await last;
    await queue.push(all[2_000]!);
    expect(counts.booked).toBe(2_000);
    expect(queue.length).toBe(0);
  });
});

describe('an entry that can never be booked', () => {
  const refusing =
    (setId: string) =>
    ({ name, input }: Sent) =>
      name === 'TransactWriteItemsCommand' && JSON.stringify(input).includes(`tip#${setId}`)
        ? { fail: awsError('ValidationException', 'Item size has exceeded the maximum allowed size') }
        : undefined;

  it.each([0, 25, 49])('is set aside from among 49 good ones, at place %i', async (at) => {
    const invoice = await invoiceOf();
    const tips = tipsOf(invoice, 50);
    const { queue, alarms, waits } = openQueue(refusing(tips[at]!.setId));
    await book(queue, heard(tips));
    expect(counts).toEqual({ booked: 49, known: 0, setAside: 1 });
    const [quarantined, ...more] = await gather(readQuarantine(ledger, NODE));
    expect(more).toEqual([]);
    expect(quarantined).toMatchObject({ id: expect.stringContaining(tips[at]!.setId), status: 'open' });
    expect(quarantined!.reason).toMatch(/the table refuses it: .*maximum allowed size/);
    expect(alarms.counts).toEqual({ 'set-aside': 1 });
    expect((await feed()).map(({ setId }) => setId).reverse()).toEqual(
      tips.filter((_, each) => each !== at).map(({ setId }) => setId),
    );
    expect(waits).toEqual([]);
    // Halves find it: not a transaction an entry.
    expect(transactions().length).toBeLessThan(25);
  });

  it('is told when the row that is there can not be read, and the others are booked', async () => {
    const invoice = await invoiceOf();
    const tips = tipsOf(invoice, 50);
    await spoilTip(ledger, tips[20]!.setId, NODE);
    await book(openQueue().queue, heard(tips));
    expect(counts).toEqual({ booked: 49, known: 0, setAside: 1 });
    expect(await gather(readQuarantine(ledger, NODE))).toMatchObject([
      { reason: expect.stringMatching(/ItemError/) },
    ]);
  });

  it("is each tip of a creator whose totals can't be read; the other creators' are booked", async () => {
    const [alice, bob] = [await invoiceOf(), await invoiceOf('bobby')];
    await spoilTotals(ledger, 'bobby');
    const tips = [0, 1, 2, 3, 4].flatMap((at) => [...tipsOf(alice, 1, at), ...tipsOf(bob, 1, at)]);
    await book(openQueue().queue, heard(tips));
    expect(counts).toEqual({ booked: 5, known: 0, setAside: 5 });
    expect((await feed()).length).toBe(5);
    expect(await gather(readQuarantine(ledger, NODE))).toHaveLength(5);
  });

  it('ends the queue when not even its event can be kept: nothing behind it is skipped silently', async () => {
    const invoice = await invoiceOf();
    const { queue } = openQueue(({ name }) =>
      name === 'TransactWriteItemsCommand' ? { fail: awsError('ValidationException', 'no') } : undefined,
    );
    queue.orderKnown = true;
    await queue.push(heard(tipsOf(invoice, 1))[0]!);
    await expect(queue.run(abort.signal)).rejects.toThrow('no');
    expect(await checkpoint()).toBeUndefined();
  });
});

describe('an outcome that is not known', () => {
  it('is found out when the answer was lost: booked once, and counted once', async () => {
    const invoice = await invoiceOf();
    let lost = 0;
    const { queue } = openQueue(({ name }) =>
      name === 'TransactWriteItemsCommand' && lost++ === 0
        ? { failAfter: awsError('TimeoutError', 'socket hang up') }
        : undefined,
    );
    queue.orderKnown = true;
    for (const each of heard(tipsOf(invoice, 3))) await queue.push(each);
    const run = queue.run(abort.signal);
    await until(() => counts.booked + counts.known === 3);
    abort.abort();
    await run;
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 3n, amountMsat: 3_000n });
    expect((await feed()).map(({ sequence }) => sequence)).toEqual([3n, 2n, 1n]);
    expect(await readInvoice(ledger, invoice.paymentAddr)).toMatchObject<Partial<Invoice>>({
      count: 3n,
      receivedMsat: 3_000n,
    });
    expect(await checkpoint()).toBe(3n);
  });

  it.each([
    ['the table throttles', () => awsError('ProvisionedThroughputExceededException', 'slow down')],
    ['the transaction is throttled', () => cancelled('ThrottlingError', 'None')],
    ['another transaction is in the way', () => cancelled('TransactionConflict', 'None')],
    ['the table is away', () => awsError('ECONNREFUSED', 'connect')],
    ['the credentials ran out', () => awsError('ExpiredTokenException', 'expired')],
  ])('is tried again with growing waits while %s', async (_, error) => {
    const invoice = await invoiceOf();
    let failures = 5;
    const { queue, waits } = openQueue(({ name }) =>
      name === 'TransactWriteItemsCommand' && failures-- > 0 ? { fail: error() } : undefined,
    );
    await queue.push(heard(tipsOf(invoice, 1))[0]!);
    const run = queue.run(abort.signal);
    await until(() => counts.booked === 1);
    abort.abort();
    await run;
    // Of 50, 100, 200, ... ms a half is certain, and of the rest a half by this chance.
    expect(waits).toEqual([38, 75, 150, 300, 600]);
    expect(logged.lines.filter(({ level }) => level === 'warn')).toHaveLength(5);
    expect(counts).toEqual({ booked: 1, known: 0, setAside: 0 });
  });

  it('waits 5 s at most, and begins anew after a success', async () => {
    const invoice = await invoiceOf();
    let failures = 10;
    const { queue, waits } = openQueue(({ name }) =>
      name === 'TransactWriteItemsCommand' && failures-- > 0
        ? { fail: cancelled('TransactionConflict') }
        : undefined,
    );
    const run = queue.run(abort.signal);
    const [first, second] = heard(tipsOf(invoice, 2));
    await queue.push(first!);
    await until(() => counts.booked === 1);
    expect(Math.max(...waits)).toBe(3_750);
    failures = 1;
    await queue.push(second!);
    await until(() => counts.booked === 2);
    expect(waits.at(-1)).toBe(38);
    abort.abort();
    await run;
  });

  it('gives each attempt a token of its own', async () => {
    const invoice = await invoiceOf();
    let failures = 2;
    const { queue } = openQueue(({ name }) =>
      name === 'TransactWriteItemsCommand' && failures-- > 0
        ? { fail: cancelled('TransactionConflict') }
        : undefined,
    );
    const run = queue.run(abort.signal);
    await queue.push(heard(tipsOf(invoice, 1))[0]!);
    await until(() => counts.booked === 1);
    abort.abort();
    await run;
    const tokens = transactions().map(({ input }) => input.ClientRequestToken);
    expect(new Set(tokens).size).toBe(3);
  });
});

describe('a lease that is lost', () => {
  it('ends the queue, with nothing written and whoever waits for room let go', async () => {
    const invoice = await invoiceOf();
    const { queue } = openQueue();
    queue.orderKnown = true;
    for (const each of heard(tipsOf(invoice, 2_000))) await queue.push(each);
    const waiting = queue.push({ settleIndex: 2_001n });
    await lead(ledger, 'second');
    await expect(queue.run(abort.signal)).rejects.toThrow(/went to another connector/);
    await waiting;
    expect(await feed()).toEqual([]);
    expect(await checkpoint()).toBeUndefined();
  });

  it('is an invoice that the table lost by now: whose it is must be found out anew', async () => {
    await invoiceOf();
    const { queue } = openQueue();
    await queue.push({ entry: paid(minted('alice', 'gone'), 'one'), settleIndex: 1n });
    await expect(queue.run(abort.signal)).rejects.toThrow(/is not in the table/);
    expect(await feed()).toEqual([]);
  });
});

describe('the checkpoint', () => {
  it("does not move before lnd's order is known", async () => {
    const invoice = await invoiceOf();
    const { queue } = openQueue();
    const run = queue.run(abort.signal);
    await queue.push(heard(tipsOf(invoice, 1))[0]!);
    await until(() => counts.booked === 1);
    expect([queue.reached, await checkpoint()]).toEqual([1n, undefined]);
    abort.abort();
    await run;
    expect(await checkpoint()).toBeUndefined();
  });

  it('moves with the rows, and on stopping over what was not ours', async () => {
    const invoice = await invoiceOf();
    const { queue } = openQueue();
    queue.orderKnown = true;
    const run = queue.run(abort.signal);
    await queue.push(heard(tipsOf(invoice, 1))[0]!);
    await until(() => counts.booked === 1);
    expect(await checkpoint()).toBe(1n);
    await queue.push({ settleIndex: 9n });
    await until(() => queue.length === 0);
    abort.abort();
    await run;
    expect(await checkpoint()).toBe(9n);
  });

  it('stays below what waits, in each commit and in what is written beside them', async () => {
    const invoice = await invoiceOf();
    const tips = tipsOf(invoice, 230);
    const beside: (bigint | undefined)[] = [];
    const { queue } = openQueue(({ name }) =>
      name === 'TransactWriteItemsCommand'
        ? {
            wait: (async () => {
              await queue.saveCheckpoint();
              beside.push(await checkpoint());
            })(),
          }
        : undefined,
    );
    queue.orderKnown = true;
    await book(queue, heard(tips));
    const written = transactions().map(rowsIn);
    const upTo = written.map((_, at) => BigInt(written.slice(0, at + 1).reduce((sum, rows) => sum + rows)));
    expect(written.length).toBeGreaterThan(2);
    expect(transactions().map(movedTo)).toEqual(upTo);
    expect(beside).toEqual([undefined, ...upTo.slice(0, -1)]);
  });

  it('never goes back, whatever order indexes come in', async () => {
    const invoice = await invoiceOf();
    const { queue } = openQueue();
    queue.orderKnown = true;
    await book(queue, heard(tipsOf(invoice, 5).reverse()));
    expect(await checkpoint()).toBe(5n);
  });

  it('does not move for what the audit found', async () => {
    const invoice = await invoiceOf();
    const { queue } = openQueue();
    queue.orderKnown = true;
    await book(queue, [{ entry: paid(invoice, 'found', { settleIndex: 77n }) }]);
    expect(counts.booked).toBe(1);
    expect([queue.reached, await checkpoint()]).toEqual([undefined, undefined]);
  });
});

describe('to have caught up', () => {
  const openEmpty = () => {
    const { queue } = openQueue();
    const run = queue.run(abort.signal);
    return { queue, run };
  };
  const settled = async (promise: Promise<void>) => {
    let done = false;
    void promise.then(() => {
      done = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    return done;
  };

  it('is to have booked up to a settle index', async () => {
    const invoice = await invoiceOf();
    const { queue, run } = openEmpty();
    const caughtUp = queue.caughtUp(2n, abort.signal);
    expect(await settled(caughtUp)).toBe(false);
    for (const each of heard(tipsOf(invoice, 2))) await queue.push(each);
    await until(() => counts.booked === 2);
    await time.pass(250);
    await caughtUp;
    abort.abort();
    await run;
  });

  it('is to have heard nothing for five seconds', async () => {
    const { queue, run } = openEmpty();
    const caughtUp = queue.caughtUp(2n, abort.signal);
    await time.pass(4_900);
    expect(await settled(caughtUp)).toBe(false);
    await time.pass(200);
    await caughtUp;
    abort.abort();
    await run;
  });

  it('is not while something that came is read, however long', async () => {
    const { queue, run } = openEmpty();
    const caughtUp = queue.caughtUp(2n, abort.signal);
    let read!: () => void;
    const reading = queue.reading(() => new Promise((resolve) => (read = resolve)));
    await time.pass(20_000);
    expect(await settled(caughtUp)).toBe(false);
    read();
    await reading;
    await time.pass(4_900);
    expect(await settled(caughtUp)).toBe(false);
    await time.pass(200);
    await caughtUp;
    abort.abort();
    await run;
  });

  it('takes a minute at most, on a node that is never quiet and whose indexes began anew', async () => {
    const { queue, run } = openEmpty();
    const caughtUp = queue.caughtUp(1_000_000n, abort.signal);
    for (let second = 0; second < 60; second++) {
      expect(await settled(caughtUp)).toBe(false);
      await queue.reading(() => queue.push({ settleIndex: 1n }));
      await time.pass(1_000);
    }
    await caughtUp;
    abort.abort();
    await run;
  });

  it('is over when the connection ends', async () => {
    const { queue, run } = openEmpty();
    const caughtUp = queue.caughtUp(2n, abort.signal);
    abort.abort();
    await time.pass(250);
    await caughtUp;
    await run;
  });
});
