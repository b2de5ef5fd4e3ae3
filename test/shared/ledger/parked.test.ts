import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markHanded, park, readParked } from '../../../shared/ledger/index.ts';
import { gather, NOW, openBook } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
beforeEach(async () => {
  book = await openBook();
});
afterEach(() => book.close());
const parked = () => gather(readParked(book.ledger));

describe('what is parked', () => {
  it('is kept whole, with the reason and the tip that it is of', async () => {
    const record = { eventID: '7', dynamodb: { NewImage: { message: { S: '🍯\u202e' } } } };
    await park(book.ledger, { id: 'a', reason: 'unreadable', record, handle: 'alice', sequence: 3n }, NOW);
    expect(await parked()).toEqual([
      {
        id: 'a',
        reason: 'unreadable',
        record: JSON.stringify(record),
        handle: 'alice',
        sequence: 3n,
        parkedAt: NOW,
        handedSince: false,
      },
    ]);
  });

  it('is parked once, and stays as it was first seen', async () => {
    expect(await park(book.ledger, { id: 'a', reason: 'first', record: 1 }, NOW)).toBe(true);
    expect(await park(book.ledger, { id: 'a', reason: 'again', record: 2 }, NOW)).toBe(false);
    expect(await parked()).toMatchObject([{ reason: 'first', record: '1' }]);
  });

  it('shows that its tip was handed on since', async () => {
    await park(book.ledger, { id: 'a', reason: 'x', record: {}, handle: 'alice', sequence: 3n }, NOW);
    await markHanded(book.ledger, 'alice', [3n]);
    expect(await parked()).toMatchObject([{ handedSince: true }]);
  });

  it.each([
    ['without a name', ''],
    ['with a name longer than a key', 'x'.repeat(5_000)],
  ])('can be something %s', async (_, id) => {
    expect(await park(book.ledger, { id, reason: 'y'.repeat(100_000), record: undefined }, NOW)).toBe(true);
    expect(await park(book.ledger, { id, reason: 'z', record: undefined }, NOW)).toBe(false);
    expect(await parked()).toMatchObject([{ record: 'null', reason: 'y'.repeat(500) }]);
  });

  it('is cut only where no item could hold it, and says so', async () => {
    const large = 'a'.repeat(2_000_000);
    await park(book.ledger, { id: 'packs', reason: 'x', record: large }, NOW);
    const noise = randomBytes(600_000).toString('base64');
    await park(book.ledger, { id: 'noise', reason: 'x', record: noise }, NOW);
    const [cut, packed] = await parked();
    expect(packed).toMatchObject({ id: 'packs', record: JSON.stringify(large) });
    expect(packed).not.toHaveProperty('cutFrom');
    expect(cut).toMatchObject({ id: 'noise', cutFrom: 800_002 });
    expect(JSON.stringify(noise).startsWith(cut!.record)).toBe(true);
  });
});
