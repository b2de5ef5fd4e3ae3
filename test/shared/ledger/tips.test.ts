import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addCreator,
  bookTips,
  editCreator,
  eraseText,
  type NewInvoice,
  putCurrentInvoice,
  readAllTips,
  readFeed,
  readNewest,
  readTip,
  readTotals,
} from '../../../shared/ledger/index.ts';
import { gather, hex, LATER, lead, minted, NOW, openBook, paid, scan } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
let alice: NewInvoice;

/** Seven tips of Alice's: those of 1 sat and more are in her feed. */
const AMOUNTS = [1_000n, 10n, 20n, 2_000n, 3_000n, 30n, 4_000n];

beforeAll(async () => {
  book = await openBook();
  const lease = await lead(book.ledger);
  await addCreator(book.ledger, { handle: 'alice', name: 'Alice' }, NOW);
  await addCreator(book.ledger, { handle: 'bob', name: 'Bob' }, NOW);
  await editCreator(book.ledger, 'alice', { minimumMsat: 1_000n });
  alice = minted('alice', 'open');
  const bob = minted('bob', 'open');
  for (const invoice of [alice, bob]) {
    const terms = { invoice, previous: undefined, mintRequest: undefined, renewAt: LATER, now: NOW };
    await putCurrentInvoice(book.ledger, lease, terms);
  }
  const words = { message: 'Great post', sender: 'Carol' };
  const tips = AMOUNTS.map((amountMsat, at) => paid(alice, `a${at + 1}`, { amountMsat, ...words }));
  await bookTips(book.ledger, lease, { tips: [...tips, paid(bob, 'b1', words)], quarantined: [] });
});
afterAll(() => book.close());

const sequences = (tips: { sequence: bigint }[]) => tips.map(({ sequence }) => Number(sequence));

describe('all tips of a creator, newest first', () => {
  it.each([1, 2, 3, 6, 7, 8, 100])(
    'come each once in pages of %i, those below the minimum too',
    async (limit) => {
      const seen: number[] = [];
      let before: bigint | undefined;
      for (let pages = 0; pages < 20; pages++) {
        const page = await readNewest(book.ledger, 'alice', { before, limit });
        expect(page.tips.length).toBeLessThanOrEqual(limit);
        seen.push(...sequences(page.tips));
        before = page.next;
        if (before === undefined) break;
      }
      expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
    },
  );

  it('are more than those of the feed', async () => {
    const feed = await readFeed(book.ledger, 'alice', { limit: 10 });
    expect(sequences(feed.tips)).toEqual([7, 5, 4, 1]);
  });

  it('are none before the first, and none of who has none', async () => {
    expect(await readNewest(book.ledger, 'alice', { before: 1n, limit: 5 })).toEqual({ tips: [] });
    expect(await readNewest(book.ledger, 'alice', { before: 0n, limit: 5 })).toEqual({ tips: [] });
    expect(await readNewest(book.ledger, 'nobody', { limit: 5 })).toEqual({ tips: [] });
  });
});

describe('erasing what a payer wrote', () => {
  it('takes message and name from the row and the lists, and touches nothing else of the table', async () => {
    const setId = hex('set a4');
    const before = (await readTip(book.ledger, setId))!;
    const { message, sender, ...rest } = before;
    expect([message, sender]).toEqual(['Great post', 'Carol']);
    const items = await scan(book.ledger);
    const totals = await readTotals(book.ledger, 'alice');

    expect(await eraseText(book.ledger, 'alice', setId)).toStrictEqual(rest);
    expect(await readTip(book.ledger, setId)).toStrictEqual(rest);
    const listed = (await gather(readAllTips(book.ledger, 'alice'))).find((tip) => tip.setId === setId);
    expect(listed).toStrictEqual(rest);
    expect(await readTotals(book.ledger, 'alice')).toEqual(totals);
    const others = (all: typeof items) => all.filter(({ pk }) => pk!.S !== `tip#${setId}`);
    expect(others(await scan(book.ledger))).toEqual(others(items));

    expect(await eraseText(book.ledger, 'alice', setId)).toStrictEqual(rest);
  });

  it('is another creator’s to ask for in vain', async () => {
    const setId = hex('set b1');
    expect(await eraseText(book.ledger, 'alice', setId)).toBeUndefined();
    expect(await readTip(book.ledger, setId)).toMatchObject({ message: 'Great post' });
    expect(await eraseText(book.ledger, 'alice', hex('none'))).toBeUndefined();
  });

  it('holds when the payment is booked again, as after a crash', async () => {
    const setId = hex('set a1');
    await eraseText(book.ledger, 'alice', setId);
    const again = paid(alice, 'a1', { amountMsat: 1_000n, message: 'Great post', sender: 'Carol' });
    await bookTips(book.ledger, await lead(book.ledger, 'second'), { tips: [again], quarantined: [] });
    expect(await readTip(book.ledger, setId)).not.toHaveProperty('message');
  });
});
