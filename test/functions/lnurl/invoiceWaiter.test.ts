import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvoiceWaiter } from '../../../functions/lnurl/invoiceWaiter.ts';
import { WakeMessageQueue } from '../../../local/wakeMessages.ts';
import {
  type Ledger,
  openOptionId,
  putInvoiceRequest,
  readInvoiceRequest,
  replyToInvoiceRequest,
} from '../../../shared/ledger/index.ts';
import { type Sent, tampered } from '../../connector/tampered.ts';
import { hex, NOW, openBook } from '../../shared/ledger/book.ts';

let ledger: Ledger;
let close: () => Promise<void>;
/** The looks at the table: how many asks each was for. */
let looks: number[];
let fails: boolean;
/** The sleeps, and what ends the one that goes on. */
let slept: number[];
let wake: () => void;
let now: number;
let answers: InvoiceWaiter;
/** Where the connector is in the same process. */
let told: InvoiceWaiter;
let hints: WakeMessageQueue;

beforeEach(async () => {
  ({ ledger, close } = await openBook());
  [looks, slept, now, fails] = [[], [], 0, false];
  const watched = tampered(ledger, ({ name, input }: Sent) => {
    if (name !== 'BatchGetItemCommand') return undefined;
    looks.push(input.RequestItems[ledger.table].Keys.length);
    return fails ? { fail: new Error('the table is away') } : undefined;
  });
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      slept.push(ms);
      wake = () => {
        now += ms;
        resolve();
      };
    });
  answers = new InvoiceWaiter(watched, () => now, sleep);
  hints = new WakeMessageQueue();
  told = new InvoiceWaiter(watched, () => now, sleep, hints.answers);
});
afterEach(() => close());

async function put(): Promise<string> {
  const id = randomBytes(16).toString('base64url');
  const optionId = openOptionId('alice');
  const more = { amountMsat: 1_000n, descriptionHash: hex('metadata'), client: 'one', createdAt: NOW };
  await putInvoiceRequest(ledger, { id, handle: 'alice', optionId, ...more });
  return id;
}
const answer = async (id: string) =>
  replyToInvoiceRequest(ledger, (await readInvoiceRequest(ledger, id))!, {
    status: 'refused',
    reason: `no, ${id}`,
  });

/** Let the sleep end, the look be taken, and whoever still waits sleep again. */
async function look() {
  const before = looks.length;
  wake();
  while (looks.length === before) await setImmediate();
}
const answered = async (times: number) => {
  while (looks.length < times) await setImmediate();
};
const sleepsAgain = async (times: number) => {
  while (slept.length < times) await setImmediate();
};

describe('all who wait in a process', () => {
  it('share one look, each with their own answer', async () => {
    const ids = await Promise.all(Array.from({ length: 100 }, put));
    await Promise.all(ids.map(answer));
    const waiting = ids.map((id) => answers.of(id, 4_500));
    await look();
    const asks = await Promise.all(waiting);
    expect(asks.map((ask) => ask?.reason)).toEqual(ids.map((id) => `no, ${id}`));
    expect(looks).toEqual([100]);
  });

  it('look early at first, then every 25 ms, and not at all when nobody waits any more', async () => {
    const [first, second] = [await put(), await put()];
    const one = answers.of(first, 4_500);
    await look();
    await sleepsAgain(2);
    const two = answers.of(second, 4_500);
    await answer(first);
    await look();
    await one;
    await sleepsAgain(3);
    await answer(second);
    await look();
    await two;
    await setImmediate();
    expect(slept).toEqual([10, 25, 25]);
    expect(looks).toEqual([1, 2, 1]);
  });
});

describe('who waits', () => {
  it('as long as told hears of no answer, while others go on', async () => {
    const [short, long] = [await put(), await put()];
    const waiting = { short: answers.of(short, 30), long: answers.of(long, 4_500) };
    await look();
    await sleepsAgain(2);
    await look();
    expect(await waiting.short).toBeUndefined();
    await sleepsAgain(3);
    await answer(long);
    await look();
    expect(await waiting.long).toMatchObject({ status: 'refused' });
  });

  it('is given the answer that came just in time', async () => {
    const id = await put();
    const waiting = answers.of(id, 10);
    await answer(id);
    await look();
    expect(await waiting).toMatchObject({ status: 'refused' });
  });

  it('hears of a table that fails, and the next who waits is looked for again', async () => {
    const [first, second] = [await put(), await put()];
    fails = true;
    const failed = answers.of(first, 4_500);
    const heard = expect(failed).rejects.toThrow('the table is away');
    await look();
    await heard;
    fails = false;
    await answer(second);
    const next = answers.of(second, 4_500);
    await sleepsAgain(2);
    await look();
    expect(await next).toMatchObject({ status: 'refused' });
  });
});

describe('who waits in the connector’s process', () => {
  it('is given an answer as it is told of, by a look at the table for those who wait', async () => {
    const [mine, others] = [await put(), await put()];
    const waiting = told.of(mine, 4_500);
    await Promise.all([mine, others].map(answer));
    hints.answered([others, mine]);
    expect(await waiting).toMatchObject({ reason: `no, ${mine}` });
    expect(looks).toEqual([1]);
  });

  it('goes on waiting when what it was told is not in the table', async () => {
    const id = await put();
    const waiting = told.of(id, 4_500);
    hints.answered([id]);
    await answered(1);
    await answer(id);
    hints.answered([id]);
    expect(await waiting).toMatchObject({ status: 'refused' });
  });

  it('finds an answer that it was not told of, with rarer looks', async () => {
    const id = await put();
    const waiting = told.of(id, 4_500);
    await answer(id);
    await look();
    expect(await waiting).toMatchObject({ status: 'refused' });
    expect(slept).toEqual([250]);
  });
});
