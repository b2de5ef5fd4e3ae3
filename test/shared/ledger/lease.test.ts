import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  addCreator,
  bookTips,
  keepLease,
  LeaseLostError,
  moveHints,
  putRetiredInvoice,
  readNode,
  readTip,
  readTotals,
  releaseLease,
  takeLease,
} from '../../../shared/ledger/index.ts';
import { lead, minted, NODE, NOW, openBook, paid } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
beforeEach(async () => {
  book = await openBook();
});
afterEach(() => book.close());

const take = async (holder: string, seen: Awaited<ReturnType<typeof readNode>>) =>
  takeLease(book.ledger, { node: NODE, network: 'regtest', holder, seen });

describe('the lease on a node', () => {
  it('has an epoch that grows each time it is taken, given back or not', async () => {
    const first = await lead(book.ledger, 'first');
    await releaseLease(book.ledger, first);
    expect(await readNode(book.ledger, NODE)).toMatchObject({ epoch: 1n, holder: '' });
    const second = await lead(book.ledger, 'second');
    const third = await lead(book.ledger, 'third');
    expect([first.epoch, second.epoch, third.epoch]).toEqual([1n, 2n, 3n]);
    expect(await readNode(book.ledger, NODE)).toMatchObject({ holder: 'third', network: 'regtest' });
  });

  it('goes to one of two who saw the same', async () => {
    expect(await take('first', undefined)).toBeDefined();
    expect(await take('rival', undefined)).toBeUndefined();
    const seen = await readNode(book.ledger, NODE);
    expect(await take('second', seen)).toMatchObject({ epoch: 2n });
    expect(await take('rival', seen)).toBeUndefined();
    expect(await readNode(book.ledger, NODE)).toMatchObject({ holder: 'second', epoch: 2n });
  });

  it.each(['keepLease', 'moveHints', 'bookTips'] as const)(
    'is not taken from a holder who gave a sign of life by %s',
    async (sign) => {
      const lease = await lead(book.ledger);
      const seen = await readNode(book.ledger, NODE);
      if (sign === 'keepLease') await keepLease(book.ledger, lease);
      if (sign === 'moveHints') await moveHints(book.ledger, lease, { settleIndex: 1n });
      if (sign === 'bookTips') await bookTips(book.ledger, lease, { tips: [], quarantined: [] });
      expect(await take('rival', seen)).toBeUndefined();
    },
  );

  it('that was lost lets nothing be written any more', async () => {
    const old = await lead(book.ledger, 'old');
    await addCreator(book.ledger, { handle: 'alice', name: 'Alice' }, NOW);
    const invoice = minted('alice', 'open');
    await putRetiredInvoice(book.ledger, old, invoice, NOW);
    await moveHints(book.ledger, old, { settleIndex: 5n, addIndex: 6n });
    await lead(book.ledger, 'new');
    const before = await readNode(book.ledger, NODE);

    const batch = { tips: [paid(invoice, 'late')], quarantined: [{ reason: 'late', event: '{}' }] };
    await expect(bookTips(book.ledger, old, batch, { settleIndex: 9n })).rejects.toThrow(LeaseLostError);
    await expect(keepLease(book.ledger, old)).rejects.toThrow(LeaseLostError);
    await expect(moveHints(book.ledger, old, { settleIndex: 9n })).rejects.toThrow(
      expect.objectContaining({ lease: old }),
    );
    await releaseLease(book.ledger, old);

    expect(await readNode(book.ledger, NODE)).toStrictEqual(before);
    expect(before).toMatchObject({ holder: 'new', settleIndex: 5n, addIndex: 6n });
    expect(await readTip(book.ledger, batch.tips[0]!.setId)).toBeUndefined();
    expect((await readTotals(book.ledger, 'alice')).count).toBe(0n);
  });

  it('moves one hint without the other', async () => {
    const lease = await lead(book.ledger);
    await moveHints(book.ledger, lease, { settleIndex: 2n ** 53n + 1n });
    await moveHints(book.ledger, lease, { addIndex: 3n });
    expect(await readNode(book.ledger, NODE)).toMatchObject({ settleIndex: 2n ** 53n + 1n, addIndex: 3n });
  });

  it('on a node that the table does not know is nobody’s', async () => {
    const lease = { node: NODE, epoch: 1n, holder: 'nobody', home: true };
    await expect(keepLease(book.ledger, lease)).rejects.toThrow(LeaseLostError);
    expect(await readNode(book.ledger, NODE)).toBeUndefined();
  });
});
